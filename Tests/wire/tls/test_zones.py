"""An authority at a link-local address, whose URL names the network interface: https://[fe80::1%25lo]. The test has a
network of its own, in which loopback is that interface.
"""

import concurrent.futures
import ctypes
import subprocess

from checks import expect, skipped
from probe import Probe
from servers import Server, serve

CLONE_NEWNET = 0x40000000
ADDRESS = "fe80::1"


def test_link_local(world):
    # A namespace belongs to a thread, and to the threads and processes that it starts.
    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        thread.submit(in_own_network, world).result()


def in_own_network(world):
    if ctypes.CDLL(None).unshare(CLONE_NEWNET) != 0:
        skipped("a link-local authority", "this machine allows no network of a test's own")
        return
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    command = ["ip", "address", "add", f"{ADDRESS}/64", "dev", "lo", "nodad"]
    added = subprocess.run(command, capture_output=True, text=True)
    if added.returncode != 0:
        skipped("a link-local authority", f"this machine has no IPv6: {added.stderr.strip()}")
        return
    context = world.authority.issue("link-local", [ADDRESS]).context()
    with Server(serve, context, host=f"{ADDRESS}%lo") as server:
        with Probe(base_url=server.url, ca_file=world.ca_file) as probe:
            results = [probe.validate(), probe.call("usage"), probe.validate()]
        expect("a link-local authority", results, "MID_OK", 1)
        with Probe(base_url=f"https://[{ADDRESS}]:{server.port}", ca_file=world.ca_file) as probe:
            expect("a link-local authority, without its interface", probe.validate(), "MID_CONNECT_FAILED")

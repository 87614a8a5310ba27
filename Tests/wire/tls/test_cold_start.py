"""Many threads that start at once: with one client they share the reading of the authorities' file."""

import os
import pathlib
import subprocess

import libcurl
from checks import equal, holds, ok
from opens import Opens
from probe import Probe

THREADS = 64


def test_cold_start(world):
    # The file is as large as the system's, because parsing it is the cost.
    bundle = subprocess.run(["curl-config", "--ca"], capture_output=True, text=True, check=True).stdout.strip()
    ca_file = world.folder / "bundle.pem"
    ca_file.write_bytes(pathlib.Path(bundle).read_bytes() + world.authority.path.read_bytes())
    took = {}
    for name, private in {"one client": False, "a client each": True}.items():
        before = len(world.nginx.requests("valid"))
        with Opens(ca_file) as opens, Probe(base_url=world.nginx.url("valid"), ca_file=str(ca_file)) as probe:
            took[name] = race = probe.race(THREADS, private)
        what = f"cold start, {THREADS} threads, {name}"
        equal(f"{what}: all allowed", THREADS, race.get("allowed"))
        requests = world.nginx.requests("valid", before, THREADS)
        connections = len({r.connection for r in requests})
        ok(f"{what}: {race['wall_ms']:.0f} ms, of CPU {race['cpu_ms']:.0f} ms; {connections} connections")
        if private:
            holds(f"{what}: the file is read often", opens.count > 1, opens.count)
        else:
            # The first driver reads it, and so does each of at most three further shards, each on a processor of its
            # own.
            most = min(len(os.sched_getaffinity(0)), 4)
            if libcurl.version() >= (8, 17):
                # libcurl then looks into its own folder of authorities in any case, and with a folder it caches
                # nothing.
                most = connections
            holds(f"{what}: the file is read at most {most} times", 1 <= opens.count <= most, opens.count)
    shared, each = took["one client"], took["a client each"]
    # Where libcurl caches nothing, there is nothing to share.
    if libcurl.version() < (8, 17):
        holds("cold start: one client costs less than half of the CPU", shared["cpu_ms"] < each["cpu_ms"] / 2, took)

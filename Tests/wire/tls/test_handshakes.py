"""Handshakes that fail."""

import select
import socket
import ssl
import sys

from checks import equal, expect, holds
from daemons import await_condition
from probe import Probe, attempt
from servers import ALLOW, DENY, Server, http, serve

HELLO_REQUEST = b"\x16\x03\x03\x00\x04\x00\x00\x00\x00"
HANDSHAKE_FAILURE = b"\x15\x03\x03\x00\x02\x02\x28"


def sends(data, endless=False):
    """A server that does not speak TLS."""

    def play(conversation):
        conversation.read_some()
        conversation.send(data)
        while endless:
            conversation.send(data)

    return play


def closes(conversation):
    pass


def closes_after_hello(conversation):
    conversation.read_some()


def resets_after_hello(conversation):
    conversation.read_some()
    conversation.reset()


CLOSED = "the peer closed the connection during the handshake"
# OpenSSL has a text of its own for an end within the handshake, which libcurl 8 reports.
CLOSED_ANYHOW = f"{CLOSED}|unexpected eof while reading"
# What a server does, and what the message says of it.
NO_TLS = {
    "closes at once": (closes, CLOSED_ANYHOW),
    "closes after the client's hello": (closes_after_hello, CLOSED_ANYHOW),
    "resets after the client's hello": (resets_after_hello, CLOSED),
    "speaks HTTP": (sends(http(ALLOW)), "wrong version number"),
    "speaks SMTP": (sends(b"220 mail.example ESMTP\r\n"), "wrong version number|packet length too long"),
    "sends zeros": (sends(bytes(5000)), ""),
    "sends text without end": (sends(b"allowed" * 2000, endless=True), ""),
    "sends an alert": (sends(HANDSHAKE_FAILURE), "handshake failure"),
    "sends half a record": (sends(b"\x16\x03\x03\x01\x00\x02"), CLOSED_ANYHOW),
}


def test_no_tls(world):
    for name, (script, message) in NO_TLS.items():
        with Server(script) as server, Probe(base_url=server.tls_url, ca_file=world.ca_file) as probe:
            what = f"handshake: the server {name}"
            expect(what, [probe.validate(), probe.validate()], "MID_TLS_FAILED", message=message)
            server.script, server.context = serve, world.certificate.context()
            expect(f"{what}; afterwards calls succeed", probe.validate(), "MID_OK", 1)


def test_silence(world):
    def stay_silent(conversation):
        conversation.wait_until_left()

    def drip(conversation):
        """Sends the head of a record, and then a byte of it now and then."""
        conversation.read_some()
        conversation.send(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc")
        while not select.select([conversation.sock], [], [], 0.02)[0]:
            conversation.send(b"\x03")

    for name, script in {"is silent": stay_silent, "drips": drip}.items():
        what = f"handshake: the server {name}"
        with Server(script) as server:
            trusted = {"base_url": server.tls_url, "ca_file": world.ca_file}
            result = attempt(trusted, connect_timeout_ms=200)
            expect(f"{what}: connect_timeout_ms", result, "MID_CONNECT_FAILED", message="tim", within_ms=200)
            result = attempt(trusted, timeout_ms=200, max_retries=2)
            expect(f"{what}: timeout_ms", result, "MID_TIMEOUT", message="not connected yet")
            result = attempt(trusted, timeout_ms=1300, connect_timeout_ms=650, max_retries=2)
            expect(f"{what}: timeout_ms, in the second attempt", result, "MID_TIMEOUT", message="not connected yet")
            await_condition(lambda: server.connections >= 4, f"{what}: there is a second attempt")
            equal(f"{what}: there were two attempts", 4, server.connections)


def test_endless(world):
    """OpenSSL skips hello requests during a handshake, and does not return while more of them arrive."""
    with Server(sends(HELLO_REQUEST * 1000, endless=True)) as server:
        with Probe(base_url=server.tls_url, ca_file=world.ca_file, timeout_ms=1000) as probe:
            what = "handshake: the server sends hello requests without end"
            results = [probe.validate(), probe.validate()]
            expect(f"{what}: timeout_ms", results, ("MID_TIMEOUT", "MID_TLS_FAILED"))
            server.hang_up()
            server.script, server.context = serve, world.certificate.context()
            expect(f"{what}; afterwards calls succeed", probe.validate(), "MID_OK", 1)


class Middle:
    """Stands between a client and a server: it forwards `limit` bytes of the server, and then closes, or changes the
    next byte.
    """

    def __init__(self, port, limit, spoils):
        self.port, self.left, self.spoils = port, limit, spoils
        self.passed = 0

    def __call__(self, conversation):
        client = conversation.sock
        with socket.create_connection(("127.0.0.1", self.port)) as server:
            while True:
                for ready in select.select([client, server], [], [])[0]:
                    data = ready.recv(65536)
                    if not data:
                        return
                    if ready is client:
                        server.sendall(data)
                        continue
                    if self.left < len(data):
                        if not self.spoils:
                            client.sendall(data[: self.left])
                            return
                        data = data[: self.left] + bytes([data[self.left] ^ 0x55]) + data[self.left + 1 :]
                        self.left = sys.maxsize
                    client.sendall(data)
                    self.left -= len(data)
                    self.passed += len(data)


def test_spoiled(world):
    """Whatever is cut off or changed on the way, the result is the true answer (the device is denied), or none."""
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        with Server(serve, world.certificate.context(version)) as server:
            middle, result = through(world, server, sys.maxsize, False)
            expect(f"handshake, {version.name}: through a forwarder", result, "MID_OK", 0)
            total = middle.passed
            for name, spoils, step in (("cut off", False, 61), ("with a byte changed", True, 29)):
                # The length of a signature, and so of the whole, varies by a few bytes each time.
                places = range(0, total - 10, step)
                results = {limit: through(world, server, limit, spoils)[1] for limit in places}
                failed = [r for r in results.values() if r.status in ("MID_TLS_FAILED", "MID_TRANSFER_FAILED")]
                faults = [
                    f"after {limit} bytes: {result}"
                    for limit, result in results.items()
                    if result.allowed != 0 or (result not in failed and not (spoils and is_true(result)))
                ]
                counts = f"{len(results)} of {total} places: {len(failed)} failures"
                what = f"handshake, {version.name}: {name} at {counts}"
                # OpenSSL checks all bytes except one or two in the heads of records.
                holds(what, not faults and len(failed) >= len(results) - 2, "\n".join(faults))


def is_true(result):
    return result.status == "MID_OK" and result.text == DENY.decode()


def through(world, server, limit, spoils):
    middle = Middle(server.port, limit, spoils)
    with Server(middle) as front:
        return middle, attempt(base_url=front.tls_url, ca_file=world.ca_file, device="denied")


def test_client_certificates(world):
    """The library has no client certificate. nginx reports that in HTTP; others end TLS, which with 1.3 happens after
    the handshake.
    """
    for version in ("1.2", "1.3"):
        url = world.nginx.url(f"client certificate demanded, TLS {version}")
        result = attempt(base_url=url, ca_file=world.ca_file)
        what = f"client certificate demanded, TLS {version}"
        expect(f"{what}, by nginx", result, "MID_BAD_REPLY", message="HTTP 400")
        context = world.certificate.context(getattr(ssl.TLSVersion, "TLSv" + version.replace(".", "_")))
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(world.ca_file)
        with Server(serve, context) as server:
            result = attempt(base_url=server.url, ca_file=world.ca_file)
            status = {"1.2": "MID_TLS_FAILED", "1.3": "MID_TRANSFER_FAILED"}[version]
            expect(f"{what}, by TLS", result, status, message="handshake failure|certificate required")

"""TLS messages that come in records of one byte: OpenSSL does not return to libcurl before a message is complete. Calls
must end in time all the same."""

import contextlib

import pytest
from checks import expect, holds
from probe import Probe
from servers import PATIENCE_S, Server, serve
from trickling import TICKETS, CertificateFlood, TicketFlood

# How much later than it should a call ends at most. A run of libcurl has 20 ms to end by itself, and OpenSSL and this
# program's encryption share the processor. Unless the library watches OpenSSL, it is a second or two for tickets.
LATE_MS = 200
# How many calls may fail afterwards. OpenSSL cannot put a ticket of 65 KB into its hello, and libcurl forgets a ticket
# when a handshake with it has failed.
FAILURES = TICKETS
# The longest time that a fork waits for the library.
FORK_MS = 250


@pytest.fixture
def flooded(world):
    """A server that floods its client, and a client that has made a call on the connection that will be flooded."""

    @contextlib.contextmanager
    def flooded(**options):
        flood = TicketFlood(world.certificate, world.folder)
        with Server(flood) as server, Probe(base_url=server.tls_url, ca_file=world.ca_file, **options) as probe:
            expect("trickle: the call before the flood", probe.validate(), "MID_OK", 1)
            assert flood.is_ready.wait(PATIENCE_S), "the flood is not ready"
            yield server, probe

    return flooded


def afterwards(world, what, server, probe, failures):
    """Calls succeed, after so many failures at most."""
    server.hang_up()
    server.script, server.context = serve, world.certificate.context()
    results = [probe.validate()]
    while results[-1].status != "MID_OK" and len(results) <= failures:
        results.append(probe.validate())
    expect(f"{what}; afterwards calls succeed", results[-1], "MID_OK", 1)


def test_tickets(world, flooded):
    with flooded(timeout_ms=500) as (server, probe):
        what = "trickle: tickets of TLS 1.3"
        expect(f"{what}: timeout_ms", probe.validate(), "MID_TIMEOUT", within_ms=500 + LATE_MS)
        afterwards(world, what, server, probe, FAILURES)


def test_cancel(flooded):
    with flooded(timeout_ms=5000) as (_, probe):
        result = probe.validate(cancel_after_ms=100)
        expect("trickle: tickets of TLS 1.3: a cancel", result, "MID_CANCELLED", within_ms=100 + LATE_MS)


def test_fork(world, flooded):
    with flooded(timeout_ms=500) as (server, probe):
        what = "trickle: tickets of TLS 1.3: a fork"
        result = probe.validate(fork_after_ms=100)
        expect(f"{what}: timeout_ms", result, "MID_TIMEOUT", within_ms=500 + LATE_MS)
        holds(f"{what} is not held up", result.fork_ms < FORK_MS + LATE_MS, f"it took {result.fork_ms} ms")
        afterwards(world, what, server, probe, FAILURES)


def test_certificates(world):
    with Server(CertificateFlood(world.certificate, world.folder)) as server:
        with Probe(base_url=server.tls_url, ca_file=world.ca_file, timeout_ms=100) as probe:
            what = "trickle: a chain of TLS 1.2"
            results = [probe.validate() for _ in range(3)]
            expect(f"{what}: timeout_ms", results, "MID_TIMEOUT", within_ms=100 + LATE_MS // 2)
            # On a busy machine a handshake may take longer than 100 ms.
            afterwards(world, what, server, probe, 3)

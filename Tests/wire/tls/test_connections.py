"""Connections that are kept, resumed, or closed by the server: few handshakes, and each call gets its own answer."""

import time

from checks import equal, expect, holds
from probe import Probe

CALLS = 200


def test_reuse(world):
    """nginx counts the requests on each connection."""
    for site in ("valid", "TLS 1.2", "TLS 1.3"):
        before = len(world.nginx.requests(site))
        with Probe(base_url=world.nginx.url(site), ca_file=world.ca_file) as probe:
            results = [probe.validate() for _ in range(CALLS)]
        expect(f"{CALLS} calls, {site}", results, "MID_OK", 1)
        requests = world.nginx.requests(site, before, CALLS)
        equal(f"{CALLS} calls, {site}: one connection, one handshake", 1, len({r.connection for r in requests}))
        numbers = [str(n + 1) for n in range(CALLS)]
        equal(f"{CALLS} calls, {site}: each asked once", numbers, [r.number for r in requests])


def test_resumption(world):
    """A server that keeps no connection: from the second connection on, TLS resumes the previous session."""
    for version in ("1.2", "1.3"):
        site = f"one request, TLS {version}"
        for pin in (None, world.certificate.pin):
            before = len(world.nginx.requests(site))
            pinned = {"pinned_public_key": pin} if pin else {}
            with Probe(base_url=world.nginx.url(site), ca_file=world.ca_file, **pinned) as probe:
                results = [probe.validate("agent" if n % 3 else "unknown") for n in range(30)]
            what = f"{site}{', pinned' if pin else ''}"
            expect(f"{what}: allowed", [r for n, r in enumerate(results) if n % 3], "MID_OK", 1)
            expect(f"{what}: denied", results[::3], "MID_OK", 0)
            requests = world.nginx.requests(site, before, 30)
            equal(f"{what}: a connection each", 30, len({r.connection for r in requests}))
            resumed = [r.is_resumed for r in requests]
            holds(f"{what}: resumed, except the first", not resumed[0] and all(resumed[1:]), resumed)


def test_ten_requests(world):
    site = "ten requests"
    before = len(world.nginx.requests(site))
    with Probe(base_url=world.nginx.url(site), ca_file=world.ca_file) as probe:
        results = [probe.validate() for _ in range(CALLS)]
    expect(f"{CALLS} calls, ten a connection", results, "MID_OK", 1)
    requests = world.nginx.requests(site, before, CALLS)
    connections = len({r.connection for r in requests})
    equal(f"{CALLS} calls, ten a connection: {CALLS // 10} connections", CALLS // 10, connections)


def test_impatient(world):
    """A server that closes a connection after 20 ms without a request: calls come shortly before and after that moment.
    """
    what = "60 calls while the server closes idle connections"
    with Probe(base_url=world.nginx.url("impatient"), ca_file=world.ca_file, max_retries=2) as probe:
        results = []
        for n in range(60):
            results.append(probe.validate())
            time.sleep((10 + n % 30 * 0.7) / 1000)
        expect(what, results, "MID_OK", 1)
    requests = world.nginx.requests("impatient", 0, 60)
    connections = len({r.connection for r in requests})
    holds(f"{what}: some were kept, some not", 1 < connections < 60, connections)

"""Tests that the relay of the benchmarks behaves like the network that it claims to be."""

import itertools
import resource
import socket
import socketserver
import threading
import time

import checks
import pytest
from daemons import Daemon, free_port
from project import ROOT
from targets import WARNINGS

ROUND_TRIP_MS = 20
# The first of a connection stands for the start of TLS. It is long enough to count as a request.
REQUEST = b"request".ljust(64)


class Echo(socketserver.ThreadingTCPServer):
    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while some := self.request.recv(65536):
                self.server.heard += len(some)
                self.request.sendall(some)

    request_queue_size = 4096
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Echo.Handler)
        self.heard = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Relay:
    def __init__(self, program, output, server, *silence):
        self._output = output
        self.port = free_port()
        words = [program, self.port, server.server_address[1], ROUND_TRIP_MS * 500, *silence]
        self._daemon = Daemon([str(word) for word in words], [self.port], self._output)

    def connect(self):
        client = socket.create_connection(("127.0.0.1", self.port))
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.settimeout(20)
        return client

    def stop(self):
        self._daemon.stop()
        return self._output.read_text().strip()


@pytest.fixture
def server():
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limits[1], limits[1]))
    server = Echo()
    yield server
    server.shutdown()
    server.server_close()
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)


@pytest.fixture
def relay(server, programs, tmp_path):
    """Starts a relay in front of the server. Its arguments say how many requests it loses."""
    command = ["gcc", "-std=c11", "-D_GNU_SOURCE", "-O2", *WARNINGS, ROOT / "benchmarks/relay.c"]
    program = programs.compiled("relay", command)
    count = itertools.count()
    return lambda *silence: Relay(program, tmp_path / f"out-{next(count)}", server, *silence)


def exchange(client):
    """Milliseconds from a request to the whole of its echo."""
    start = time.monotonic()
    client.sendall(REQUEST)
    read(client, len(REQUEST))
    return (time.monotonic() - start) * 1000


def read(client, count):
    got = bytearray()
    while len(got) < count and (some := client.recv(1 << 20)):
        got += some
    return got


def is_answered(client, within):
    client.settimeout(within)
    try:
        client.sendall(REQUEST)
        return len(read(client, len(REQUEST))) == len(REQUEST)
    except TimeoutError:
        return False


@pytest.mark.alone
def test_times(relay):
    relay = relay()
    start = time.monotonic()
    with relay.connect() as client:
        exchange(client)
        first = (time.monotonic() - start) * 1000
        took = [exchange(client) for _ in range(50)]
    limit = 2 * ROUND_TRIP_MS + checks.SLACK_MS
    checks.holds("a connection and an exchange take two round trips", 2 * ROUND_TRIP_MS <= first < limit, first)
    checks.holds("no exchange takes less than a round trip", min(took) >= ROUND_TRIP_MS, min(took))
    # The machine may be busy at some moments, but not at all of them.
    checks.holds("the fastest exchange takes hardly more", min(took) < ROUND_TRIP_MS + 1, min(took))
    checks.equal("it counts connections and requests, except the first request of a connection", "1 50 0", relay.stop())


def test_forwarding(relay):
    relay = relay()
    sent = bytes(range(251)) * 40000
    with relay.connect() as client:

        def send():
            client.sendall(sent)
            client.shutdown(socket.SHUT_WR)

        sender = threading.Thread(target=send)
        sender.start()
        got = read(client, len(sent) + 1)
        sender.join()
    checks.holds("ten million bytes come back in order, and the end after them", got == sent, f"{len(got)} bytes")
    clients = [relay.connect() for _ in range(1000)]
    for client in clients:
        client.sendall(REQUEST)
    answered = sum(read(client, len(REQUEST)) == REQUEST for client in clients)
    checks.equal("a thousand connections at once are served", 1000, answered)
    for client in clients:
        client.close()
    relay.stop()


def test_silence(server, relay):
    start = relay

    def lost():
        relay = start(200, 1)
        answers = []
        for _ in range(20):
            with relay.connect() as client:
                exchange(client)
                answers.append(is_answered(client, 1))
        checks.equal("it counts the requests that it loses", f"20 20 {answers.count(False)}", relay.stop())
        return answers

    answers = lost()
    checks.holds("about the requested share of requests is lost", 1 <= answers.count(False) <= 8, answers)
    checks.equal("the same seed loses the same requests", answers, lost())
    relay = start(1000, 1)
    with relay.connect() as client:
        exchange(client)
        heard = server.heard
        answers = is_answered(client, 0.2), is_answered(client, 0.2)
        checks.equal("neither a lost request nor one after it is answered", (False, False), answers)
        checks.equal("the server does not receive it", heard, server.heard)
    with relay.connect() as client:
        checks.holds("a new connection works", exchange(client) >= ROUND_TRIP_MS)
    relay.stop()

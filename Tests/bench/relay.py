"""relay.py - checks that the relay of the benchmarks behaves like the network that it claims to be. Tests/bench/run
starts this.

relay.py PROGRAM
"""

import pathlib
import resource
import socket
import socketserver
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "tls"))

import checks  # noqa: E402
from daemons import Daemon, free_port  # noqa: E402

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
    def __init__(self, server, *silence):
        self._folder = tempfile.TemporaryDirectory()
        self._output = pathlib.Path(self._folder.name, "out")
        self.port = free_port()
        words = [sys.argv[1], self.port, server.server_address[1], ROUND_TRIP_MS * 500, *silence]
        self._daemon = Daemon([str(word) for word in words], [self.port], self._output)

    def connect(self):
        client = socket.create_connection(("127.0.0.1", self.port))
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.settimeout(20)
        return client

    def stop(self):
        self._daemon.stop()
        with self._folder:
            return self._output.read_text().strip()


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


def check_times(server):
    relay = Relay(server)
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


def check_forwarding(server):
    relay = Relay(server)
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


def check_silence(server):
    def lost():
        relay = Relay(server, 200, 1)
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
    relay = Relay(server, 1000, 1)
    with relay.connect() as client:
        exchange(client)
        heard = server.heard
        answers = is_answered(client, 0.2), is_answered(client, 0.2)
        checks.equal("neither a lost request nor one after it is answered", (False, False), answers)
        checks.equal("the server does not receive it", heard, server.heard)
    with relay.connect() as client:
        checks.holds("a new connection works", exchange(client) >= ROUND_TRIP_MS)
    relay.stop()


def main():
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    server = Echo()
    for test in check_times, check_forwarding, check_silence:
        test(server)
    server.shutdown()
    return checks.finish()


sys.exit(main())

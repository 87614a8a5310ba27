"""What a port and a new connection can do to a client before there is a request."""

import contextlib
import socket

from registry import BAD_REPLY, CONNECT_FAILED, TIMEOUT, TRANSFER_FAILED, UNAVAILABLE, bad
from replies import STRAY


@bad("connecting/refused", CONNECT_FAILED, stage="port")
def refused(authority, visit):
    """The port is bound but nothing listens: the SYN is answered with RST."""
    visit.listener = socket.socket()
    visit.listener.bind(("127.0.0.1", 0))
    visit.base_url = "http://127.0.0.1:%d" % visit.listener.getsockname()[1]

    def listen():
        visit.listener.listen(16)
        authority.serve(visit.listener, visit)

    visit.on_disarm = listen


@bad("connecting/backlog-full", TIMEOUT, CONNECT_FAILED, stage="port", waits=True)
def backlog_full(authority, visit):
    """No connection is accepted, and the queue is full: the SYN gets no reply."""
    visit.listener = socket.create_server(("127.0.0.1", 0), backlog=0)
    visit.base_url = "http://127.0.0.1:%d" % visit.listener.getsockname()[1]
    crowd = []
    for _ in range(3):
        one = socket.socket()
        one.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            one.connect(visit.listener.getsockname())
        crowd.append(one)

    def serve():
        for one in crowd:
            one.close()
        # The queue is emptied before a client comes: a SYN that is dropped now is not sent again for a second.
        visit.listener.listen(16)
        visit.listener.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                visit.listener.accept()[0].close()
        visit.listener.setblocking(True)
        authority.serve(visit.listener, visit)

    visit.on_disarm = serve


@bad("connecting/silent", TIMEOUT, stage="connection", waits=True)
def silent(exchange):
    """Accepts and reads, and never sends anything."""
    exchange.hold()


@bad("connecting/deaf", TIMEOUT, stage="connection", waits=True)
def deaf(exchange):
    """Accepts and neither reads nor writes."""
    exchange.visit.first_call_over.wait(exchange.connection.PATIENCE)


@bad("connecting/closed-at-once", TRANSFER_FAILED, stage="connection")
def closed_at_once(exchange):
    """Closes right after accepting."""


@bad("connecting/reset-at-once", TRANSFER_FAILED, CONNECT_FAILED, stage="connection")
def reset_at_once(exchange):
    """Resets right after accepting."""
    exchange.connection.reset()


@bad("connecting/half-closed", TRANSFER_FAILED, stage="connection")
def half_closed(exchange):
    """Ends its own sending (FIN), but continues to read."""
    exchange.connection.finish_sending()
    exchange.hold()


def greeting(name, text, *statuses):
    """Another protocol, in which the server speaks first."""

    def act(exchange):
        exchange.send(text)
        exchange.hold()

    act.__doc__ = f"Greets the client as another protocol does: {text[:24]!r}."
    bad(f"connecting/greeting-{name}", *statuses, stage="connection")(act)


for name, text in {
    "smtp": b"220 mail.example ESMTP\r\n",
    "ssh": b"SSH-2.0-OpenSSH_9.2\r\n",
    "tls-alert": b"\x15\x03\x01\x00\x02\x02\x28",
    "http2": b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x80\x00\x04\x00\x01\x00\x00\x00\x05\x00\xff\xff\xff",
    "nul": b"\0" * 64,
}.items():
    greeting(name, text, BAD_REPLY, TRANSFER_FAILED)


@bad("connecting/408-before-the-request", UNAVAILABLE, TRANSFER_FAILED, BAD_REPLY, stage="connection")
def request_timeout(exchange):
    """Reports, with allowed:true, that no request came, as servers do before they close an idle connection."""
    exchange.expect(STRAY)
    exchange.send(exchange.head("408 Request Timeout", f"Content-Length: {len(STRAY)}", "Connection: close") + STRAY)
    exchange.connection.finish_sending()
    exchange.hold()


@bad("connecting/echo", BAD_REPLY, stage="connection")
def echo(exchange):
    """Sends back what it reads."""
    while True:
        data = exchange.connection.sock.recv(65536)
        if not data:
            return
        exchange.send(data)

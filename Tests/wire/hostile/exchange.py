"""One connection to the hostile authority, and the exchanges on it."""

import json
import socket
import struct
import time

import replies


class ClientGone(Exception):
    pass


class Request:
    def __init__(self, method, path, headers, body):
        self.method = method
        self.path = path
        self.headers = headers
        self.body = body


class Connection:
    """A client's connection, which sends raw bytes and reads complete requests."""

    # No behaviour takes longer. A client that waits longer than this has already failed.
    PATIENCE = 60

    def __init__(self, sock):
        self.sock = sock
        self.buffer = b""
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(self.PATIENCE)

    def send(self, data):
        try:
            self.sock.sendall(data)
        except OSError as error:
            raise ClientGone from error

    def _fill(self):
        try:
            data = self.sock.recv(65536)
        except OSError as error:
            raise ClientGone from error
        if not data:
            raise ClientGone
        self.buffer += data

    def read_request(self):
        while b"\r\n\r\n" not in self.buffer:
            self._fill()
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, path, _ = first.split(" ", 2)
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers.setdefault(name.strip().lower(), []).append(value.strip())
        length = int(headers.get("content-length", ["0"])[0])
        while len(self.buffer) < length:
            self._fill()
        body, self.buffer = self.buffer[:length], self.buffer[length:]
        return Request(method, path, headers, body)

    def wait_until_left(self):
        """Reads and discards until the client has closed."""
        try:
            while self.sock.recv(65536):
                pass
        except OSError:
            pass

    def finish_sending(self):
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError as error:
            raise ClientGone from error

    def reset(self):
        """Ends the connection with RST instead of FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self):
        self.sock.close()


class Exchange:
    """A request (or, for a behaviour that does not wait for one, a connection) and the means to respond to it.

    `act` returns KEEP to keep the connection open; anything else closes it.
    """

    KEEP = True

    def __init__(self, authority, visit, connection, request=None, operation=None, device=""):
        self.authority = authority
        self.visit = visit
        self.connection = connection
        self.request = request
        self.operation = operation
        self.device = device
        self.send = connection.send
        self.began = time.monotonic()

    @property
    def real(self):
        """The right answer to this request, which for validate is an allow."""
        return replies.right(self.operation, self.device)

    @property
    def age(self):
        """Seconds since the request came."""
        return time.monotonic() - self.began

    def expect(self, entity):
        """Records the text that a client must return if it understands the reply."""
        self.visit.entities[self.device] = entity

    def head(self, status="200 OK", *headers, type="application/json"):
        lines = [f"HTTP/1.1 {status}", *([f"Content-Type: {type}"] if type else []), *headers]
        return "\r\n".join(lines).encode("latin-1", "surrogateescape") + b"\r\n\r\n"

    def reply(self, body=None, status="200 OK", *headers, type="application/json"):
        """Sends a complete reply with a Content-Length, and leaves the connection open."""
        body = self.real if body is None else body
        self.expect(body)
        self.send(self.head(status, f"Content-Length: {len(body)}", *headers, type=type) + body)
        return self.KEEP

    def stray_url(self, host="127.0.0.1"):
        """A URL that no client may request: on another port, which can be reached only by following a redirect."""
        return f"http://{host}:{self.authority.elsewhere_port}/stray/{self.visit.id}"

    def pause(self, seconds):
        """Waits for a while, but no longer than the visit lasts."""
        self.visit.closed.wait(seconds)

    def hold(self):
        """Sends nothing more until the client has left."""
        self.connection.wait_until_left()


def fault_in(request, operation):
    """Returns what is wrong with a request of the client, or None. Whatever the client was told before, its requests
    must be correct.
    """
    get = operation in replies.GET
    if request.method != ("GET" if get else "POST"):
        return f"{request.method} for {operation}"
    if request.headers.get("x-org-key") != ["org_hostile_test"]:
        return f"x-org-key is {request.headers.get('x-org-key')}"
    if len(request.headers.get("host", [])) != 1:
        return f"Host is {request.headers.get('host')}"
    for name in ("cookie", "authorization", "upgrade", "referer"):
        if name in request.headers:
            return f"an unexpected header: {name}"
    if get:
        return f"a body: {request.body!r}" if request.body else None
    if request.headers.get("content-type") != ["application/json"]:
        return f"Content-Type is {request.headers.get('content-type')}"
    try:
        body = json.loads(request.body)
    except ValueError:
        return f"the body is not JSON: {request.body!r}"
    if not isinstance(body, dict) or list(body) != ["deviceId"] or not isinstance(body["deviceId"], str):
        return f"the body is not a deviceId: {request.body!r}"
    return None


def device_of(request):
    if not request.body:
        return ""
    try:
        return json.loads(request.body).get("deviceId", "")
    except (ValueError, AttributeError):
        return ""

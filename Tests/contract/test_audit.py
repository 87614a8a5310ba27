"""Where the org key goes, seen from outside: strace lists everything that the process sends, and to which address."""

import json
import os
import pathlib
import re
import socket
import subprocess
import tempfile
import threading
from urllib.parse import urlsplit

import pytest
from checks import holds

ORG_KEY = KEY = "org_Zq7vK2xW9mT4bN8cR1yH5jD3"
OK, INVALID_OPTIONS, CONNECT_FAILED, BAD_REPLY = 0, 101, 201, 300 % 256
CALLS = "connect,sendto,sendmsg,sendmmsg,write,writev,pwrite64,execve,execveat,fork,vfork,clone,clone3"


@pytest.fixture(autouse=True)
def talk(program, library):
    Trace.program, Trace.library = program("secrets/talk.c"), library


class Trace:
    """One run of the program talk, with its exit status and its system calls."""

    # Set before each test.
    program = library = None

    def __init__(self, options, how="new", **environment):
        with tempfile.NamedTemporaryFile("r") as file:
            command = ["strace", "-f", "-yy", "-qq", "-s", "100000", "-e", f"trace={CALLS}", "-o", file.name]
            clean = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME")}
            result = subprocess.run(
                [*command, self.program, how, json.dumps(options)],
                env=clean | {"LD_LIBRARY_PATH": str(self.library), "KEY": KEY} | environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=60,
            )
            self.status = result.returncode
            self.output = result.stdout + result.stderr
            # The line of the program's own start shows its arguments.
            self.lines = [line for line in pathlib.Path(file.name).read_text().splitlines() if "execve(" not in line]
            self.starts = pathlib.Path(file.name).read_text().count("execve(")

    def with_key(self):
        return [line for line in self.lines if KEY in line]

    def connects(self):
        """Returns the addresses to which TCP connections were made or attempted."""
        found = set()
        for line in self.lines:
            if "connect(" not in line or "UDP" in line.split("connect(", 1)[1].split(",")[0]:
                continue
            port = re.search(r"sin6?_port=htons\((\d+)\)", line)
            address = re.search(r'inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"', line)
            if port and address:
                found.add((address[1] or address[2], int(port[1])))
        return found

    def expect_quiet(self, what):
        holds(f"{what}: nothing is printed", not self.output, self.output)
        children = [
            line for line in self.lines if re.search(r"\b(v?fork|clone3?)\(", line) and "CLONE_THREAD" not in line
        ]
        holds(f"{what}: no program or process is started", not children and self.starts == 1, "\n".join(children))


class Listener(threading.Thread):
    """Accepts connections, records everything it receives, and answers each request with the same bytes."""

    def __init__(self, reply):
        super().__init__(daemon=True)
        self.reply = reply
        self.received = b""
        self.connections = 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.start()

    def run(self):
        while True:
            connection, _ = self.socket.accept()
            self.connections += 1
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection:
            request = b""
            while b"\r\n\r\n" not in request:
                received = connection.recv(65536)
                self.received += received
                if not received:
                    return
                request += received
            self.answer(connection)

    def answer(self, connection):
        connection.sendall(self.reply)


class Tunnel(Listener):
    """A proxy that tunnels as requested, and records what passes through."""

    def __init__(self, target):
        self.target = target
        super().__init__(b"HTTP/1.1 200 Connection established\r\n\r\n")

    def answer(self, connection):
        with socket.create_connection(self.target) as other:
            connection.sendall(self.reply)
            back = threading.Thread(target=self.pass_on, args=(other, connection), daemon=True)
            back.start()
            self.pass_on(connection, other, keeps=True)
            back.join(5)

    def pass_on(self, source, target, keeps=False):
        try:
            while data := source.recv(65536):
                if keeps:
                    self.received += data
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def port_of(url):
    return urlsplit(url).port


def test_http(authority):
    http = authority.url("http")
    for how, environment in (("new", {}), ("from_env", {"MACHINEID_ORG_KEY": KEY})):
        trace = Trace({"base_url": http}, how, **environment)
        what = f"http, {how}"
        holds(f"{what}: it works", trace.status == OK, trace.status)
        sent = trace.with_key()
        holds(f"{what}: the key is sent, once in each request", len(sent) == 8, "\n".join(sent))
        peer = f"->127.0.0.1:{port_of(http)}]"
        strays = [line for line in sent if peer not in line or line.count(KEY) != 1 or f"x-org-key: {KEY}" not in line]
        holds(f"{what}: to the authority, in its header, and nowhere else", not strays, "\n".join(strays))
        urls = [line for line in sent if re.search(rf'"(GET|POST) [^ ]*{KEY}', line)]
        holds(f"{what}: in no URL", not urls, "\n".join(urls))
        holds(f"{what}: no other connection", trace.connects() == {("127.0.0.1", port_of(http))}, trace.connects())
        trace.expect_quiet(what)


def test_https(authority):
    https = authority.url("https")
    trace = Trace({"base_url": https, "ca_file": authority.ca_file})
    holds("https: it works", trace.status == OK, trace.status)
    holds("https: the key leaves the process only encrypted", not trace.with_key(), "\n".join(trace.with_key()))
    trace.expect_quiet("https")


def test_redirects():
    for status in ("301 Moved", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"):
        for form in ("http://127.0.0.1:{}/x", "http://localhost:{}/x", "https://127.0.0.1:{}/x", "//127.0.0.1:{}/x"):
            other = Listener(b'HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n{"allowed":true}')
            location = form.format(other.port)
            head = f"HTTP/1.1 {status}\r\nLocation: {location}\r\nContent-Length: 16\r\n\r\n"
            first = Listener(head.encode() + b'{"allowed":true}')
            trace = Trace({"base_url": f"http://127.0.0.1:{first.port}", "max_retries": 0})
            what = f"redirect {status.split()[0]} to {form}"
            details = f"status {trace.status}, connects {trace.connects()}"
            is_kept = other.connections == 0 and trace.connects() == {("127.0.0.1", first.port)}
            holds(
                f"{what}: not followed",
                trace.status == BAD_REPLY and is_kept and KEY.encode() in first.received,
                details,
            )


def test_off_loopback(authority):
    http = authority.url("http")
    hosts = ["192.0.2.1", "authority.example", "127.0.0.1.example", "localhost.example", "0.0.0.0", "[::]", "128.0.0.1"]
    hosts += ["[2001:db8::1]", "[::ffff:192.0.2.1]", "169.254.1.1", "10.0.0.1", "notlocalhost", "127.0.0.1@192.0.2.1"]
    for host in hosts:
        trace = Trace({"base_url": f"http://{host}:8080", "max_retries": 0, "timeout_ms": 1000})
        silent = not trace.connects() and not trace.with_key()
        holds(
            f"http to {host}: refused before anything is sent", trace.status == INVALID_OPTIONS and silent, trace.lines
        )
    trace = Trace({"base_url": http, "proxy": "http://192.0.2.1:3128"})
    holds("http through a remote proxy: refused", trace.status == INVALID_OPTIONS and not trace.connects(), trace.lines)


def test_proxies(authority):
    http, https = authority.url("http"), authority.url("https")
    for host in ("127.0.0.1", "user:password@localhost"):
        tunnel = Tunnel(("127.0.0.1", port_of(https)))
        proxy = f"http://{host}:{tunnel.port}"
        trace = Trace({"base_url": https, "ca_file": authority.ca_file, "proxy": proxy})
        holds(f"proxy {host.split(':')[0]}: it works", trace.status == OK, trace.status)
        asked = tunnel.received.startswith(b"CONNECT ")
        holds("proxy: it is asked for a tunnel and sees no key", asked and KEY.encode() not in tunnel.received)
        holds("proxy: no key in the clear", not trace.with_key(), "\n".join(trace.with_key()))
    replies = {
        "asks for a password": b"HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n",
        "redirects": f"HTTP/1.1 302 Found\r\nLocation: {http}/\r\nContent-Length: 0\r\n\r\n".encode(),
        "answers itself": b'HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n{"allowed":true}',
        "answers in a refusal": b'HTTP/1.1 403 No\r\nContent-Length: 16\r\n\r\n{"allowed":true}',
        "sends nothing": b"",
    }
    for name, reply in replies.items():
        proxy = Listener(reply)
        options = {"base_url": https, "ca_file": authority.ca_file, "proxy": f"http://127.0.0.1:{proxy.port}"}
        trace = Trace(options | {"max_retries": 0, "timeout_ms": 2000})
        holds(f"a proxy that {name}: no answer", trace.status not in (OK, 1), trace.status)
        holds(f"a proxy that {name}: sees no key", KEY.encode() not in proxy.received and not trace.with_key())
        only = trace.connects() == {("127.0.0.1", proxy.port)}
        holds(f"a proxy that {name}: nothing else is contacted", only, trace.connects())

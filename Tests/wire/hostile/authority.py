#!/usr/bin/env python3
"""A hostile authority: a raw-socket HTTP server on loopback that breaks HTTP, JSON and its own promises in named ways.

    authority.py [--port N] [--list | --json]

It prints "listening on http://127.0.0.1:PORT" and serves until stdin ends or it receives a signal. --list names the
behaviours for people, --json for programs: one array on one line, with the expected results of a client. The client's
base_url selects what it does:

    http://127.0.0.1:PORT/b/NAME   the behaviour NAME for every request (GET /behaviours names them all, as JSON)
    http://127.0.0.1:PORT          the behaviour that the deviceId names, and a right answer if it names none

A behaviour that acts before there is a request has a port of its own, and one that changes after some attempts has an
address of its own; --list, --json and /behaviours show them. Devices whose id begins with "good:" are always allowed,
and those with "denied:" always denied, if a request gets through.

Tests that need more control (matrix.py) use the class Authority. A visit is the time that one client spends with one
behaviour.
"""

import argparse
import contextlib
import itertools
import json
import os
import socket
import sys
import threading

import behaviours
import replies
from exchange import ClientGone, Connection, Exchange, device_of, fault_in


class Visit:
    """The time that one client spends with a behaviour, and the requests seen from it."""

    def __init__(self, behaviour, id, timeout_ms):
        self.behaviour = behaviour
        self.id = id
        self.timeout_ms = timeout_ms
        self.base_url = None
        self.listener = None
        self.is_armed = True
        # By device, the text that a client must return if it understands the reply; "" where a request names no device.
        self.entities = {}
        self.requests = 0
        self.connections = set()
        self.faults = []
        # State that the behaviour keeps from one request to the next.
        self.memory = {}
        # Set by the behaviour when it has done everything that must happen before the next call.
        self.settled = threading.Event()
        # Set by the test: the first when the first call has returned, the second when everything is over.
        self.first_call_over = threading.Event()
        self.closed = threading.Event()
        # What else disarm() must do, so that every later answer is right.
        self.on_disarm = lambda: None

    def disarm(self):
        """From now on, gives only right answers."""
        self.is_armed = False
        self.on_disarm()

    def close(self):
        self.closed.set()
        self.settled.set()
        self.first_call_over.set()
        if self.listener is not None:
            self.listener.close()


class Authority:
    def __init__(self, port=0, context=None):
        """`context` is an ssl.SSLContext for an authority that speaks TLS."""
        self.context = context
        self.visits = {}
        self.strays = 0
        self._ids = itertools.count(1)
        self._listener = socket.create_server(("127.0.0.1", port), backlog=512)
        self.port = self._listener.getsockname()[1]
        self._elsewhere = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.elsewhere_port = self._elsewhere.getsockname()[1]
        self._start(self._accept, self._listener, None)
        self._start(self._accept_strays)

    @property
    def url(self):
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def scheme(self):
        return "https" if self.context else "http"

    def open(self, behaviour, timeout_ms=800):
        """Opens a visit: its `base_url` shows the behaviour until the visit is disarmed."""
        visit = Visit(behaviour, next(self._ids), timeout_ms)
        self.visits[visit.id] = visit
        if behaviour.stage == "request":
            visit.base_url = f"{self.url}/b/{behaviour.name}/{visit.id}"
        elif behaviour.stage == "connection":
            visit.listener = socket.create_server(("127.0.0.1", 0), backlog=16)
            visit.base_url = f"{self.scheme}://127.0.0.1:{visit.listener.getsockname()[1]}"
            self._start(self._accept, visit.listener, visit)
        else:
            behaviour.act(self, visit)
        return visit

    def close(self, visit):
        visit.close()
        del self.visits[visit.id]

    def serve(self, listener, visit):
        """Serves a listener that a behaviour has made itself."""
        self._start(self._accept, listener, visit)

    @staticmethod
    def _start(function, *arguments):
        threading.Thread(target=function, args=arguments, daemon=True).start()

    def _accept(self, listener, visit):
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            self._start(self._serve_socket, sock, visit)

    def _accept_strays(self):
        """A client that connects here has followed a redirect. It receives a permission, to see whether it believes
        that too.
        """
        while True:
            sock, _ = self._elsewhere.accept()
            self.strays += 1
            with contextlib.suppress(OSError), sock:
                sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(replies.STRAY), replies.STRAY))

    def _serve_socket(self, sock, visit):
        try:
            if self.context is not None:
                sock = self.context.wrap_socket(sock, server_side=True)
        except OSError:
            return sock.close()
        self._serve_connection(Connection(sock), visit)

    def _serve_connection(self, connection, visit):
        try:
            if visit is not None and visit.is_armed and visit.behaviour.stage == "connection":
                if visit.behaviour.act(Exchange(self, visit, connection)) is not Exchange.KEEP:
                    return
            while self._serve_request(connection, connection.read_request(), visit) is Exchange.KEEP:
                pass
        except (ClientGone, OSError):
            pass
        finally:
            connection.close()

    def _serve_request(self, connection, request, visit):
        if request.path == "/behaviours":
            return Exchange(self, Visit(None, 0, 0), connection).reply(json.dumps(self.catalogue()).encode())
        if request.path.startswith("/stray/"):
            self.strays += 1
            return Exchange(self, Visit(None, 0, 0), connection).reply(replies.STRAY)
        device = device_of(request)
        behaviour, visit, path = self._find(request.path, device, visit)
        operation = replies.PATHS.get(path)
        exchange = Exchange(self, visit, connection, request, operation, device)
        if operation is None:
            return exchange.reply(b'{"status":"error","error":"not_found"}', "404 Not Found")
        visit.requests += 1
        visit.connections.add(connection)
        fault = fault_in(request, operation)
        if fault:
            visit.faults.append(fault)
        if device.startswith("denied:"):
            return exchange.reply(replies.right(operation, device, allowed=False))
        if behaviour is None or not visit.is_armed or device.startswith("good:"):
            return exchange.reply()
        return behaviour.act(exchange)

    def _find(self, path, device, visit):
        """Returns the behaviour for a request, its visit, and the rest of the path after their names."""
        if visit is not None:
            behaviour = visit.behaviour if visit.behaviour.stage == "request" else None
            return behaviour, visit, path
        if not path.startswith("/b/"):
            behaviour = behaviours.all.get(device)
            return behaviour, Visit(behaviour, 0, 800), path
        named, _, rest = path[3:].partition("/api/")
        rest = "/api/" + rest
        # The name of a behaviour may end with a number too, so the whole is looked up first.
        behaviour = behaviours.all.get(named)
        id = named.rpartition("/")[2]
        if behaviour is None and id.isdecimal() and int(id) in self.visits:
            visit = self.visits[int(id)]
            return visit.behaviour, visit, rest
        return behaviour, Visit(behaviour, 0, 800), rest

    def catalogue(self):
        """Returns every behaviour with its address and the expected results."""
        entries = []
        for behaviour in behaviours.all.values():
            # A visit counts attempts; without a visit, each request counts as the first.
            if behaviour.stage == "request" and not behaviour.max_retries:
                base_url = f"{self.url}/b/{behaviour.name}"
            else:
                base_url = self._standing_visit(behaviour).base_url
            entries.append({
                "name": behaviour.name, "kind": behaviour.kind, "base_url": base_url, "stage": behaviour.stage,
                "waits": behaviour.waits, "settles": behaviour.settles, "family": behaviour.family,
                "max_retries": behaviour.max_retries,
                "statuses": {name: sorted(behaviour.statuses(name)) for name in behaviour.operations},
                "summary": behaviour.summary})
        return entries

    def _standing_visit(self, behaviour):
        for visit in self.visits.values():
            if visit.behaviour is behaviour:
                return visit
        return self.open(behaviour)


def main():
    parser = argparse.ArgumentParser(description="A hostile authority on loopback.")
    parser.add_argument("--port", type=int, default=0, help="the port to listen on; default: a free one")
    listing = parser.add_mutually_exclusive_group()
    listing.add_argument("--list", action="store_true", help="name the behaviours")
    listing.add_argument("--json", action="store_true", help="name them as JSON, on one line")
    arguments = parser.parse_args()
    authority = Authority(arguments.port)
    print(f"listening on {authority.url}", flush=True)
    if arguments.list:
        for entry in authority.catalogue():
            print(f"{entry['kind']:6} {entry['name']:34} {entry['base_url']}\n       {entry['summary']}", flush=True)
    if arguments.json:
        print(json.dumps(authority.catalogue()), flush=True)
    while sys.stdin.buffer.read(4096):
        pass
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()

"""Redirects of an authority over TLS: not followed, and so the org key goes nowhere else."""

from checks import equal, expect, holds
from probe import ORG_KEY, Probe
from servers import ALLOW, Server, http, serve


def run(world):
    context = world.certificate.context()
    with Server(serve) as plain, Server(serve, context) as other, Server(serve, context) as server:
        targets = {
            "http": plain.url,
            "another host": other.url,
            "another host, by name": other.url.replace("127.0.0.1", "localhost"),
            "no scheme": other.url.removeprefix("https:"),
            "itself": server.url,
            "a file": "file:///etc/hostname",
        }
        operations = ("validate", "register", "list_devices", "usage", "revoke", "unrevoke", "restore", "remove")
        for status in ("301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"):
            for name, target in targets.items():
                reply = http(ALLOW, status, f"Location: {target}/api/v1/devices/validate\r\n")
                server.script = lambda conversation: answer_all(conversation, reply)
                with Probe(base_url=server.url, ca_file=world.ca_file) as probe:
                    results = [probe.call(operation) for operation in operations]
                    expect(f"redirect {status} to {name}", results, "MID_BAD_REPLY", message=f"HTTP {status[:3]}")
        for name, target in {"http": plain, "another host": other}.items():
            equal(f"redirect to {name}: nobody came", (0, b""), (target.connections, target.received))
        holds("redirect: the org key came to the authority alone", ORG_KEY.encode() in server.received)


def answer_all(conversation, reply):
    while True:
        conversation.read_request()
        conversation.send(reply)

"""Redirects of an authority over TLS are not followed, so the org key goes nowhere else."""

from checks import equal, expect, holds
from probe import ORG_KEY, Probe
from servers import ALLOW, Server, http, serve


STATUSES = (
    "301 Moved Permanently",
    "302 Found",
    "303 See Other",
    "307 Temporary Redirect",
    "308 Permanent Redirect",
)
OPERATIONS = ("validate", "register", "list_devices", "usage", "revoke", "unrevoke", "restore", "remove")


def test_redirects(world):
    context = world.certificate.context()
    with Server(serve) as plain, Server(serve, context) as other, Server(serve, context) as server:
        targets = [
            plain.url,
            other.url,
            other.url.replace("127.0.0.1", "localhost"),
            other.url.removeprefix("https:"),
            server.url,
            "file:///etc",
        ]
        for status in STATUSES:
            results = []
            for target in targets:
                reply = http(ALLOW, status, f"Location: {target}/api/v1/devices/validate\r\n")
                server.script = lambda conversation: answer_all(conversation, reply)
                with Probe(base_url=server.url, ca_file=world.ca_file) as probe:
                    results += [probe.call(operation) for operation in OPERATIONS]
            what = f"redirect {status}: {len(OPERATIONS)} operations to {len(targets)} targets"
            expect(what, results, "MID_BAD_REPLY", message=f"HTTP {status[:3]} .*redirect")
        for name, target in {"http": plain, "another host": other}.items():
            equal(f"redirect to {name}: no connection is made", (0, b""), (target.connections, target.received))
        holds("redirect: only the authority received the org key", ORG_KEY.encode() in server.received)


def answer_all(conversation, reply):
    while True:
        conversation.read_request()
        conversation.send(reply)

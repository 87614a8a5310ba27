"""Proxies that lie or break off: their reply to a CONNECT never counts as an answer of the authority."""

import asyncio

from checks import equal, expect
from probe import Probe, attempt
from recorder import Recorder
from servers import ALLOW, Server, http, serve

REFUSED = "proxy.*HTTP {}"


# The replies without an end, which connect_timeout_ms must end.
endless = set()


def sends(data, ends=True):
    async def answer(reader, writer):
        writer.write(data)
        await writer.drain()
        if not ends:
            await reader.read()

    if not ends:
        endless.add(answer)
    return answer


def sends_for_ever(data):
    async def answer(reader, writer):
        while True:
            writer.write(data)
            await writer.drain()
            await asyncio.sleep(0.001)

    endless.add(answer)
    return answer


async def resets(reader, writer):
    writer.transport.abort()


def connect_reply(status, body=b"", head=b""):
    return b"HTTP/1.1 %b\r\n%b\r\n%b" % (status.encode(), head, body)


CHUNKS = b"%x\r\n%b\r\n0\r\n\r\n" % (len(ALLOW), ALLOW)
OPEN = connect_reply("200 Connection established")
# The reply, and its outcome for an https authority and for an http authority on this machine.
TLS, LOST, NONE = "MID_TLS_FAILED", "MID_TRANSFER_FAILED", "MID_CONNECT_FAILED"
CASES = {
    "200, and then noise": (sends(OPEN + b"\x00\xff noise \r\n" * 9), TLS, LOST, ""),
    "200, and then JSON": (sends(OPEN + ALLOW), TLS, LOST, ""),
    "200, with JSON for its body": (sends(http(ALLOW)), TLS, LOST, ""),
    "200, with chunks of JSON": (
        sends(connect_reply("200 OK", CHUNKS, b"Transfer-Encoding: chunked\r\n")),
        TLS,
        LOST,
        "",
    ),
    "200, and then nothing": (sends(OPEN), TLS, LOST, ""),
    "204, with JSON": (sends(http(ALLOW, "204 No Content")), TLS, LOST, ""),
    "302, with JSON": (sends(http(ALLOW, "302 Found", "Location: http://127.0.0.1:9/\r\n")), NONE, NONE, REFUSED),
    "307 to itself": (sends(http(ALLOW, "307 Temporary Redirect", "Location: /\r\n")), NONE, NONE, REFUSED),
    "401, with JSON": (sends(http(ALLOW, "401 Unauthorized", "WWW-Authenticate: Basic\r\n")), NONE, NONE, REFUSED),
    "403, with JSON": (sends(http(ALLOW, "403 Forbidden")), NONE, NONE, REFUSED),
    "404, with JSON": (sends(http(ALLOW, "404 Not Found")), NONE, NONE, REFUSED),
    "407, with JSON": (
        sends(http(ALLOW, "407 Password, please", "Proxy-Authenticate: Basic realm=x\r\n")),
        NONE,
        NONE,
        REFUSED,
    ),
    "429, with JSON": (sends(http(ALLOW, "429 Too Many Requests", "Retry-After: 0\r\n")), NONE, NONE, REFUSED),
    "500, with JSON": (sends(http(ALLOW, "500 Internal Server Error")), NONE, NONE, REFUSED),
    "502, with JSON without a length": (sends(connect_reply("502 Bad Gateway", ALLOW)), NONE, NONE, REFUSED),
    "503, with JSON that does not end": (
        sends(connect_reply("503 Unavailable", ALLOW, b"Content-Length: 999\r\n"), ends=False),
        NONE,
        NONE,
        "",
    ),
    "JSON without HTTP": (sends(ALLOW + b"\r\n\r\n"), NONE, NONE, ""),
    "half a head": (sends(b"HTTP/1.1 200 OK\r\nX-More: y"), NONE, NONE, ""),
    "nothing, and closes": (sends(b""), NONE, NONE, ""),
    "nothing, and resets": (resets, NONE, NONE, ""),
    "nothing, and waits": (sends(b"", ends=False), NONE, NONE, "tim"),
    "headers without end": (sends_for_ever(b"X-More: and more\r\n"), NONE, NONE, ""),
    "one header without end": (sends_for_ever(b"x" * 4096), NONE, NONE, ""),
    "100 without end": (sends_for_ever(b"HTTP/1.1 100 Continue\r\n\r\n"), NONE, NONE, ""),
}


def test_false_proxies(world):
    for name, (answer, secure, plain, message) in CASES.items():
        for scheme, status, context in (("https", secure, world.certificate.context()), ("http", plain, None)):
            check(world, f"a proxy sends {name}, {scheme}", answer, context, status, message.format(name[:3]))


def check(world, what, answer, context, status, message):
    with Recorder(answer=answer) as proxy, Server(serve, context) as server:
        options = {"base_url": server.url, "ca_file": world.ca_file, "proxy": proxy.url}
        limit = {"connect_timeout_ms": 1000} if answer in endless else {}
        with Probe(options, **limit) as probe:
            results = [probe.validate(), probe.validate("denied")]
            within = {"within_ms": 1000} if answer in endless else {}
            expect(what, results, status, message=message, **within)
            equal(f"{what}: nothing bypasses it", 0, server.connections)
            proxy.answer = None
            expect(f"{what}; afterwards calls succeed", [probe.validate(), probe.validate()], "MID_OK", 1)


def test_man_in_the_middle(world):
    """A proxy that opens no tunnel but acts as the authority itself, with an untrusted certificate."""
    what = "a proxy that acts as the authority itself"
    with Server(serve, world.foreign_certificate.context()) as false:

        async def answer(reader, writer):
            await proxy.tunnel(f"127.0.0.1:{false.port}", reader, writer)

        with Recorder(answer=answer) as proxy:
            result = attempt(base_url=world.nginx.url("valid"), ca_file=world.ca_file, proxy=proxy.url)
            expect(what, result, "MID_TLS_FAILED", message="issuer")
        equal(f"{what}: it receives nothing", b"", false.received)

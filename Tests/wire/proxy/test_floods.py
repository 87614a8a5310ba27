"""Proxies that answer a CONNECT with bytes without end and without a pause: libcurl takes them in as long as they come,
and is asked from within whether it is time to leave."""

import asyncio
import logging

from checks import equal, expect
from probe import Probe
from recorder import Recorder
from servers import Server, serve

REFUSED = b"HTTP/1.1 407 Password, please\r\nProxy-Authenticate: Basic realm=x\r\n%b\r\n"
CHUNKED = REFUSED % b"Transfer-Encoding: chunked\r\n"
# What is said first, and then again and again. All of it is what libcurl reads and skips.
FLOODS = {
    "a body": (REFUSED % b"Content-Length: 999999999999\r\n", b"x" * 65536),
    "chunks": (CHUNKED, b"1\r\nx\r\n" * 10000),
    "a chunk's extension": (CHUNKED + b"1;", b"x" * 65536),
    "trailers": (CHUNKED + b"0\r\n", b"X-More: and more\r\n" * 4000),
    "headers": (b"HTTP/1.1 200 OK\r\n", b"X-More: and more\r\n" * 4000),
}
# An answer that comes later than that has waited for the flood.
LIMIT_MS, CANCEL_MS = 500, 200
LATE_MS = 150


def floods(head, block):
    async def answer(reader, writer):
        writer.write(head)
        # drain() does not wait while there is room, and only a turn of the loop tells the writer that its client has gone.
        while not (writer.is_closing() or reader.at_eof()):
            writer.write(block)
            await writer.drain()
            await asyncio.sleep(0)

    return answer


def test_floods(world):
    # It warns of each write to a client that has gone, of which there are thousands before the loop turns.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    for name, (head, block) in FLOODS.items():
        for scheme, context in (("http", None), ("https", world.certificate.context())):
            check(world, f"an {scheme} proxy says {name} without end", floods(head, block), context)


def check(world, what, answer, context):
    with Recorder(context, answer) as proxy, Server(serve, world.certificate.context()) as server:
        options = {"base_url": server.url, "ca_file": world.ca_file, "proxy": proxy.url, "connect_timeout_ms": 60000}
        # Headers and trailers come to an end before that, in some versions of libcurl.
        counted = ("MID_CONNECT_FAILED",) if "ers without" in what else ()
        with Probe(options, timeout_ms=LIMIT_MS) as probe:
            expect(what, [probe.validate(), probe.validate()], ("MID_TIMEOUT", *counted), within_ms=LIMIT_MS + LATE_MS)
            proxy.answer = None
            expect(f"{what}; then all is well", probe.validate(), "MID_OK", 1)
        proxy.answer = answer
        with Probe(options, timeout_ms=10000) as probe:
            result = probe.validate(cancel_after_ms=CANCEL_MS)
            expect(f"{what}: it is cancelled", result, ("MID_CANCELLED", *counted), within_ms=CANCEL_MS + LATE_MS)
        equal(f"{what}: nothing goes past it", 1, server.connections)

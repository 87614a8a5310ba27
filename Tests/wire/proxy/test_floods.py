"""Proxies that answer a CONNECT with endless bytes and no pause: libcurl reads them as long as they come, so the
library ends the call from inside a callback.
"""

import asyncio
import logging

from checks import equal, expect
from probe import Probe
from recorder import Recorder
from servers import Server, serve

REFUSED = b"HTTP/1.1 407 Password, please\r\nProxy-Authenticate: Basic realm=x\r\n%b\r\n"
CHUNKED = REFUSED % b"Transfer-Encoding: chunked\r\n"
# The bytes sent first, and those sent repeatedly. libcurl reads and skips all of them.
FLOODS = {
    "a body": (REFUSED % b"Content-Length: 999999999999\r\n", b"x" * 65536),
    "chunks": (CHUNKED, b"1\r\nx\r\n" * 10000),
    "a chunk's extension": (CHUNKED + b"1;", b"x" * 65536),
    "trailers": (CHUNKED + b"0\r\n", b"X-More: and more\r\n" * 4000),
    "headers": (b"HTTP/1.1 200 OK\r\n", b"X-More: and more\r\n" * 4000),
}
# A result that is later than LATE_MS has waited for the flood.
LIMIT_MS, CANCEL_MS = 500, 200
LATE_MS = 150


def floods(head, block):
    async def answer(reader, writer):
        writer.write(head)
        # drain() does not wait while there is room, and only a turn of the event loop tells the writer that its client
        # has gone.
        while not (writer.is_closing() or reader.at_eof()):
            writer.write(block)
            await writer.drain()
            await asyncio.sleep(0)

    return answer


def test_floods(world):
    # asyncio warns about each write to a client that has gone, of which there are thousands before the loop turns.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    for name, (head, block) in FLOODS.items():
        for scheme, context in (("http", None), ("https", world.certificate.context())):
            check(world, f"an {scheme} proxy sends {name} without end", floods(head, block), context)


def check(world, what, answer, context):
    with Recorder(context, answer) as proxy, Server(serve, world.certificate.context()) as server:
        options = {"base_url": server.url, "ca_file": world.ca_file, "proxy": proxy.url, "connect_timeout_ms": 60000}
        # Some versions of libcurl limit headers and trailers, and fail before that.
        counted = ("MID_CONNECT_FAILED",) if "ers without" in what else ()
        with Probe(options, timeout_ms=LIMIT_MS) as probe:
            expect(what, [probe.validate(), probe.validate()], ("MID_TIMEOUT", *counted), within_ms=LIMIT_MS + LATE_MS)
            proxy.answer = None
            expect(f"{what}; afterwards calls succeed", probe.validate(), "MID_OK", 1)
        proxy.answer = answer
        with Probe(options, timeout_ms=10000) as probe:
            result = probe.validate(cancel_after_ms=CANCEL_MS)
            expect(f"{what}: it is cancelled", result, ("MID_CANCELLED", *counted), within_ms=CANCEL_MS + LATE_MS)
        equal(f"{what}: nothing bypasses it", 1, server.connections)

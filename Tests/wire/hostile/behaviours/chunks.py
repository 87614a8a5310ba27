"""Chunked bodies that break the rules of chunks."""

from registry import BAD_REPLY, OK, TIMEOUT, TRANSFER_FAILED, bad, either
from replies import STRAY

BROKEN = (BAD_REPLY, TRANSFER_FAILED)
SIZE = b"%x" % len(STRAY)
END = b"0\r\n\r\n"


def chunked(kind, name, doc, wire, *statuses, holds=False, **traits):
    """A chunked reply with these bytes as its body, followed by a close."""

    def act(exchange):
        exchange.expect(STRAY)
        exchange.send(exchange.head("200 OK", "Transfer-Encoding: chunked") + wire)
        if holds:
            exchange.hold()

    act.__doc__ = doc
    kind(f"chunks/{name}", *statuses, **traits)(act)


for name, doc, wire in (
    ("nothing", "A close before any chunk.", b""),
    ("no-last-chunk", "All of the data, but no last chunk.", SIZE + b"\r\n" + STRAY + b"\r\n"),
    ("half-last-chunk", "A close within the last chunk's size line.", SIZE + b"\r\n" + STRAY + b"\r\n0"),
    ("cut-in-size", "A close within a size.", b"4"),
    ("cut-in-data", "A close within the data.", SIZE + b"\r\n" + STRAY[:20]),
    ("cut-after-data", "A close between the data and its line end.", SIZE + b"\r\n" + STRAY),
    ("size-not-hexadecimal", "A size that is not a number.", b"xyz\r\n" + STRAY + b"\r\n" + END),
    ("size-empty", "No size.", b"\r\n" + STRAY + b"\r\n" + END),
    ("size-negative", "A negative size.", b"-" + SIZE + b"\r\n" + STRAY + b"\r\n" + END),
    ("size-17-digits", "A size of 17 digits, which wraps around to the right one.",
     b"1" + SIZE.rjust(16, b"0") + b"\r\n" + STRAY + b"\r\n" + END),
    ("size-2-to-63", "A size of 2 to the 63.", b"8000000000000000\r\n" + STRAY + b"\r\n" + END),
    ("size-too-large", "A size that is larger than the data.", b"fff\r\n" + STRAY + b"\r\n" + END),
    ("size-too-small", "A size that is smaller than the data.", b"10\r\n" + STRAY + b"\r\n" + END),
    ("no-line-end-after-data", "Two chunks without a line end between them.", SIZE + b"\r\n" + STRAY + END),
    ("cut-json", "Valid chunks with half a JSON object.", b"14\r\n" + STRAY[:20] + b"\r\n" + END),
    ("empty-body", "Nothing but the last chunk.", END),
):
    chunked(bad, name, doc, wire, *BROKEN)

chunked(bad, "no-blank-line-at-the-end", "The last chunk without the blank line that ends the body.",
        SIZE + b"\r\n" + STRAY + b"\r\n0\r\n", *BROKEN)
chunked(bad, "cut-in-trailer", "A close within a trailer.", SIZE + b"\r\n" + STRAY + b"\r\n0\r\nX-Digest: a", *BROKEN)
chunked(bad, "silence-before-the-end", "All of the data, and then silence instead of the last chunk.",
        SIZE + b"\r\n" + STRAY + b"\r\n", TIMEOUT, holds=True, waits=True)

chunked(either, "size-with-0x", "A size with 0x before it.", b"0x" + SIZE + b"\r\n" + STRAY + b"\r\n" + END, OK, *BROKEN)
chunked(either, "size-after-space", "A space before a size.", b" " + SIZE + b"\r\n" + STRAY + b"\r\n" + END, OK, *BROKEN)
chunked(either, "lone-line-feeds", "Line feeds without carriage returns.",
        SIZE + b"\n" + STRAY + b"\n0\n\n", OK, *BROKEN)


@bad("chunks/endless", BAD_REPLY)
def endless(exchange):
    """Chunks without end, of white space that JSON would allow."""
    exchange.send(exchange.head("200 OK", "Transfer-Encoding: chunked"))
    while True:
        exchange.send(b"10000\r\n" + b" " * 65536 + b"\r\n")


@bad("chunks/endless-tiny", BAD_REPLY, TIMEOUT, waits=True)
def endless_tiny(exchange):
    """Chunks of one byte without end."""
    exchange.send(exchange.head("200 OK", "Transfer-Encoding: chunked"))
    while True:
        exchange.send(b"1\r\n \r\n" * 1000)


@bad("chunks/endless-extension", BAD_REPLY, TIMEOUT, waits=True)
def endless_extension(exchange):
    """A chunk extension without end."""
    exchange.send(exchange.head("200 OK", "Transfer-Encoding: chunked") + b"10;a=")
    while True:
        exchange.send(b"b" * 16384)


@bad("chunks/endless-size", BAD_REPLY, TRANSFER_FAILED)
def endless_size(exchange):
    """A size of zeros without end."""
    exchange.send(exchange.head("200 OK", "Transfer-Encoding: chunked"))
    while True:
        exchange.send(b"0" * 16384)


@bad("chunks/endless-trailers", BAD_REPLY)
def endless_trailers(exchange):
    """A complete permission, and then trailers without end."""
    exchange.send(exchange.head("200 OK", "Transfer-Encoding: chunked") + SIZE + b"\r\n" + STRAY + b"\r\n0\r\n")
    while True:
        exchange.send(b"X-A: b\r\n" * 1000)

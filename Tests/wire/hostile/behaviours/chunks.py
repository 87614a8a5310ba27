"""Chunked bodies that break the rules of chunks."""

from registry import BAD_REPLY, TIMEOUT, TRANSFER_FAILED, bad
from replies import STRAY

SIZE = b"%x" % len(STRAY)
DATA = SIZE + b"\r\n" + STRAY + b"\r\n"
END = b"0\r\n\r\n"


def chunked(name, doc, wire, *statuses, holds=False, **traits):
    """A chunked reply with these bytes as its body, followed by a close."""

    def act(exchange):
        exchange.expect(STRAY)
        exchange.send(exchange.head("200 OK", "Transfer-Encoding: chunked") + wire)
        if holds:
            exchange.hold()

    act.__doc__ = doc
    bad(f"chunks/{name}", *statuses, **traits)(act)


# The connection ends before the body does.
for name, doc, wire in (
    ("nothing", "A close before any chunk.", b""),
    ("no-last-chunk", "All of the data, but no last chunk.", DATA),
    ("half-last-chunk", "A close within the last chunk's size line.", DATA + b"0"),
    ("half-line-end", "A close within the line end of the last chunk's size.", DATA + b"0\r"),
    ("cut-in-size", "A close within a size.", b"4"),
    ("cut-in-extension", "A close within an extension.", SIZE + b";a=b"),
    ("cut-in-data", "A close within the data.", SIZE + b"\r\n" + STRAY[:20]),
    ("cut-after-data", "A close between the data and its line end.", SIZE + b"\r\n" + STRAY),
    ("size-too-large", "A size that is larger than the data.", b"fff\r\n" + STRAY + b"\r\n" + END),
    ("no-blank-line-at-the-end", "The last chunk without the blank line that ends the body.", DATA + b"0\r\n"),
    ("half-blank-line-at-the-end", "The last byte of the body is missing.", DATA + b"0\r\n\r"),
    ("cut-in-trailer", "A close within a trailer.", DATA + b"0\r\nX-Digest: a"),
    ("cut-after-trailer", "A close after a trailer.", DATA + b"0\r\nX-Digest: a\r\n"),
):
    chunked(name, doc, wire, TRANSFER_FAILED)

# Each libcurl forgives some of these, and its versions differ in which. The library reads the chunks itself.
for name, doc, wire in (
    ("size-not-hexadecimal", "A size that is not a number.", b"xyz\r\n" + STRAY + b"\r\n" + END),
    ("size-empty", "No size.", b"\r\n" + STRAY + b"\r\n" + END),
    ("size-only-extension", "An extension without a size.", b";a=b\r\n" + STRAY + b"\r\n" + END),
    ("size-negative", "A negative size.", b"-" + DATA + END),
    ("size-plus", "A plus before a size.", b"+" + DATA + END),
    ("size-with-0x", "A size with 0x before it.", b"0x" + DATA + END),
    ("size-after-space", "A space before a size.", b" " + DATA + END),
    ("size-in-two-parts", "A space within a size.", SIZE[:1] + b" " + SIZE[1:] + b"\r\n" + STRAY + b"\r\n" + END),
    ("size-17-digits", "A size of 17 digits, which wraps around to the right one.",
     b"1" + SIZE.rjust(16, b"0") + b"\r\n" + STRAY + b"\r\n" + END),
    ("size-2-to-63", "A size of 2 to the 63.", b"8000000000000000\r\n" + STRAY + b"\r\n" + END),
    ("size-too-small", "A size that is smaller than the data.", b"10\r\n" + STRAY + b"\r\n" + END),
    ("text-after-size", "Text after a size, which is no extension.", SIZE + b" zz\r\n" + STRAY + b"\r\n" + END),
    ("letters-after-size", "Letters after a size.", SIZE + b"zz\r\n" + STRAY + b"\r\n" + END),
    ("cr-without-lf", "A carriage return alone after a size.", SIZE + b"\r" + STRAY + b"\r\n" + END),
    ("two-crs", "Two carriage returns after a size.", SIZE + b"\r\r\n" + STRAY + b"\r\n" + END),
    ("cr-in-extension", "A carriage return within an extension.", SIZE + b";a\rb\r\n" + STRAY + b"\r\n" + END),
    ("lf-in-extension", "An extension that ends with a line feed alone.", SIZE + b";a\n" + STRAY + b"\r\n" + END),
    ("nul-in-extension", "A NUL in an extension.", SIZE + b";a=\0\r\n" + STRAY + b"\r\n" + END),
    ("extension-2000-bytes", "An extension of 2,000 bytes.",
     SIZE + b";" + b"a" * 1999 + b"\r\n" + STRAY + b"\r\n" + END),
    ("lone-line-feeds", "Line feeds without carriage returns.", SIZE + b"\n" + STRAY + b"\n0\n\n"),
    ("no-line-end-after-data", "Two chunks without a line end between them.", SIZE + b"\r\n" + STRAY + END),
    ("lf-after-data", "A line feed alone after the data.", SIZE + b"\r\n" + STRAY + b"\n" + END),
    ("trailer-no-header", "A trailer that is no header.", DATA + b"0\r\nnonsense\r\n\r\n"),
    ("trailer-no-name", "A trailer without a name.", DATA + b"0\r\n: a\r\n\r\n"),
    ("trailer-folded", "A trailer folded over two lines.", DATA + b"0\r\nX-A: a\r\n b\r\n\r\n"),
    ("trailer-space-before-colon", "A space before a trailer's colon.", DATA + b"0\r\nX-A : a\r\n\r\n"),
    ("trailer-nul", "A NUL in a trailer.", DATA + b"0\r\nX-A: a\0\r\n\r\n"),
    ("trailer-lf", "A trailer that ends with a line feed alone.", DATA + b"0\r\nX-A: a\n\r\n"),
    ("cr-without-lf-at-the-end", "The blank line that ends the body has no line feed.", DATA + b"0\r\n\rx"),
    ("cut-json", "Valid chunks with half a JSON object.", b"14\r\n" + STRAY[:20] + b"\r\n" + END),
    ("empty-body", "Nothing but the last chunk.", END),
):
    chunked(name, doc, wire, BAD_REPLY)

chunked("silence-before-the-end", "All of the data, and then silence instead of the last chunk.", DATA, TIMEOUT,
        holds=True, waits=True)


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


@bad("chunks/endless-extension", BAD_REPLY)
def endless_extension(exchange):
    """A chunk extension without end."""
    exchange.send(exchange.head("200 OK", "Transfer-Encoding: chunked") + b"10;a=")
    while True:
        exchange.send(b"b" * 16384)


@bad("chunks/endless-size", BAD_REPLY)
def endless_size(exchange):
    """A size of zeros without end."""
    exchange.send(exchange.head("200 OK", "Transfer-Encoding: chunked"))
    while True:
        exchange.send(b"0" * 16384)


@bad("chunks/endless-trailers", BAD_REPLY)
def endless_trailers(exchange):
    """A complete permission, and then trailers without end."""
    exchange.send(exchange.head("200 OK", "Transfer-Encoding: chunked") + DATA + b"0\r\n")
    while True:
        exchange.send(b"X-A: b\r\n" * 1000)


@bad("chunks/endless-trailer", BAD_REPLY, TRANSFER_FAILED)
def endless_trailer(exchange):
    """A complete permission, and then one trailer without end. libcurl gives up after 4,096 bytes of one line, before
    the library does after 64 KiB, and says that the connection broke.
    """
    exchange.send(exchange.head("200 OK", "Transfer-Encoding: chunked") + DATA + b"0\r\nX-A: ")
    while True:
        exchange.send(b"b" * 16384)

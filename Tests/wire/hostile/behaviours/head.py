"""Status lines and headers that break the rules of HTTP. The body is always a complete permission."""

from registry import BAD_REPLY, OK, TIMEOUT, TRANSFER_FAILED, bad, either
from replies import STRAY


def raw(name, doc, first, *statuses, kind=bad, ends=True):
    """A reply whose head is `first` and whose body is a permission, followed by a close. A lenient reader accepts some
    of these, and curl 7.88 and 8 differ in which. Here each must be refused, with one status.
    """

    def act(exchange):
        exchange.expect(STRAY)
        exchange.send(first.replace(b"LENGTH", b"Content-Length: %d\r\n" % len(STRAY)) + STRAY)
        if not ends:
            exchange.hold()

    act.__doc__ = doc
    kind(f"head/{name}", *(statuses or [BAD_REPLY]))(act)


for name, doc, first in (
    ("none", "HTTP/0.9: the body and nothing else.", b""),
    ("not-http", "A status line of another protocol.", b"ICY 200 OK\r\nLENGTH\r\n"),
    ("rtsp", "RTSP, which is written like HTTP.", b"RTSP/1.0 200 OK\r\nLENGTH\r\n"),
    ("a-request", "A request where the reply should be.", b"POST / HTTP/1.1\r\nLENGTH\r\n"),
    ("no-version", "A status line that begins with the number.", b"200 OK\r\nLENGTH\r\n"),
    ("no-status", "A status line without a number.", b"HTTP/1.1 OK\r\nLENGTH\r\n"),
    ("only-version", "A status line that ends after the version.", b"HTTP/1.1\r\nLENGTH\r\n"),
    ("two-digits", "A status of two digits.", b"HTTP/1.1 20 OK\r\nLENGTH\r\n"),
    ("four-digits", "A status of four digits.", b"HTTP/1.1 2000 OK\r\nLENGTH\r\n"),
    ("negative-status", "A negative status.", b"HTTP/1.1 -200 OK\r\nLENGTH\r\n"),
    ("version-9", "A version of HTTP that does not exist.", b"HTTP/9.9 200 OK\r\nLENGTH\r\n"),
    ("version-3", "HTTP/3 in clear text.", b"HTTP/3 200 OK\r\nLENGTH\r\n"),
    ("blank-line-first", "Four blank lines before the status line.", b"\r\n\r\n\r\n\r\nHTTP/1.1 200 OK\r\nLENGTH\r\n"),
    ("garbage-first", "Half a kilobyte of letters before the status line.",
     b"x" * 512 + b"HTTP/1.1 200 OK\r\nLENGTH\r\n"),
    ("nul-in-header", "A NUL inside a header.", b"HTTP/1.1 200 OK\r\nX-A: a\0b\r\nLENGTH\r\n"),
    ("nul-in-status", "A NUL inside the status line.", b"HTTP/1.1 200\0 OK\r\nLENGTH\r\n"),
    ("utf-16", "The head in UTF-16.", "HTTP/1.1 200 OK\r\n\r\n".encode("utf-16-le")),
    ("version-1.2", "HTTP/1.2, which does not exist.", b"HTTP/1.2 200 OK\r\nLENGTH\r\n"),
    ("version-1.10", "A version of two digits.", b"HTTP/1.10 200 OK\r\nLENGTH\r\n"),
    ("fractional-status", "A status with a fraction.", b"HTTP/1.1 200.5 OK\r\nLENGTH\r\n"),
    ("hyphen-after-status", "A hyphen after the status.", b"HTTP/1.1 200-OK\r\nLENGTH\r\n"),
    ("two-spaces", "Two spaces before the status.", b"HTTP/1.1  200 OK\r\nLENGTH\r\n"),
    ("tab-after-status", "A tab after the status.", b"HTTP/1.1 200\tOK\r\nLENGTH\r\n"),
    ("cr-in-status", "A lone carriage return inside the reason.", b"HTTP/1.1 200 O\rK\r\nLENGTH\r\n"),
    ("nul-in-reason", "A NUL inside the reason.", b"HTTP/1.1 200 O\0K\r\nLENGTH\r\n"),
    ("space-in-name", "A space inside a header's name.", b"HTTP/1.1 200 OK\r\nX A: a\r\nLENGTH\r\n"),
    ("space-before-colon", "A space before a header's colon.", b"HTTP/1.1 200 OK\r\nX-A : a\r\nLENGTH\r\n"),
    ("space-before-colon-of-length", "A space before the colon of the length, which some readers then ignore.",
     b"HTTP/1.1 200 OK\r\nContent-Length : 83\r\nLENGTH\r\n"),
    ("name-not-ascii", "A letter beyond ASCII in a header's name.", b"HTTP/1.1 200 OK\r\nX-\xe4: a\r\nLENGTH\r\n"),
    ("strange-interim", "An interim head whose status line is not exact.",
     b"HTTP/1.1 103Hints\r\n\r\nHTTP/1.1 200 OK\r\nLENGTH\r\n"),
    ("lower-case-protocol", "http in lower case.", b"http/1.1 200 OK\r\nLENGTH\r\n"),
    ("version-2", "HTTP/2 in clear text.", b"HTTP/2 200 OK\r\nLENGTH\r\n"),
    ("tab-for-space", "A tab before the status.", b"HTTP/1.1\t200 OK\r\nLENGTH\r\n"),
    ("glued-status", "No space between the status and its reason.", b"HTTP/1.1 200OK\r\nLENGTH\r\n"),
    ("no-colon", "A header without a colon.", b"HTTP/1.1 200 OK\r\nnonsense\r\nLENGTH\r\n"),
    ("no-name", "A header without a name.", b"HTTP/1.1 200 OK\r\n: value\r\nLENGTH\r\n"),
    ("folded-length", "A length folded over two lines, the first of which would suffice.",
     b"HTTP/1.1 200 OK\r\nContent-Length: 83\r\n 3\r\n\r\n"),
    ("folded-coding", "A Transfer-Encoding folded over two lines.",
     b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip,\r\n chunked\r\n\r\n"),
    ("folded-status", "A status line folded over two lines.", b"HTTP/1.1 200\r\n OK\r\nLENGTH\r\n"),
    ("cr-in-header", "A lone carriage return inside a header.", b"HTTP/1.1 200 OK\r\nX-A: a\rb\r\nLENGTH\r\n"),
):
    raw(name, doc, first)

# Folded headers are obsolete, but valid HTTP. libcurl 8.22 joins the lines before the library sees them; with earlier
# versions the library refuses them.
raw("folded", "A header folded over three lines.", b"HTTP/1.1 200 OK\r\nX-A: a\r\n b\r\n\tc\r\nLENGTH\r\n", OK,
    BAD_REPLY, kind=either)


def ending(name, doc, text, reset=False):
    """The connection ends inside the head."""

    def act(exchange):
        exchange.send(text)
        if reset:
            exchange.connection.reset()

    act.__doc__ = doc
    bad(f"head/{name}", TRANSFER_FAILED)(act)


ending("cut-in-protocol", "Closes within the word HTTP.", b"HT")
ending("cut-in-status", "Closes within the status.", b"HTTP/1.1 2")
ending("cut-after-status-line", "Closes after the status line.", b"HTTP/1.1 200 OK\r\n")
ending("cut-in-header", "Closes within a header.", b"HTTP/1.1 200 OK\r\nContent-Le")
ending("cut-before-blank-line", "Closes when only the blank line is missing.", b"HTTP/1.1 200 OK\r\nX-A: b\r\n")
ending("reset-in-header", "Resets within a header.", b"HTTP/1.1 200 OK\r\nContent-Le", reset=True)
ending("reset-after-status-line", "Resets after the status line.", b"HTTP/1.1 200 OK\r\n", reset=True)


@bad("head/endless", BAD_REPLY)
def endless(exchange):
    """Headers without end, as fast as the client accepts them."""
    exchange.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        exchange.send(b"".join(b"X-%d: %s\r\n" % (n, b"y" * 100) for n in range(256)))


@bad("head/endless-line", BAD_REPLY)
def endless_line(exchange):
    """One header without end."""
    exchange.send(b"HTTP/1.1 200 OK\r\nX-A: ")
    while True:
        exchange.send(b"y" * 16384)


@bad("head/endless-status-line", BAD_REPLY)
def endless_status_line(exchange):
    """A status line without end."""
    exchange.send(b"HTTP/1.1 200 ")
    while True:
        exchange.send(b"y" * 16384)


@bad("head/endless-without-a-line", BAD_REPLY)
def endless_without_a_line(exchange):
    """No end of line at all, and nothing that begins like HTTP."""
    while True:
        exchange.send(b"y" * 16384)


@bad("head/flood", BAD_REPLY)
def flood(exchange):
    """Ten thousand headers, and then a permission."""
    lines = [f"X-{n}: {n}" for n in range(10_000)]
    return exchange.reply(STRAY, "200 OK", *lines)


@bad("head/6000-headers", BAD_REPLY)
def many_short_headers(exchange):
    """Six thousand headers of the shortest kind, 30 KB in all. libcurl 7.88 accepts any number of lines; 8.14 and later
    accept five thousand. The library accepts a thousand.
    """
    return exchange.reply(STRAY, "200 OK", *["a:"] * 6000)


@bad("head/1001-lines", BAD_REPLY)
def one_line_too_many(exchange):
    """A head of 1,001 lines: the status line, 999 headers and the empty line."""
    return exchange.reply(STRAY, "200 OK", *["a:"] * 997)


@bad("head/100-kb-header", BAD_REPLY)
def large_header(exchange):
    """One header of 100 KB, and then a permission."""
    return exchange.reply(STRAY, "200 OK", "X-A: " + "y" * 100_000)


@bad("head/interim-endless", BAD_REPLY)
def interim_endless(exchange):
    """1xx heads without end."""
    while True:
        exchange.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 256)


@bad("head/interim-600", BAD_REPLY)
def many_interim_heads(exchange):
    """Six hundred 1xx heads of two lines, each small, and then a permission."""
    exchange.send(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 600)
    return exchange.reply(STRAY)


# An interim head has no body. A reader that believes its length takes the answer for that body.
for name, line in {
    "length": f"Content-Length: {len(STRAY)}", "length-0": "Content-Length: 0", "chunks": "Transfer-Encoding: chunked",
}.items():
    raw(f"interim-with-{name}", f"An interim head with {line}.",
        b"HTTP/1.1 103 Early Hints\r\n" + line.encode() + b"\r\n\r\nHTTP/1.1 200 OK\r\nLENGTH\r\n")


@bad("head/interim-then-silence", TIMEOUT, waits=True)
def interim_then_silence(exchange):
    """100 Continue, and then nothing."""
    exchange.send(b"HTTP/1.1 100 Continue\r\n\r\n")
    exchange.hold()


@bad("head/interim-then-close", TRANSFER_FAILED)
def interim_then_close(exchange):
    """100 Continue, followed by a close."""
    exchange.send(b"HTTP/1.1 100 Continue\r\n\r\n")


@bad("head/interim-with-a-permission", BAD_REPLY)
def interim_with_a_permission(exchange):
    """The permission under 100 Continue, which has no body and decides nothing."""
    exchange.send(exchange.head("100 Continue", f"Content-Length: {len(STRAY)}") + STRAY)


@bad("head/101-unasked", BAD_REPLY)
def switching_protocols(exchange):
    """Switches to another protocol, and sends a permission in it."""
    exchange.send(exchange.head("101 Switching Protocols", "Upgrade: h2c", "Connection: Upgrade") + STRAY)

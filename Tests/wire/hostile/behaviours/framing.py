"""Wrong or doubtful statements of where a body ends."""

from registry import BAD_REPLY, OK, TRANSFER_FAILED, bad, either
from replies import STRAY

WHOLE = len(STRAY)


def lengths(kind, name, doc, headers, *statuses, body=STRAY, closes=True, **traits):
    """A reply with these framing headers, followed by a close."""

    def act(exchange):
        exchange.expect(STRAY)
        exchange.send(exchange.head("200 OK", *headers) + body)
        return None if closes else exchange.KEEP

    act.__doc__ = doc
    kind(f"framing/{name}", *statuses, **traits)(act)


for missing in (1, 2, 1000):
    lengths(bad, f"length-{missing}-too-long", f"Promises {missing} bytes more than it sends.",
            [f"Content-Length: {WHOLE + missing}"], TRANSFER_FAILED)
for extra in (1, 2, 40):
    lengths(bad, f"length-{extra}-too-short", f"Sends {extra} bytes more than it promised: the JSON is cut.",
            [f"Content-Length: {WHOLE - extra}"], BAD_REPLY)
lengths(bad, "length-0", "Promises nothing, and sends a permission.", ["Content-Length: 0"], BAD_REPLY)
lengths(bad, "length-100-mb", "Promises 100 MB.", ["Content-Length: 104857600"], TRANSFER_FAILED)

# None of these is a Content-Length (RFC 9112, 6.3), so the intended length of the body cannot be known.
for name, value in {
    "negative": f"-{WHOLE}", "word": "many", "empty": "", "hexadecimal": f"0x{WHOLE:x}", "plus": f"+{WHOLE}",
    "two-numbers": f"{WHOLE} {WHOLE}", "unit": f"{WHOLE}b", "fraction": f"{WHOLE}.5",
    "differing-list": f"{WHOLE}, {WHOLE + 9}",
    "2-to-63": "9223372036854775808", "2-to-64": "18446744073709551616", "wraps-to-fit": str(2**64 + WHOLE),
    "30-digits": "9" * 30,
}.items():
    lengths(bad, f"length-{name}", f"Content-Length: {value}", [f"Content-Length: {value}"], BAD_REPLY)

lengths(bad, "lengths-differ", "Two lengths; the last one fits.",
        ["Content-Length: 5", f"Content-Length: {WHOLE}"], BAD_REPLY)
lengths(bad, "lengths-differ-first-fits", "Two lengths; the first one fits.",
        [f"Content-Length: {WHOLE}", f"Content-Length: {WHOLE + 20}"], BAD_REPLY)
lengths(either, "lengths-agree", "The same length twice.",
        [f"Content-Length: {WHOLE}", f"Content-Length: {WHOLE}"], OK, closes=False)
lengths(bad, "length-in-a-list-twice", "The same length twice in one header.",
        [f"Content-Length: {WHOLE}, {WHOLE}"], BAD_REPLY)

lengths(bad, "closed-without-a-body", "A body that ends with the connection, at once.", [], BAD_REPLY, body=b"")
lengths(bad, "closed-within-the-json", "A body that ends with the connection, too early.", [], BAD_REPLY,
        body=STRAY[:40])


@bad("framing/cut-in-body", TRANSFER_FAILED)
def cut_in_body(exchange):
    """Closes within the body."""
    exchange.send(exchange.head("200 OK", f"Content-Length: {WHOLE}") + STRAY[:30])


@bad("framing/cut-before-body", TRANSFER_FAILED)
def cut_before_body(exchange):
    """Closes between head and body."""
    exchange.send(exchange.head("200 OK", f"Content-Length: {WHOLE}"))


@bad("framing/reset-in-body", TRANSFER_FAILED)
def reset_in_body(exchange):
    """Resets within the body."""
    exchange.send(exchange.head("200 OK", f"Content-Length: {WHOLE}") + STRAY[:30])
    exchange.connection.reset()


@bad("framing/reset-before-the-last-byte", TRANSFER_FAILED)
def reset_before_the_last_byte(exchange):
    """Resets when only the last bracket is missing."""
    exchange.send(exchange.head("200 OK", f"Content-Length: {WHOLE}") + STRAY[:-1])
    exchange.connection.reset()


@bad("framing/reset-instead-of-the-end", TRANSFER_FAILED)
def reset_instead_of_the_end(exchange):
    """A complete permission in a body that ends with the connection, which is then reset instead of closed."""
    exchange.send(exchange.head() + STRAY)
    exchange.pause(0.05)
    exchange.connection.reset()


# libcurl decodes gzip, deflate, br and zstd without being asked, layer by layer, and ignores "identity".
for name, value in {
    "unknown": "rot13", "unknown-then-chunked": "rot13, chunked", "chunked-then-unknown": "chunked, rot13",
    "gzip": "gzip", "gzip-layers": "gzip, gzip, gzip, chunked", "deflate": "deflate, chunked", "br": "br, chunked",
    "zstd": "zstd, chunked", "chunked-twice": "chunked, chunked", "chunked-with-parameter": "chunked;q=1", "empty": "",
}.items():
    lengths(bad, f"coding-{name}", f"Transfer-Encoding: {value}", [f"Transfer-Encoding: {value}"], BAD_REPLY)

lengths(bad, "coding-chunked-but-plain", "Announces chunks, and sends plain JSON.",
        ["Transfer-Encoding: chunked"], BAD_REPLY)
lengths(bad, "coding-gzip-but-plain", "Announces a gzipped transfer, and sends plain JSON.",
        ["Transfer-Encoding: gzip, chunked"], BAD_REPLY)
lengths(bad, "codings-in-two-headers", "Announces chunks twice, in two headers.",
        ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], BAD_REPLY,
        body=b"%x\r\n%b\r\n0\r\n\r\n" % (WHOLE, STRAY))
for name, value in {"gzip": "gzip", "x-gzip": "X-Gzip", "deflate": "deflate", "br": "br", "zstd": "zstd",
                    "unknown": "rot13", "two": "identity, gzip"}.items():
    lengths(bad, f"content-coding-{name}", f"Content-Encoding: {value}, over plain JSON.",
            [f"Content-Encoding: {value}", f"Content-Length: {WHOLE}"], BAD_REPLY)

# A length and chunks that agree: some readers take this for an error and some do not, and another reader on the way may
# follow the other one.
CHUNKED = b"%x\r\n%b\r\n0\r\n\r\n" % (WHOLE, STRAY)
lengths(bad, "length-and-chunks", "A length and chunks, which agree.",
        [f"Content-Length: {WHOLE}", "Transfer-Encoding: chunked"], BAD_REPLY, body=CHUNKED)
lengths(bad, "length-of-the-chunks", "Chunks, and a length that includes their framing.",
        ["Transfer-Encoding: chunked", f"Content-Length: {len(CHUNKED)}"], BAD_REPLY, body=CHUNKED)
lengths(bad, "chunks-not-announced", "Chunks under a plain length.",
        [f"Content-Length: {len(CHUNKED)}"], BAD_REPLY, body=CHUNKED)
lengths(bad, "coding-identity", "Transfer-Encoding: identity, which HTTP/1.1 no longer has.",
        ["Transfer-Encoding: identity", f"Content-Length: {WHOLE}"], BAD_REPLY)


@bad("framing/chunks-of-http-1.0", BAD_REPLY)
def chunks_of_old_http(exchange):
    """Chunks under HTTP/1.0, which has none."""
    exchange.send(b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKED)

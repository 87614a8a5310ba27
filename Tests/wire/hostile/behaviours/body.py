"""Bodies that are too large, compressed, or not JSON."""

import functools
import gzip
import zlib

from registry import BAD_REPLY, OK, bad, good
from replies import STRAY

MEGABYTE = 1024 * 1024
# The library's limits: maximumReplyBytes of a list, and maximumValues of JSON.
LONGEST_LIST = 4 * MEGABYTE
MOST_VALUES = 100_000
HTML = b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>allowed:true</body></html>\n"


def text(name, doc, body, type="text/html"):
    def act(exchange):
        return exchange.reply(body, type=type)

    act.__doc__ = doc
    bad(f"body/{name}", BAD_REPLY)(act)


text("html", "HTTP 200 with a page of HTML, as a captive portal sends.", HTML)
text("html-called-json", "HTML that claims to be JSON.", HTML, type="application/json")
text("html-around-json", "JSON inside HTML.", b"<html><pre>" + STRAY + b"</pre></html>")
text("xml", "XML.", b'<?xml version="1.0"?><reply allowed="true"/>', type="application/xml")
text("yaml", "YAML.", b"allowed: true\ncode: ALLOW\n", type="application/yaml")
text("form", "A form.", b"allowed=true&code=ALLOW", type="application/x-www-form-urlencoded")
text("multipart", "The JSON as a part of a multipart body.",
     b"--b\r\nContent-Type: application/json\r\n\r\n" + STRAY + b"\r\n--b--\r\n", type="multipart/mixed; boundary=b")
text("event-stream", "The JSON as a server-sent event.", b"data: " + STRAY + b"\n\n", type="text/event-stream")
text("log", "Two lines of a log before the JSON.", b"warning: deprecated\nnotice: x\n" + STRAY)
text("empty", "Nothing.", b"")
text("white-space", "White space.", b" \r\n\t \n")
text("random", "Bytes without meaning.", bytes((n * 73 + 41) % 256 for n in range(4096)), type="application/octet-stream")
text("protobuf", "A protobuf message with its field set.", b"\x08\x01\x12\x05ALLOW", type="application/protobuf")


@functools.cache
def bomb():
    """200 MB of white space in 200 KB."""
    return gzip.compress(b" " * (200 * MEGABYTE))


def packed(kind, name, doc, coding, body, *statuses, **traits):
    def act(exchange):
        return exchange.reply(body(), "200 OK", f"Content-Encoding: {coding}")

    act.__doc__ = doc
    kind(f"body/{name}", *statuses, prepare=body, **traits)(act)


packed(bad, "gzip", "A gzipped reply, which was not requested.", "gzip", lambda: gzip.compress(STRAY), BAD_REPLY)
packed(bad, "deflate", "A deflated reply, which was not requested.", "deflate", lambda: zlib.compress(STRAY), BAD_REPLY)
packed(bad, "gzip-broken", "Truncated gzip.", "gzip", lambda: gzip.compress(STRAY)[:-6], BAD_REPLY)
packed(bad, "gzip-bomb", "200 MB of white space, gzipped to 200 KB.", "gzip", bomb, BAD_REPLY)
packed(bad, "gzip-but-plain", "Plain JSON that claims to be gzip.", "gzip", lambda: STRAY, BAD_REPLY)


@functools.cache
def layered_bomb():
    """100 copies of it, gzipped three times, which take 20 seconds to unpack."""
    return gzip.compress(gzip.compress(b"".join(bomb() for _ in range(100))))


def transfer_coded(name, doc, coding, body):
    """libcurl unpacks such a body without being asked, in one step, however long that takes."""

    def act(exchange):
        exchange.expect(STRAY)
        data = body()
        exchange.send(exchange.head("200 OK", f"Transfer-Encoding: {coding}, chunked"))
        exchange.send(b"%x\r\n%b\r\n0\r\n\r\n" % (len(data), data))

    act.__doc__ = doc
    bad(f"body/{name}", BAD_REPLY, prepare=body)(act)


transfer_coded("transfer-gzip-bomb", "200 MB of white space in a gzipped transfer.", "gzip", bomb)
transfer_coded("transfer-gzip-layers", "20 GB of white space, gzipped three times.", "gzip, gzip, gzip", layered_bomb)
transfer_coded("transfer-gzip-cut", "A truncated gzipped transfer.", "gzip", lambda: gzip.compress(STRAY)[:-10])
transfer_coded("transfer-gzip", "A gzipped transfer, which was not requested.", "gzip", lambda: gzip.compress(STRAY))


@functools.cache
def padded(size):
    """A permission of this many bytes."""
    return STRAY[:-1] + b',"padding":"' + b"x" * (size - len(STRAY) - 13) + b'"}'


def large(name, doc, size, *list_statuses, **traits):
    def act(exchange):
        return exchange.reply(padded(size))

    act.__doc__ = doc
    bad(f"body/{name}", BAD_REPLY, by_operation={"list_devices": list_statuses},
        prepare=lambda: padded(size), **traits)(act)


# Only a list of devices may be long.
large("1-mb", "A permission of 1 MB.", MEGABYTE, OK)
large("4-mb", "A permission of 4 MB, the longest that a list may be.", LONGEST_LIST, OK, peak_mb=40)
large("4-mb-and-a-byte", "A permission one byte longer than that.", LONGEST_LIST + 1, BAD_REPLY)


def flowing(name, doc, headers, piece, wrap=lambda piece: piece, pieces=None):
    """A permission, followed by more than a client can hold."""

    def act(exchange):
        exchange.send(exchange.head("200 OK", *headers))
        exchange.send(wrap(STRAY))
        sent = 0
        while pieces is None or sent < pieces:
            exchange.send(wrap(piece))
            sent += 1
        exchange.hold()

    act.__doc__ = doc
    bad(f"body/{name}", BAD_REPLY)(act)


SPACE = b" " * MEGABYTE
flowing("100-mb", "A permission, and white space up to 100 MB.",
        [f"Content-Length: {100 * MEGABYTE + len(STRAY)}"], SPACE, pieces=100)
flowing("100-mb-until-close", "A permission, and 100 MB of white space, in a body that ends with the connection.",
        ["Connection: close"], SPACE, pieces=100)
flowing("endless", "A permission, and white space without end.", [f"Content-Length: {10**15}"], SPACE)
flowing("endless-until-close", "A permission, and white space without end or length.", ["Connection: close"], SPACE)
flowing("endless-objects", "One permission after another, without end.", ["Connection: close"], STRAY * 1000)


def crowded(element, values):
    """A permission with this many JSON values, most of them `element`: two bytes on the wire cost a parser seventy."""
    counted = 2 if element in (b"[]", b"{}") else 1  # each opening bracket and each comma counts
    elements = [element] * ((values - 2) // counted)
    return b'{"allowed":true,"devices":[' + b",".join(elements) + b"]}"


def dense(name, element):
    @functools.cache
    def body():
        values = crowded(element, MOST_VALUES - 1)
        return values[:-1] + b',"padding":"' + b"x" * (LONGEST_LIST - len(values) - 13) + b'"}'

    def act(exchange):
        return exchange.reply(body())

    act.__doc__ = f"As many {element.decode()} as are allowed, in the longest list that is allowed."
    bad(f"body/dense-{name}", BAD_REPLY, by_operation={"list_devices": [OK]}, peak_mb=40, prepare=body)(act)


dense("arrays", b"[]")
dense("objects", b"{}")
dense("numbers", b"1")


@good("body/dense-but-small", peak_mb=40)
def dense_but_small(exchange):
    """A permission of 150 KB that is mostly empty objects: small enough to be read, and then as large in memory as
    possible.
    """
    return exchange.reply(crowded(b"{}", MOST_VALUES))


@bad("body/dense-one-too-many", BAD_REPLY)
def dense_one_too_many(exchange):
    """A permission of 200 KB with one value more than is allowed."""
    return exchange.reply(crowded(b"1", MOST_VALUES + 1))

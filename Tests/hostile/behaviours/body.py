"""Bodies that are too large, packed, or no JSON at all."""

import functools
import gzip
import zlib

from registry import BAD_REPLY, OK, TRANSFER_FAILED, bad, either
from replies import STRAY

MEGABYTE = 1024 * 1024
HTML = b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>allowed:true</body></html>\n"


def text(name, doc, body, type="text/html"):
    def act(exchange):
        return exchange.reply(body, type=type)

    act.__doc__ = doc
    bad(f"body/{name}", BAD_REPLY)(act)


text("html", "HTTP 200 with a page of HTML, as a captive portal sends.", HTML)
text("html-called-json", "HTML that says it is JSON.", HTML, type="application/json")
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
text("protobuf", "A message of protobuf, with its field set.", b"\x08\x01\x12\x05ALLOW", type="application/protobuf")


@functools.cache
def bomb():
    """200 MB of white space in 200 KB."""
    return gzip.compress(b" " * (200 * MEGABYTE))


def packed(kind, name, doc, coding, body, *statuses, **traits):
    def act(exchange):
        return exchange.reply(body(), "200 OK", f"Content-Encoding: {coding}")

    act.__doc__ = doc
    kind(f"body/{name}", *statuses, prepare=body, **traits)(act)


packed(bad, "gzip", "A gzipped reply, which nobody asked for.", "gzip", lambda: gzip.compress(STRAY), BAD_REPLY)
packed(bad, "deflate", "A deflated reply, which nobody asked for.", "deflate", lambda: zlib.compress(STRAY), BAD_REPLY)
packed(bad, "gzip-broken", "Gzip that is cut.", "gzip", lambda: gzip.compress(STRAY)[:-6], BAD_REPLY)
packed(bad, "gzip-bomb", "200 MB of white space, gzipped to 200 KB.", "gzip", bomb, BAD_REPLY)
packed(either, "gzip-but-plain", "Plain JSON that says it is gzip.", "gzip", lambda: STRAY, OK, BAD_REPLY)


def transfer_coded(kind, name, doc, body, *statuses, **traits):
    def act(exchange):
        exchange.expect(STRAY)
        data = body()
        exchange.send(exchange.head("200 OK", "Transfer-Encoding: gzip, chunked"))
        exchange.send(b"%x\r\n%b\r\n0\r\n\r\n" % (len(data), data))

    act.__doc__ = doc
    kind(f"body/{name}", *statuses, prepare=body, **traits)(act)


transfer_coded(bad, "transfer-gzip-bomb", "200 MB of white space in a gzipped transfer, which curl unpacks unasked.",
               bomb, BAD_REPLY, TRANSFER_FAILED)
transfer_coded(bad, "transfer-gzip-cut", "A gzipped transfer that is cut.",
               lambda: gzip.compress(STRAY)[:-10], BAD_REPLY, TRANSFER_FAILED)
transfer_coded(either, "transfer-gzip", "A gzipped transfer, which nobody asked for.",
               lambda: gzip.compress(STRAY), OK, BAD_REPLY, TRANSFER_FAILED)


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


# A list of a thousand devices may be long; nothing else is.
large("1-mb", "A permission of 1 MB.", MEGABYTE, OK)
large("15-mb", "A permission of 15 MB.", 15 * MEGABYTE, OK, BAD_REPLY, peak_mb=64)
large("17-mb", "A permission of 17 MB.", 17 * MEGABYTE, BAD_REPLY)


def flowing(name, doc, headers, piece, wrap=lambda piece: piece, pieces=None):
    """A permission, and then more than anybody can hold."""

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
flowing("endless-objects", "One permission after the other.", ["Connection: close"], STRAY * 1000)


def dense(name, element):
    """As many JSON values as fit: what costs a byte or three on the wire costs a parser a hundred."""

    @functools.cache
    def body():
        elements = [element] * ((15 * MEGABYTE) // (len(element) + 1))
        return b'{"allowed":true,"devices":[' + b",".join(elements) + b"]}"

    def act(exchange):
        return exchange.reply(body())

    act.__doc__ = f"15 MB of {element.decode()}: as many values as fit."
    bad(f"body/dense-{name}", BAD_REPLY, by_operation={"list_devices": [OK, BAD_REPLY]}, peak_mb=64,
        prepare=body)(act)


@either("body/dense-but-small", OK, BAD_REPLY)
def dense_but_small(exchange):
    """A permission of 250 KB, which is mostly empty objects: small enough to be read, and then as large as it gets."""
    return exchange.reply(STRAY[:-1] + b',"a":[' + b"{}," * 83_000 + b"{}]}")


dense("arrays", b"[]")
dense("objects", b"{}")
dense("numbers", b"1")

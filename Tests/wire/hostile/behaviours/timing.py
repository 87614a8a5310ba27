"""Slow servers. A client waits as long as its options say, and not a moment longer."""

import functools

from registry import OK, TIMEOUT, bad, either
from replies import STRAY

from .body import MOST_VALUES, crowded

SLOW = 1.0  # seconds from one byte to the next
STEADY = 0.02


def silent(name, doc, parts):
    """Sends these bytes, and nothing more."""

    def act(exchange):
        exchange.send(parts(exchange))
        exchange.hold()

    act.__doc__ = doc
    bad(f"timing/silence-{name}", TIMEOUT, waits=True)(act)


WHOLE = f"Content-Length: {len(STRAY)}"
silent("after-the-request", "Reads the request and sends nothing.", lambda exchange: b"")
silent("in-status-line", "Sends nothing after half a status line.", lambda exchange: b"HTTP/1.1 2")
silent("after-status-line", "Sends nothing after the status line.", lambda exchange: b"HTTP/1.1 200 OK\r\n")
silent("before-blank-line", "Sends nothing when only the blank line is missing.",
       lambda exchange: exchange.head("200 OK", WHOLE)[:-2])
silent("before-body", "Sends nothing between head and body.", lambda exchange: exchange.head("200 OK", WHOLE))
silent("in-body", "Sends nothing after half of the body.", lambda exchange: exchange.head("200 OK", WHOLE) + STRAY[:40])
silent("before-last-byte", "Sends nothing when only the last bracket is missing.",
       lambda exchange: exchange.head("200 OK", WHOLE) + STRAY[:-1])
silent("instead-of-close", "A complete permission in a body that ends with the connection, which stays open.",
       lambda exchange: exchange.head() + STRAY)
silent("in-chunk", "Sends nothing within a chunk.",
       lambda exchange: exchange.head("200 OK", "Transfer-Encoding: chunked") + b"53\r\n" + STRAY[:40])
silent("after-length-of-more", "A complete permission, and silence instead of the promised white space.",
       lambda exchange: exchange.head("200 OK", f"Content-Length: {len(STRAY) + 9}") + STRAY)


def dripping(name, doc, text, interval):
    """Sends one piece after another, so slowly that the reply cannot arrive in time."""

    def act(exchange):
        for piece in text(exchange):
            exchange.send(piece)
            exchange.pause(interval)

    act.__doc__ = doc
    bad(f"timing/{name}", TIMEOUT, waits=True)(act)


def bytes_of(text):
    return (bytes([byte]) for byte in text)


def forever(piece):
    while True:
        yield piece


def endless(start, piece):
    yield start
    yield from forever(piece)


dripping("byte-a-second", "A complete reply, one byte per second.",
         lambda exchange: bytes_of(exchange.head("200 OK", WHOLE) + STRAY), SLOW)
dripping("byte-a-second-body", "A complete head at once, and the body one byte per second.",
         lambda exchange: (piece for part in ([exchange.head("200 OK", WHOLE)], bytes_of(STRAY)) for piece in part), SLOW)
dripping("header-every-20-ms", "Headers without end, one every 20 ms.",
         lambda exchange: endless(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"), STEADY)
dripping("header-byte-every-20-ms", "One header without end, a byte every 20 ms.",
         lambda exchange: endless(b"HTTP/1.1 200 OK\r\nX-A: ", b"b"), STEADY)
dripping("interim-every-20-ms", "103 Early Hints every 20 ms, for ever.",
         lambda exchange: forever(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"), STEADY)
dripping("continue-every-20-ms", "100 Continue every 20 ms, for ever.",
         lambda exchange: forever(b"HTTP/1.1 100 Continue\r\n\r\n"), STEADY)
dripping("space-every-20-ms", "White space before the JSON, a byte every 20 ms.",
         lambda exchange: endless(exchange.head("200 OK", "Content-Length: 100000"), b" "), STEADY)
dripping("chunk-every-20-ms", "A permission, and then chunks of white space every 20 ms.",
         lambda exchange: endless(
             exchange.head("200 OK", "Transfer-Encoding: chunked") + b"%x\r\n%b\r\n" % (len(STRAY), STRAY), b"1\r\n \r\n"),
         STEADY)
dripping("until-close-every-20-ms", "A permission, and then white space every 20 ms instead of the close.",
         lambda exchange: endless(exchange.head("200 OK", "Connection: close") + STRAY, b" "), STEADY)


@bad("timing/too-late", TIMEOUT, waits=True)
def too_late(exchange):
    """A right answer, 200 ms after the client's time is over."""
    exchange.pause(exchange.visit.timeout_ms / 1000 + 0.2)
    return exchange.reply()


@bad("timing/last-byte-too-late", TIMEOUT, waits=True)
def last_byte_too_late(exchange):
    """A right answer in time, except for its last byte."""
    exchange.send(exchange.head("200 OK", f"Content-Length: {len(exchange.real)}") + exchange.real[:-1])
    exchange.pause(exchange.visit.timeout_ms / 1000 + 0.2)
    exchange.send(exchange.real[-1:])
    return exchange.KEEP


def just_in_time(kind, name, doc, body, *statuses, **traits):
    """The reply is complete 15 ms before the time is over: reading it must not make the client late."""

    def act(exchange):
        entity = body()
        exchange.expect(entity)
        exchange.send(exchange.head("200 OK", f"Content-Length: {len(entity)}") + entity[:-1])
        exchange.pause(exchange.visit.timeout_ms / 1000 - exchange.age - 0.015)
        exchange.send(entity[-1:])
        return exchange.KEEP

    act.__doc__ = doc
    kind(f"timing/{name}-just-in-time", *statuses, waits=True, prepare=body, **traits)(act)


def device_list(count, digits):
    return b'{"status":"ok","devices":[' + b",".join(
        b'{"deviceId":"worker:%0*d","revoked":false}' % (digits, n) for n in range(count)) + b"]}"


# jansson reads about 30 MB per second, after the last byte has arrived.
just_in_time(bad, "512-kb", "A list of 512 KB, with a thousand devices, at the last moment.",
             functools.cache(lambda: device_list(1000, 472)), OK, TIMEOUT, operations=("list_devices",))
just_in_time(bad, "4-mb", "The largest list allowed, at the last moment: reading it takes more time than is left.",
             functools.cache(lambda: device_list(33300, 86)), TIMEOUT, operations=("list_devices",), peak_mb=40)
just_in_time(either, "dense", "A permission with as many values as are allowed, at the last moment.",
             functools.cache(lambda: crowded(b"1", MOST_VALUES)), OK, TIMEOUT, operations=("validate",))

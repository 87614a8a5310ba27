"""The org key sent back to the client, in every place where a server can put text. It must appear in no message.

The error texts of libcurl and OpenSSL repeat what they did not understand. `judge.py` looks for the key in each
message.
"""

from registry import BAD_REPLY, TRANSFER_FAILED, bad
from replies import STRAY

KEY = b"org_hostile_test"
LENGTH = b"Content-Length: %d\r\n\r\n" % len(STRAY)


def echo(name, doc, wire, *statuses):
    def act(exchange):
        exchange.send(wire + (STRAY if wire.endswith(b"\r\n\r\n") else b""))

    act.__doc__ = f"The key {doc}."
    bad(f"echo/{name}", *(statuses or [BAD_REPLY]))(act)


echo("status-line", "as the status line", KEY + b"\r\n" + LENGTH)
echo("protocol", "as the protocol", KEY + b"/1.1 200 OK\r\n" + LENGTH)
echo("version", "as the version", b"HTTP/" + KEY + b" 200 OK\r\n" + LENGTH)
echo("status", "as the status", b"HTTP/1.1 " + KEY + b"\r\n" + LENGTH)
echo("reason", "as the reason of a redirect", b"HTTP/1.1 302 " + KEY + b"\r\n" + LENGTH)
echo("line", "as a line without a colon", b"HTTP/1.1 200 OK\r\n" + KEY + b"\r\n" + LENGTH)
echo("folded", "in a folded line before any header", b"HTTP/1.1 200 OK\r\n " + KEY + b"\r\n" + LENGTH)
echo("length", "as the length", b"HTTP/1.1 200 OK\r\nContent-Length: " + KEY + b"\r\n\r\n")
for header in ("Transfer-Encoding", "Content-Encoding"):
    echo(header.lower(), f"as the {header}", b"HTTP/1.1 200 OK\r\n%b: %b\r\n%b" % (header.encode(), KEY, LENGTH))
    echo(f"{header.lower()}-gzip", f"after gzip in the {header}",
         b"HTTP/1.1 200 OK\r\n%b: gzip, %b\r\n%b" % (header.encode(), KEY, LENGTH))
echo("nul", "beside a NUL", b"HTTP/1.1 200 OK\r\nX: " + KEY + b"\0\r\n" + LENGTH)
echo("location", "in a Location that is not a URL",
     b"HTTP/1.1 301 Moved\r\nLocation: ht!tp://" + KEY + b"\r\n" + LENGTH)
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
echo("chunk-size", "as the size of a chunk", CHUNKED + KEY + b"\r\nx\r\n", BAD_REPLY, TRANSFER_FAILED)
echo("trailer", "as a trailer without a colon", CHUNKED + b"2\r\n{}\r\n0\r\n" + KEY + b"\r\n\r\n", BAD_REPLY, TRANSFER_FAILED)
echo("upgrade", "as the protocol to switch to", b"HTTP/1.1 101 Switching\r\nUpgrade: " + KEY + b"\r\n\r\n")


@bad("echo/body", BAD_REPLY)
def body(exchange):
    """The key as the body."""
    return exchange.reply(KEY)


@bad("echo/duplicate-key", BAD_REPLY)
def duplicate_key(exchange):
    """The key as a key of JSON, twice."""
    return exchange.reply(b'{"allowed":true,"%b":1,"%b":2}' % (KEY, KEY))


@bad("echo/device", BAD_REPLY, operations=("validate", "register", "guard_start", "validate_many"))
def device(exchange):
    """The key as the device that the reply is about."""
    return exchange.reply(b'{"allowed":true,"deviceId":"%b"}' % KEY)

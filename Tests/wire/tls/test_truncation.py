"""Replies over TLS that end too soon. An attacker who can cut a TCP connection must not be able to determine where a
reply ends: only TLS itself (close_notify) or the reply's own length may.
"""

import ssl

from checks import expect
from probe import Probe
from servers import ALLOW, Server, http, serve

DELIMITED = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNK = b"%x\r\n%b\r\n" % (len(ALLOW), ALLOW)

IDENTITY = DELIMITED[:-2] + b"Transfer-Encoding: identity\r\n\r\n"
WITHOUT_END = ("MID_BAD_REPLY", "does not say where it ends")
ENCODED = ("MID_BAD_REPLY", "Transfer-Encoding other than chunked")
BROKEN = ("MID_TRANSFER_FAILED", "broke before the reply was complete")
NONE = ("MID_TRANSFER_FAILED", "broke before the reply began")
WHOLE = ("MID_OK", "")
UNAVAILABLE = ("MID_UNAVAILABLE", "HTTP 503")
OUTAGE = DELIMITED.replace(b"200 OK", b"503 Busy") + b"<html>Sorry</html>"

# What the server sends, how it ends the connection, and the outcome. libcurl does not distinguish the two proper
# endings of a connection, so a body that ends with it is not an answer over TLS.
CASES = [
    ("a body shorter than its length", http(ALLOW, length=len(ALLOW) + 1), "cut", BROKEN),
    ("a body shorter than its length, close_notify", http(ALLOW, length=999), "goodbye", BROKEN),
    ("a body shorter than its length, reset", http(ALLOW, length=999), "reset", BROKEN),
    ("a body that ends with the connection", DELIMITED + ALLOW, "cut", WITHOUT_END),
    ("a body that ends with the connection, close_notify", DELIMITED + ALLOW, "goodbye", WITHOUT_END),
    ("a body that ends with the connection, reset", DELIMITED + ALLOW, "reset", WITHOUT_END),
    ("a body that ends with the connection, encoded as it is", IDENTITY + ALLOW, "cut", ENCODED),
    ("a chunked body without its end", CHUNKED + CHUNK, "cut", BROKEN),
    ("a chunked body without its end, close_notify", CHUNKED + CHUNK, "goodbye", BROKEN),
    ("a head without its end", b"HTTP/1.1 200 OK\r\nX-More: y", "cut", BROKEN),
    ("no reply", b"", "cut", NONE),
    ("no reply, close_notify", b"", "goodbye", NONE),
    # An outage is an outage even without its page.
    ("an outage whose page ends with the connection", OUTAGE, "cut", UNAVAILABLE),
    ("an outage whose page ends with the connection, close_notify", OUTAGE, "goodbye", UNAVAILABLE),
    ("an outage whose page ends with the connection, reset", OUTAGE, "reset", UNAVAILABLE),
    ("an outage whose page is shorter than its length", http(b"<html>", "503 Busy", length=999), "cut", BROKEN),
    # A complete reply is accepted, however the connection ends afterwards.
    ("a whole body", http(ALLOW), "cut", WHOLE),
    ("a whole chunked body", CHUNKED + CHUNK + b"0\r\n\r\n", "cut", WHOLE),
]


def script(reply, end):
    def play(conversation):
        conversation.read_request()
        if reply:
            conversation.send(reply)
        if end == "goodbye":
            conversation.say_goodbye()
        elif end == "reset":
            conversation.reset()

    return play


def test_truncation(world):
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = world.certificate.context(version)
        for name, reply, end, (status, message) in CASES:
            with Server(script(reply, end), context) as server:
                with Probe(base_url=server.url, ca_file=world.ca_file) as probe:
                    expected = status if isinstance(status, str) else " or ".join(status)
                    what = f"truncation, {version.name}: {name}: {expected}"
                    expect(what, probe.validate(), status, allowed=status == "MID_OK", message=message)
                    server.script = serve
                    expect(f"{what}; afterwards calls succeed", probe.validate(), "MID_OK", 1)

"""HTTP as real servers speak it. A client must accept all of it."""

from registry import good


def headed(name, doc, status, *headers, type="application/json", **traits):
    """A right answer with a length, under this head."""

    def act(exchange):
        return exchange.reply(None, status, *headers, type=type)

    act.__doc__ = doc
    good(f"good/{name}", **traits)(act)


headed("plain", "An ordinary reply.", "200 OK", reuses=True)
for status in ("201 Created", "202 Accepted", "203 Non-Authoritative Information", "299 Odd"):
    headed(status[:3], f"{status[:3]}.", status, reuses=True)
headed("no-reason", "A status without its reason.", "200 ", reuses=True)
headed("no-reason-no-space", "A status without its reason and without a space after it.", "200", reuses=True)
headed("other-reason", "A reason of the server's own, in Latin-1.", "200 D'accord, \u00e7a va", reuses=True)
headed("no-content-type", "No Content-Type.", "200 OK", type=None, reuses=True)
for name, type in {
    "charset": "application/json; charset=utf-8", "text": "text/plain", "problem": "application/problem+json",
    "vendor": "application/vnd.machineid.v1+json; charset=\"UTF-8\"", "upper-case": "APPLICATION/JSON",
}.items():
    headed(f"type-{name}", f"Content-Type: {type}", "200 OK", type=type, reuses=True)
headed("headers-of-a-cdn", "All headers that a CDN adds.", "200 OK",
       "Date: Tue, 15 Nov 1994 08:12:31 GMT", "Server: nginx",
       "CF-RAY: 8a1b2c3d4e5f-FRA", "CF-Cache-Status: DYNAMIC", 'ETag: W/"abc"', "Vary: Accept-Encoding, Origin",
       "Cache-Control: no-store", "X-Request-Id: 1", "Strict-Transport-Security: max-age=63072000; preload",
       "Set-Cookie: a=b; Path=/; HttpOnly", "Set-Cookie: c=d", 'Alt-Svc: h3=":443"; ma=86400', "Via: 1.1 vegur",
       'Report-To: {"group":"x"}', "Access-Control-Allow-Origin: *", "X-Powered-By: Express", "Age: 0", reuses=True)
headed("header-twice", "A harmless header twice.", "200 OK", "X-A: 1", "X-A: 1", "Cache-Control: no-store",
       "Cache-Control: private", reuses=True)
headed("header-empty", "A header without a value.", "200 OK", "X-A:", "X-B: ", reuses=True)
headed("header-utf-8", "A header in UTF-8.", "200 OK", "X-A: Z\u00c3\u00bcrich", reuses=True)
headed("header-8-kb", "A header of 8 KB.", "200 OK", "Content-Security-Policy: " + "x" * 8192, reuses=True)
headed("hundred-headers", "A hundred headers.", "200 OK", *(f"X-{n}: {n}" for n in range(100)), reuses=True)
headed("location", "A Location under 201, which is not a redirect.",
       "201 Created", "Location: http://localhost:9/", reuses=True)
headed("refresh", "A Refresh header, which is for browsers.", "200 OK", "Refresh: 0; url=http://localhost:9/",
       reuses=True)
headed("challenge", "A WWW-Authenticate header under 200.", "200 OK", 'WWW-Authenticate: Basic realm="x"', reuses=True)
headed("retry-after", "A Retry-After header under 200.", "200 OK", "Retry-After: 3600", reuses=True)
headed("upgrade-offered", "Offers an upgrade.", "200 OK", "Upgrade: h2,h2c", "Connection: Upgrade", reuses=True)
headed("keep-alive", "Connection: keep-alive.", "200 OK", "Connection: keep-alive", reuses=True)


def raw(name, doc, wire, keeps=True, **traits):
    """Sends exactly the bytes that `wire` makes from the right answer."""

    def act(exchange):
        answer = exchange.real
        exchange.expect(answer)
        exchange.send(wire(answer))
        return exchange.KEEP if keeps else None

    act.__doc__ = doc
    good(f"good/{name}", **({"reuses": True} if keeps else {}), **traits)(act)


def chunk(data, extension=b""):
    return b"%x%b\r\n%b\r\n" % (len(data), extension, data)


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
raw("lower-case-headers", "Header names in lower case.",
    lambda body: (b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b"
                  % (len(body), body)))
raw("upper-case-headers", "Header names in capitals.",
    lambda body: b"HTTP/1.1 200 OK\r\nCONTENT-LENGTH: %d\r\n\r\n%b" % (len(body), body))
raw("spaces-around-length", "White space around a header's value.",
    lambda body: b"HTTP/1.1 200 OK\r\nContent-Length: \t %d \t\r\n\r\n%b" % (len(body), body))
raw("no-space-after-colon", "No white space after the colon.",
    lambda body: b"HTTP/1.1 200 OK\r\nContent-Length:%d\r\n\r\n%b" % (len(body), body))
raw("zeros-before-length", "A length with zeros before it.",
    lambda body: b"HTTP/1.1 200 OK\r\nContent-Length: %08d\r\n\r\n%b" % (len(body), body))
raw("line-feeds", "Line feeds without carriage returns in the head.",
    lambda body: b"HTTP/1.1 200 OK\nContent-Length: %d\n\n%b" % (len(body), body))
raw("only-a-length", "No header but the length.",
    lambda body: b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
raw("until-close", "A body that ends with the connection.",
    lambda body: b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body, keeps=False, over_tls=False)
raw("until-close-unannounced", "A body that ends with the connection, without an announcement.",
    lambda body: b"HTTP/1.1 200 OK\r\n\r\n" + body, keeps=False, over_tls=False)
raw("http-1.0", "HTTP/1.0.", lambda body: b"HTTP/1.0 200 OK\r\n\r\n" + body, keeps=False, over_tls=False)
raw("http-1.0-keep-alive", "HTTP/1.0 that keeps the connection.",
    lambda body: b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
raw("close-with-length", "Connection: close, with a length.",
    lambda body: b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body),
    keeps=False)

raw("chunked", "One chunk.", lambda body: CHUNKED + chunk(body) + b"0\r\n\r\n")
raw("chunk-a-byte", "A chunk for each byte.",
    lambda body: CHUNKED + b"".join(chunk(body[n:n + 1]) for n in range(len(body))) + b"0\r\n\r\n")
raw("chunk-extensions", "Chunks with extensions.",
    lambda body: CHUNKED + chunk(body[:9], b";a=b") + chunk(body[9:], b';c="d e"') + b"0;last\r\n\r\n")
raw("chunk-blanks", "Blanks after sizes, and around an extension.",
    lambda body: CHUNKED + chunk(body[:9], b"  \t") + chunk(body[9:], b" ; a=b ") + b"0 \r\n\r\n")
raw("chunk-extension-900-bytes", "A chunk with an extension of 900 bytes.",
    lambda body: CHUNKED + chunk(body, b";" + b"a" * 899) + b"0\r\n\r\n")
raw("chunk-trailers", "Trailers after the chunks.",
    lambda body: CHUNKED + chunk(body) + b"0\r\nX-Digest: abc\r\nX-Time: 3\r\n\r\n")
raw("chunk-capital-size", "Sizes in capitals, with zeros before them.",
    lambda body: CHUNKED + b"%06X\r\n%b\r\n000\r\n\r\n" % (len(body), body))
raw("chunked-capital", "Transfer-Encoding: Chunked.",
    lambda body: CHUNKED.replace(b"chunked", b"Chunked") + chunk(body) + b"0\r\n\r\n")

raw("coding-in-capitals",
    "The name of Transfer-Encoding in capitals, with an I, which in Turkish is not the capital of i.",
    lambda body: CHUNKED.replace(b"Transfer-Encoding", b"TRANSFER-ENCODING") + chunk(body) + b"0\r\n\r\n")

raw("continue-first", "100 Continue before the reply.",
    lambda body: b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
raw("early-hints-first", "Two 103 Early Hints before the reply.",
    lambda body: b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n" * 2
    + b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
raw("processing-first", "102 Processing before the reply.",
    lambda body: b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))


def paced(name, doc, pieces, share):
    """Sends the reply in pieces, spread over this share of the client's time."""

    def act(exchange):
        answer = exchange.real
        exchange.expect(answer)
        parts = pieces(exchange.head("200 OK", f"Content-Length: {len(answer)}"), answer)
        interval = share * exchange.visit.timeout_ms / 1000 / len(parts)
        for part in parts:
            exchange.pause(interval)
            exchange.send(part)
        return exchange.KEEP

    act.__doc__ = doc
    good(f"good/{name}", reuses=True, paced=True)(act)


paced("slow-start", "A reply after half of the time.", lambda head, body: [head + body], 0.5)
paced("slow-body", "A body after half of the time.", lambda head, body: [head, body], 0.5)
paced("slow-but-whole", "A reply in fifty pieces over half of the time.",
      lambda head, body: [
          (head + body)[n * len(head + body) // 50:(n + 1) * len(head + body) // 50] for n in range(50)
      ], 0.5)
paced("byte-by-byte", "A reply byte by byte, as fast as possible.",
      lambda head, body: [bytes([byte]) for byte in head + body], 0)
paced("chunks-byte-by-byte", "Chunks, an extension and a trailer, byte by byte.",
      lambda head, body: [bytes([byte]) for byte in CHUNKED + chunk(body[:9]) + chunk(body[9:], b" ;a=b")
                          + b"0\r\nX-Time: 3\r\n\r\n"], 0)
headed("990-headers", "990 headers: a head may have 1,000 lines.", "200 OK", *["X:"] * 988, reuses=True)

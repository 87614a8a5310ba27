"""Permissions under a status that does not permit anything."""

from registry import BAD_REPLY, OK, REFUSED, UNAVAILABLE, bad, either
from replies import STRAY

REASONS = {
    400: "Bad Request", 401: "Unauthorized", 402: "Payment Required", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 406: "Not Acceptable", 407: "Proxy Authentication Required", 408: "Request Timeout",
    409: "Conflict", 410: "Gone", 411: "Length Required", 412: "Precondition Failed", 413: "Content Too Large",
    414: "URI Too Long", 415: "Unsupported Media Type", 416: "Range Not Satisfiable", 417: "Expectation Failed",
    418: "I'm a teapot", 421: "Misdirected Request", 422: "Unprocessable Content", 423: "Locked", 425: "Too Early",
    426: "Upgrade Required", 428: "Precondition Required", 429: "Too Many Requests", 431: "Request Header Fields Too Large",
    451: "Unavailable For Legal Reasons", 499: "Client Closed Request", 500: "Internal Server Error",
    501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout",
    505: "HTTP Version Not Supported", 511: "Network Authentication Required", 520: "Web Server Returned an Unknown Error",
    599: "Unknown",
}

HEADERS = {
    401: ['WWW-Authenticate: Basic realm="x"', "WWW-Authenticate: Negotiate", "WWW-Authenticate: NTLM"],
    407: ['Proxy-Authenticate: Basic realm="x"'],
    426: ["Upgrade: HTTP/2.0", "Connection: Upgrade"],
}


def status(name, doc, line, body, *statuses, headers=(), kind=bad, **traits):
    def act(exchange):
        return exchange.reply(body, line, *headers)

    act.__doc__ = doc
    kind(f"status/{name}", *statuses, **traits)(act)




def is_outage(code):
    """Whether this status is an outage, which is no answer, whatever the body."""
    return code in (408, 429) or code >= 500


for code, reason in REASONS.items():
    status(f"{code}", f"A permission under {code}.", f"{code} {reason}", STRAY, UNAVAILABLE if is_outage(code) else REFUSED,
           headers=HEADERS.get(code, ()), requests=1)
for code in (401, 403, 404, 408, 429, 500, 501, 502, 503, 504):
    line = f"{code} {REASONS[code]}"
    said = UNAVAILABLE if is_outage(code) else BAD_REPLY
    status(f"{code}-html", f"A page of HTML under {code}.", line, b"<html><h1>Sorry</h1></html>", said)
    status(f"{code}-empty", f"Nothing under {code}.", line, b"", said)
for code in (403, 500):
    line = f"{code} {REASONS[code]}"
    said = UNAVAILABLE if is_outage(code) else BAD_REPLY
    status(f"{code}-array", f"An array under {code}.", line, b'[{"allowed":true}]', said)
    status(f"{code}-string", f"A string under {code}.", line, b'"allowed"', said)
status("503-other-device", "A permission for another device under 503.", "503 Service Unavailable",
       b'{"allowed":true,"deviceId":"somebody-else"}', BAD_REPLY, others=(BAD_REPLY,),
       by_operation={"list_devices": [UNAVAILABLE], "usage": [UNAVAILABLE]})
status("403-key-twice", "A key twice under 403.", "403 Forbidden", b'{"allowed":true,"allowed":true}', BAD_REPLY)
status("403-cut-json", "Truncated JSON under 403.", "403 Forbidden", b'{"error":"device_li', BAD_REPLY)
status("403-denied", "A denial under 403.", "403 Forbidden", b'{"allowed":false,"code":"DEVICE_REVOKED"}', REFUSED)
status("403-limit", "A registration over the limit.", "403 Forbidden",
       b'{"status":"blocked","error":"device_limit_reached"}', REFUSED)

for value in ("0", "1", "3600", "99999999999999999999", "-5", "soon", "Fri, 31 Dec 2038 23:59:59 GMT",
              "Thu, 01 Jan 1970 00:00:00 GMT", ""):
    name = value.lower().replace(",", "").replace(":", "-").replace(" ", "-") or "empty"
    status(f"429-retry-after-{name}", f"429 with Retry-After: {value}", "429 Too Many Requests", STRAY, UNAVAILABLE,
           headers=[f"Retry-After: {value}"])

# Statuses that are not an answer at all.
for code in ("000", "099", "300", "399", "600", "700", "999"):
    status(code, f"A permission under {code}.", f"{code} Odd", STRAY, BAD_REPLY)
for code in ("204 No Content", "304 Not Modified"):
    status(f"{code[:3]}-with-body", f"A permission under {code[:3]}, which has no body.", code, STRAY, BAD_REPLY)
    status(f"{code[:3]}", f"An ordinary {code[:3]}.", code, b"", BAD_REPLY)
status("205-with-body", "A permission under 205, which has no body.", "205 Reset Content", STRAY, OK, BAD_REPLY, kind=either)
status("206", "Bytes 0 to 82 of a permission of 900.", "206 Partial Content", STRAY, BAD_REPLY,
       headers=[f"Content-Range: bytes 0-{len(STRAY) - 1}/900"])
status("207", "A permission under 207, which has a status for each of its parts.", "207 Multi-Status", STRAY, OK, BAD_REPLY,
       kind=either)


@bad("status/two-status-lines", BAD_REPLY)
def two_status_lines(exchange):
    """403, and 200 where the first header should be."""
    exchange.expect(STRAY)
    exchange.send(b"HTTP/1.1 403 Forbidden\r\nHTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(STRAY), STRAY))


@bad("status/denied-after-hints", REFUSED)
def denied_after_hints(exchange):
    """103 with the text and headers of a 200, and then 403."""
    exchange.expect(STRAY)
    exchange.send(b"HTTP/1.1 103 OK\r\nStatus: 200 OK\r\n\r\n")
    return exchange.reply(STRAY, "403 Forbidden", "Status: 200 OK", "X-Status: 200")

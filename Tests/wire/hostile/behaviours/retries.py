"""Servers that may answer at the second attempt. The clients of these behaviours retry up to twice."""

import time

from registry import BAD_REPLY, OK, REFUSED, TRANSFER_FAILED, UNAVAILABLE, bad, good
from replies import STRAY

AGAIN = {"max_retries": 2}


def first(count, failure):
    """Returns a behaviour that fails for the first `count` requests about a device, and then gives a right answer."""

    def act(exchange):
        memory = exchange.visit.memory
        seen = memory[exchange.device] = memory.get(exchange.device, 0) + 1
        return failure(exchange) if seen <= count else exchange.reply()

    return act


def status(line, *headers):
    return lambda exchange: exchange.reply(STRAY, line, *headers)


def closing(exchange):
    """Closes without a reply."""


def resetting(exchange):
    exchange.connection.reset()


def cutting(exchange):
    exchange.send(exchange.head("200 OK", f"Content-Length: {len(STRAY)}") + STRAY[:40])


PASSING = {"408": "408 Request Timeout", "429": "429 Too Many Requests", "500": "500 Internal Server Error",
           "502": "502 Bad Gateway", "503": "503 Service Unavailable", "504": "504 Gateway Timeout", "520": "520 Odd",
           "599": "599 Odd"}
BUSY = {
    **{code: status(line) for code, line in PASSING.items()},
    "429-retry-after-0": status("429 Too Many Requests", "Retry-After: 0"),
    "503-html": lambda exchange: exchange.reply(b"<html></html>", "503 Service Unavailable"),
    "closed": closing, "reset": resetting, "cut": cutting,
}

for name, failure in BUSY.items():
    for count in (1, 2):
        act = first(count, failure)
        act.__doc__ = f"{name} {'once' if count == 1 else 'twice'}, and then a right answer."
        good(f"retries/{name}-{'once' if count == 1 else 'twice'}", requests=count + 1, **AGAIN)(act)


def after_a_second(line):
    """A status with Retry-After: 1, and then a right answer. A request before the second has passed is a fault."""

    def act(exchange):
        memory = exchange.visit.memory
        if exchange.device not in memory:
            memory[exchange.device] = time.monotonic()
            return exchange.reply(STRAY, line, "Retry-After: 1")
        waited = exchange.began - memory[exchange.device]
        if waited < 1:
            exchange.visit.faults.append(f"it came {waited:.3f} s after a Retry-After of 1 s")
        return exchange.reply()

    act.__doc__ = f"{line} with Retry-After: 1, which fits into the time, and then a right answer."
    return act


for code, line in PASSING.items():
    good(f"retries/{code}-retry-after-1-once", requests=2, **AGAIN)(after_a_second(line))


@good("retries/429-to-every-second-request", requests=2, **AGAIN)
def every_second(exchange):
    """429 with Retry-After: 1 to the first and then to every second request."""
    seen = exchange.visit.memory[exchange.device] = exchange.visit.memory.get(exchange.device, 0) + 1
    return exchange.reply(STRAY, "429 Too Many Requests", "Retry-After: 1") if seen % 2 else exchange.reply()


@good("retries/408-and-the-connection-kept", requests=2, **AGAIN)
def kept_after_408(exchange):
    """408, after which the connection may carry no further request, and then a right answer."""
    spent = exchange.visit.memory.setdefault("spent", set())
    if exchange.connection in spent:
        exchange.visit.faults.append("it came on the connection of a 408")
    if exchange.device in exchange.visit.memory:
        return exchange.reply()
    exchange.visit.memory[exchange.device] = True
    spent.add(exchange.connection)
    return exchange.reply(STRAY, "408 Request Timeout")


def always(name, doc, failure, *statuses, requests, **traits):
    def act(exchange):
        return failure(exchange)

    act.__doc__ = doc
    bad(f"retries/{name}", *statuses, requests=requests, **AGAIN, **traits)(act)


for code in (*PASSING, "503-html"):
    always(f"{code}-for-ever", f"{code} each time.", BUSY[code], UNAVAILABLE, requests=3)
always("closed-for-ever", "Closes each time.", closing, TRANSFER_FAILED, requests=3)
always("cut-for-ever", "Cuts the body each time.", cutting, TRANSFER_FAILED, requests=3)

# If the pause that the server asks for does not fit into the time, there is no retry.
for code, line in PASSING.items():
    for value in ("3600", "Fri, 31 Dec 2038 23:59:59 GMT"):
        name = value.lower().replace(",", "").replace(":", "-").replace(" ", "-")
        always(f"{code}-retry-after-{name}", f"{code} with Retry-After: {value}", status(line, f"Retry-After: {value}"),
               UNAVAILABLE, requests=1)

# What an authority cannot do at all, it cannot do at the next attempt either.
for code, line in (("501", "501 Not Implemented"), ("505", "505 HTTP Version Not Supported")):
    always(f"{code}-is-for-good", f"{code}, which is not retried.", status(line, "Retry-After: 0"), UNAVAILABLE,
           requests=1)

# An answer is never retried.
for code, line in (("400", "400 Bad Request"), ("401", "401 Unauthorized"), ("403", "403 Forbidden"),
                   ("404", "404 Not Found"), ("409", "409 Conflict")):
    always(f"{code}-is-an-answer", f"{code}, which is not retried.", status(line), REFUSED, requests=1)
always("403-retry-after-1-is-an-answer", "403 with Retry-After: 1, which is not retried.",
       status("403 Forbidden", "Retry-After: 1"), REFUSED, requests=1)
always("denial-is-an-answer", "A denial, which is not retried.",
       lambda exchange: exchange.reply(b'{"allowed":false,"code":"DEVICE_REVOKED"}'), OK, requests=1)
always("bad-json-is-no-accident", "Invalid JSON, which is not retried.",
       lambda exchange: exchange.reply(b'{"allowed":true,}'), BAD_REPLY, requests=1)
always("redirect-is-no-accident", "A redirect, which is not retried.",
       lambda exchange: exchange.reply(STRAY, "302 Found", f"Location: {exchange.stray_url()}"), BAD_REPLY, requests=1)

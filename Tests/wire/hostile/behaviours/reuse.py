"""What a server does to a connection after a reply. The client's next call must get its own answer and no other.

The first call is answered correctly unless the behaviour says otherwise; the poison is for the second.
"""

import threading

from registry import BAD_REPLY, OK, REFUSED, TIMEOUT, TRANSFER_FAILED, UNAVAILABLE, bad, either, good
from replies import STRAY

STRAY_REPLY = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(STRAY), STRAY)


counting = threading.Lock()


def count_unsettled(exchange, more):
    memory = exchange.visit.memory
    with counting:
        memory["unsettled"] = memory.get("unsettled", 0) + more
        return memory["unsettled"]


def settle(exchange):
    """Signals that the next call may come."""
    exchange.visit.settled.set()
    return exchange.KEEP


def poisoned(name, doc, poison, kind=either, statuses=(OK, BAD_REPLY, TRANSFER_FAILED), reply=None, together=False):
    """A complete reply, and then bytes that belong to no request: in one piece with the reply, or after it has been
    read.
    """

    def act(exchange):
        if together:
            answer = exchange.real
            exchange.expect(answer)
            exchange.send(exchange.head("200 OK", f"Content-Length: {len(answer)}") + answer + poison)
            return settle(exchange)
        # A call that retries has several connections: the next call may come once the poison is on all of them.
        count_unsettled(exchange, 1)
        try:
            (reply or (lambda exchange: exchange.reply()))(exchange)
            exchange.visit.first_call_over.wait(exchange.connection.PATIENCE)
            exchange.send(poison)
        finally:
            left = count_unsettled(exchange, -1)
            if left == 0:
                settle(exchange)
        return exchange.KEEP

    act.__doc__ = doc
    kind(f"reuse/{name}", *statuses, settles=True)(act)


for name, what, poison in (
    ("answer", "a permission", STRAY_REPLY),
    ("half-answer", "half a permission", STRAY_REPLY[:60]),
    ("head", "the head of a permission", STRAY_REPLY[: -len(STRAY)]),
    ("body", "the body of a permission", STRAY),
    ("many-answers", "ten permissions", STRAY_REPLY * 10),
    ("interim", "100 Continue", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ("line-end", "a line end", b"\r\n"),
    ("byte", "one byte", b"x"),
):
    poisoned(f"{name}-in-one-piece", f"A right answer, and {what} in one piece with it.", poison, together=True)
    poisoned(f"{name}-later", f"A right answer, and {what} after it has been read.", poison, good, ())


def refusal(exchange):
    return exchange.reply(STRAY, "403 Forbidden")


def outage(exchange):
    return exchange.reply(STRAY, "503 Service Unavailable")


def without_body(exchange):
    exchange.send(b"HTTP/1.1 304 Not Modified\r\nContent-Length: %d\r\n\r\n" % len(STRAY))


def empty(exchange):
    return exchange.reply(b"", "204 No Content")


def chunks(exchange):
    exchange.expect(exchange.real)
    exchange.send(exchange.head("200 OK", "Transfer-Encoding: chunked")
                  + b"%x\r\n%b\r\n0\r\n\r\n" % (len(exchange.real), exchange.real))


def page(exchange):
    return exchange.reply(b"<html></html>")


poisoned("answer-after-403", "A refusal, and later a permission.", STRAY_REPLY, bad, (REFUSED,), refusal)
poisoned("answer-after-503", "An outage, and later a permission.", STRAY_REPLY, bad, (UNAVAILABLE,), outage)
poisoned("answer-after-304", "304, and later a permission.", STRAY_REPLY, bad, (BAD_REPLY,), without_body)
poisoned("body-after-304", "304, and later the body that it may not have.", STRAY, bad, (BAD_REPLY,), without_body)
poisoned("answer-after-204", "204, and later a permission.", STRAY_REPLY, bad, (BAD_REPLY,), empty)
poisoned("answer-after-html", "HTML, and later a permission.", STRAY_REPLY, bad, (BAD_REPLY,), page)
poisoned("answer-after-chunks", "Chunks, and later a permission.", STRAY_REPLY, good, (), chunks)


@bad("reuse/answer-behind-short-length", BAD_REPLY, settles=True)
def answer_behind_short_length(exchange):
    """A length of 9, and a complete permission after these bytes."""
    exchange.send(exchange.head("200 OK", "Content-Length: 9") + b'{"allowed' + STRAY_REPLY)
    return settle(exchange)


@either("reuse/answer-behind-chunks", OK, BAD_REPLY, TRANSFER_FAILED, settles=True)
def answer_behind_chunks(exchange):
    """Chunks, and a permission in one piece with the last chunk."""
    chunks(exchange)
    exchange.send(STRAY_REPLY)
    return settle(exchange)


def late(name, doc, before):
    """The rest of the first call's answer comes after the client has given up."""

    def act(exchange):
        whole = exchange.head("200 OK", f"Content-Length: {len(STRAY)}") + STRAY
        start = before(whole)
        exchange.send(start)
        exchange.visit.first_call_over.wait(exchange.connection.PATIENCE)
        try:
            exchange.send(whole[len(start):])
        finally:
            exchange.visit.settled.set()
        return exchange.KEEP

    act.__doc__ = doc
    bad(f"reuse/{name}", TIMEOUT, waits=True, settles=True)(act)


late("late-answer", "The answer to the first call comes after it has timed out.", lambda whole: b"")
late("late-body", "The head comes in time, and the body after the call has timed out.",
     lambda whole: whole[: -len(STRAY)])
late("late-rest", "Half of the body comes in time, and the rest after the call has timed out.",
     lambda whole: whole[:-40])
late("late-byte", "The last byte comes after the call has timed out.", lambda whole: whole[:-1])


def ended(name, doc, end, *headers, **traits):
    """A right answer, after which the connection ends before the next request."""

    def act(exchange):
        exchange.reply(None, "200 OK", *headers)
        exchange.visit.first_call_over.wait(exchange.connection.PATIENCE)
        end(exchange)
        return settle(exchange) if traits.get("reuses") else exchange.visit.settled.set()

    act.__doc__ = doc
    good(f"reuse/{name}", settles=True, **traits)(act)


ended("idle-closed", "Closes the idle connection.", lambda exchange: exchange.connection.close())
ended("idle-reset", "Resets the idle connection.", lambda exchange: exchange.connection.reset())
ended("announced-close", "Announces Connection: close, and closes.",
      lambda exchange: exchange.connection.close(), "Connection: close")
ended("announced-close-in-capitals", "Announces CONNECTION: CLOSE, and closes.",
      lambda exchange: exchange.connection.close(),
      "CONNECTION: CLOSE")
ended("answer-then-idle-closed", "Sends an unrequested permission, and closes.",
      lambda exchange: (exchange.send(STRAY_REPLY), exchange.connection.close()))
ended("kept", "Keeps the connection, with hints for how long.", lambda exchange: None,
      "Connection: keep-alive", "Keep-Alive: timeout=5, max=100", reuses=True)


@good("reuse/idle-half-closed", settles=True)
def idle_half_closed(exchange):
    """A right answer, after which the server ends its own sending (FIN), but would still read."""
    exchange.reply()
    exchange.visit.first_call_over.wait(exchange.connection.PATIENCE)
    exchange.connection.finish_sending()
    settle(exchange)
    exchange.hold()


def spoilt(name, doc, end):
    """The connection seems usable until the next request is on it."""

    def act(exchange):
        if exchange.visit.memory.setdefault("first", exchange) is exchange:
            exchange.reply()
            try:
                exchange.connection.read_request()
                end(exchange)
            finally:
                exchange.connection.close()
            return None
        return exchange.reply()

    act.__doc__ = doc
    good(f"reuse/{name}")(act)


spoilt("closed-on-next-request", "Closes after the next request has come.", lambda exchange: None)
spoilt("reset-on-next-request", "Resets after the next request has come.", lambda exchange: exchange.connection.reset())

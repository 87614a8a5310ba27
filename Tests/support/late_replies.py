"""Unrequested replies on a kept connection are never the answer to the next request."""

import contextlib
import threading

from servers import ALLOW, ClientGone, http, serve

# A second reply, an allow, behind the first one. The server writes each part as a TLS record.
HEAD, BODY = http(ALLOW)[: -len(ALLOW)], ALLOW
EXTRA = http(ALLOW)
LONG = http(ALLOW + b" " * 40000)
CASES = {
    "in one record with the first": [HEAD + BODY + EXTRA],
    "in a record of its own": [HEAD + BODY, EXTRA],
    "in one record with the first body": [HEAD, BODY + EXTRA],
    "in one record with the end of the first body": [HEAD + BODY[:10], BODY[10:] + EXTRA],
    "begun in one record with the first body": [HEAD, BODY + EXTRA[:20], EXTRA[20:]],
    "over three records, begun with the first body": [HEAD, BODY + LONG],
    "in one record with the first, which is chunked": [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY) + EXTRA
    ],
    "behind the end of chunks, in one record": [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY) + EXTRA,
    ],
}


class Talker:
    """Answers the first `rightly` requests correctly, then one request with `records` and `later`, and then correctly
    again. While `later` is outstanding, a request that is sent again on another connection is not answered.
    """

    def __init__(self, records, later=b"", rightly=0):
        self.records = records
        self.later = later
        self.rightly = rightly
        self.is_first = True
        self.may_go_on = threading.Event()
        self.has_gone_on = threading.Event()

    def __call__(self, conversation):
        if self.is_first:
            self.is_first = False
            for _ in range(self.rightly):
                conversation.read_request()
                conversation.send(http(ALLOW))
            conversation.read_request()
            for record in self.records:
                conversation.send(record)
            if self.later:
                self.may_go_on.wait(10)
                # Sending may fail if the client has left.
                with contextlib.suppress(ClientGone):
                    conversation.send(self.later)
            self.has_gone_on.set()
        elif self.later:
            self.has_gone_on.wait(10)
        serve(conversation)

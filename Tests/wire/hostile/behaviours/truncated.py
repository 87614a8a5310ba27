"""A right answer that is cut at every byte.

One way shows the cut (a length that is not reached). In two ways only the JSON can show it: a length that fits the cut
text, and a body that ends with the connection.
"""

from registry import BAD_REPLY, DECISIONS, OPERATIONS, TRANSFER_FAILED, bad
from replies import right

# As long as the device ids of the tests, which determine the length of an answer.
DEVICE = "worker:000000"
LENGTHS = {operation: len(right(operation, DEVICE)) for operation in OPERATIONS}
LENGTHS |= {operation: LENGTHS["validate"] for operation in DECISIONS}


def cut(length):
    operations = tuple(operation for operation in LENGTHS if length < LENGTHS[operation])

    def ended(exchange):
        return exchange.reply(exchange.real[:length])

    def closed(exchange):
        exchange.send(exchange.head("200 OK", "Connection: close") + exchange.real[:length])

    def broken(exchange):
        exchange.send(exchange.head("200 OK", f"Content-Length: {len(exchange.real)}") + exchange.real[:length])

    for act, doc, status, quick in (
        (ended, "whose Content-Length fits", BAD_REPLY, OPERATIONS),
        (closed, "and the connection with it", BAD_REPLY, ("validate",)),
        (broken, "short of its Content-Length", TRANSFER_FAILED, ("validate",)),
    ):
        act.__doc__ = f"A right answer, cut after {length} bytes, {doc}."
        family = f"truncated-{act.__name__}"
        bad(f"{family}/{length}", status, family=family, operations=operations, quick=quick)(act)


for length in range(max(LENGTHS.values())):
    cut(length)

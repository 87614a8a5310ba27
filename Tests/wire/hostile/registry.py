"""What a behaviour is, and how a client must react to it.

A behaviour is a function that receives an exchange (see exchange.py) and does one thing to it. It is registered under a
name, with one of the three words below and with the statuses that a client may correctly report:

    @bad("framing/cut-in-body", TRANSFER_FAILED)      no run of it may ever be allowed
    @good("good/chunked")                             must be allowed: a real server does this
    @either("framing/length-and-chunks", OK, ...)     may be allowed or not; everything else is checked

`statuses` are those of validate, and also of all other operations unless `others` gives different ones.
"""

from dataclasses import dataclass, field

OK = "MID_OK"
REFUSED = "MID_REFUSED"
UNAVAILABLE = "MID_UNAVAILABLE"
CONNECT_FAILED = "MID_CONNECT_FAILED"
TRANSFER_FAILED = "MID_TRANSFER_FAILED"
TIMEOUT = "MID_TIMEOUT"
BAD_REPLY = "MID_BAD_REPLY"

OPERATIONS = ("validate", "register", "list_devices", "revoke", "unrevoke", "restore", "remove", "usage")
# The operations that send the same request as validate.
DECISIONS = ("validate", "validate_many", "guard_start")
EVERY = (*OPERATIONS, "guard_start", "validate_many")


@dataclass(frozen=True)
class Behaviour:
    name: str
    kind: str
    act: callable
    validate: frozenset
    others: frozenset
    # The statuses of single operations that differ from those of the others.
    by_operation: dict = field(default_factory=dict)
    # "request": acts when a request has come. "connection": acts as soon as a client has connected, on a port of its
    # own. "port": acts even before there is a connection.
    stage: str = "request"
    # The client notices only when its time is over.
    waits: bool = False
    # It takes a share of the client's time, but leaves enough.
    paced: bool = False
    # The behaviour itself signals by `visit.settled` when the client may make the next call.
    settles: bool = False
    # Options of the client besides timeout_ms and max_retries.
    options: dict = field(default_factory=dict)
    max_retries: int = 0
    # How many requests the first call makes; None: any number that max_retries allows.
    requests: object = None
    # It means the same over TLS. A body that ends with the connection does not.
    over_tls: bool = True
    # All four calls of the probe use one connection.
    reuses: bool = False
    # The most memory that the client may take, in MB.
    peak_mb: int = 20
    # Behaviours of one family share a line in the table.
    family: str = ""
    operations: tuple = EVERY
    # Prepares data that takes long to make, before the client's time starts.
    prepare: callable = lambda: None
    # The operations of a run without --long.
    quick: tuple = EVERY

    def statuses(self, operation):
        if operation in DECISIONS:
            return self.validate
        return self.by_operation.get(operation, self.others)

    def allowed(self, operation, status):
        """The values that `allowed` may have after this status; None for operations without it."""
        if operation not in DECISIONS:
            return {None}
        if operation == "validate_many" and (self.kind == "either" or (self.kind == "good" and status != OK)):
            return {0, 1}  # the status is about one device, the decision about another
        if status != OK or self.kind == "bad":
            return {0}
        return {1} if self.kind == "good" else {0, 1}

    @property
    def summary(self):
        return " ".join((self.act.__doc__ or "").split())


behaviours = {}


def _register(kind, name, statuses, others, traits):
    def note(act):
        if name in behaviours:
            raise ValueError(f"two behaviours are called {name}")
        validate = frozenset(statuses)
        by_operation = {key: frozenset(value) for key, value in traits.pop("by_operation", {}).items()}
        behaviours[name] = Behaviour(
            name, kind, act, validate, frozenset(others) if others else validate, by_operation, **traits)
        return act

    return note


def bad(name, *statuses, others=(), **traits):
    return _register("bad", name, statuses, others, traits)


def good(name, *, others=(OK,), **traits):
    return _register("good", name, (OK,), others, traits)


def either(name, *statuses, others=(), **traits):
    return _register("either", name, statuses, others, traits)

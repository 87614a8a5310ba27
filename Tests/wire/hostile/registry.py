"""What a behaviour is, and what a client must make of it.

A behaviour is a function that is given an exchange (see exchange.py) and does one thing to it. It is registered under a
name with one of the three words below, and with the statuses that are honest for a client to report:

    @bad("framing/cut-in-body", TRANSFER_FAILED)      no run of it may ever come out as allowed
    @good("good/chunked")                             must be allowed: a real server does this
    @either("framing/length-and-chunks", OK, ...)     open to judgement; all else is still checked

`statuses` are those of validate, and of all other operations too unless `others` says otherwise.
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
# Other ways to ask what validate asks.
DECISIONS = ("validate", "validate_many", "guard_start")
EVERY = (*OPERATIONS, "guard_start", "validate_many")


@dataclass(frozen=True)
class Behaviour:
    name: str
    kind: str
    act: callable
    validate: frozenset
    others: frozenset
    # Statuses of single operations, where they differ from those of the others.
    by_operation: dict = field(default_factory=dict)
    # "request": acts when a request has come. "connection": acts as soon as a client has connected, on a port of its own.
    # "port": there is not even that.
    stage: str = "request"
    # The client finds out only when its time is up.
    waits: bool = False
    # Takes a share of the client's time, but leaves enough.
    paced: bool = False
    # Says itself when the client may go on to the next call, by `visit.settled`.
    settles: bool = False
    # Options of the client beside timeout_ms and max_retries.
    options: dict = field(default_factory=dict)
    max_retries: int = 0
    # How many requests the first call makes; None for any number that max_retries explains.
    requests: object = None
    # It is the same over TLS. A body that ends with the connection is not.
    over_tls: bool = True
    # All four calls of the probe go over one connection.
    reuses: bool = False
    # The most memory that the client may take, in MB.
    peak_mb: int = 20
    # Behaviours of one family share a line in the table.
    family: str = ""
    operations: tuple = EVERY
    # Makes what takes long to make, before anybody's time runs.
    prepare: callable = lambda: None
    # What a run that is not --long leaves it at.
    quick: tuple = EVERY

    def statuses(self, operation):
        if operation in DECISIONS:
            return self.validate
        return self.by_operation.get(operation, self.others)

    def allowed(self, operation, status):
        """The values that `allowed` may have after this status; None where there is no such thing."""
        if operation not in DECISIONS:
            return {None}
        if operation == "validate_many" and self.kind == "either":
            return {0, 1}  # the status is that of one device, the decision that of another
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

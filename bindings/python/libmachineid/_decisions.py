"""The answers to "may this device run now?". Each is true when it is yes, and false otherwise."""

import dataclasses
from typing import Any, List, Optional, Sequence, Union, overload

from ._errors import DeniedError, Error, error_of
from ._texts import Reply, as_reply, text_of


@dataclasses.dataclass(frozen=True)
class Decision:
    """The answer about one device. It is true when the device is allowed; gate on that and nothing else."""

    device_id: str
    #: Whether the device may run now.
    allowed: bool
    #: "MID_OK": the authority decided. Otherwise it did not, and nothing is allowed.
    status: str
    #: All that the authority or the library said.
    reply: Reply = dataclasses.field(repr=False)

    def __bool__(self) -> bool:
        return self.allowed

    @property
    def code(self) -> Optional[str]:
        """Why, such as "ALLOW", "DEVICE_REVOKED" or "CLIENT_TIMEOUT"."""
        return text_of(self.reply, "code", "error")

    @property
    def request_id(self) -> Optional[str]:
        """The authority's name for the request, for your log."""
        return text_of(self.reply, "request_id")

    @property
    def error(self) -> Optional[Error]:
        """None when the device is allowed. Otherwise the error that require() raises: DeniedError after a denial, and
        others where there is no decision."""
        return None if self.allowed else error_of(self.status, self.reply)

    def __str__(self) -> str:
        word = "allowed" if self.allowed else "denied" if self.status == "MID_OK" else "not allowed"
        line = f"{self.device_id}: {word}, {self.code}"
        return f"{line} (request id {self.request_id})" if self.request_id else line


class Decisions(Sequence[Decision]):
    """The answers about several devices, in the order of the question. It is true when there is at least one device
    and all are allowed. Each decision in it is true or false by itself:

        for decision in client.validate_many(ids):
            if decision:
                work(decision.device_id)
    """

    def __init__(self, decisions: Sequence[Decision]) -> None:
        self._decisions = tuple(decisions)

    def __bool__(self) -> bool:
        return bool(self._decisions) and all(self._decisions)

    def __len__(self) -> int:
        return len(self._decisions)

    @overload
    def __getitem__(self, index: int) -> Decision: ...
    @overload
    def __getitem__(self, index: slice) -> "Decisions": ...
    def __getitem__(self, index: Union[int, slice]) -> Union[Decision, "Decisions"]:
        if isinstance(index, slice):
            return Decisions(self._decisions[index])
        return self._decisions[index]

    @property
    def allowed(self) -> List[str]:
        """The ids of the devices that may run now."""
        return [decision.device_id for decision in self._decisions if decision]

    @property
    def denied(self) -> List[str]:
        """The ids of all others: those that the authority denies, and those without a decision."""
        return [decision.device_id for decision in self._decisions if not decision]

    def __repr__(self) -> str:
        return f"Decisions({len(self.allowed)} of {len(self)} allowed)"


def decisions_of(device_ids: Sequence[str], flags: Sequence[int], status: str, told: Any) -> Decisions:
    """Makes decisions of the flags and the text of mid_validate_many. The text is an array with a reply for each
    device, or an object where the call failed as a whole."""
    replies = told if isinstance(told, list) and len(told) == len(device_ids) else [told] * len(device_ids)
    return Decisions(
        [
            Decision(device_id, flag == 1, _status_of(as_reply(reply), flag, status), as_reply(reply))
            for device_id, flag, reply in zip(device_ids, flags, replies)
        ]
    )


def _status_of(reply: Reply, flag: int, whole: str) -> str:
    """Returns the status of one device of several. The library names it in the code of a failure."""
    code = text_of(reply, "code") or ""
    if flag == 1:
        return "MID_OK"
    if code.startswith("CLIENT_"):
        return "MID_" + code[len("CLIENT_") :]
    if isinstance(reply.get("allowed"), bool):
        return "MID_OK"
    return "MID_REFUSED" if reply else whole


@dataclasses.dataclass(frozen=True)
class GuardDecision:
    """What a guard knows. It is true when the device may run now."""

    device_id: str
    allowed: bool
    #: "on", "lapsed", "denied" or "ended".
    state: str
    #: How many milliseconds ago the question was sent whose answer is `decision`.
    age_ms: int
    #: How many checks were made, the first one included.
    checks: int
    #: How many checks since the last decision brought none.
    failures: int
    #: The authority's last decision; its truth is what the authority said then, and not whether the device may run
    #: now.
    decision: Optional[Decision]
    #: Why the last check brought no decision, if it did not.
    failure: Optional[Error]

    def __bool__(self) -> bool:
        return self.allowed

    @property
    def code(self) -> Optional[str]:
        """The code of the last decision, or of the failure where there is no decision."""
        # A decision that is a denial is false.
        if self.decision is not None:
            return self.decision.code
        return self.failure.code if self.failure is not None else None

    @property
    def request_id(self) -> Optional[str]:
        """The request id of the last decision, for your log."""
        return self.decision.request_id if self.decision is not None else None

    @property
    def error(self) -> Optional[Error]:
        """None while the device may run. Otherwise why it may not: DeniedError after a denial; after an end or a lapse
        the failure, or a CallCancelledError."""
        if self.allowed:
            return None
        if self.state == "denied" and self.decision is not None:
            return DeniedError("MID_OK", self.decision.reply)
        ended: Reply = {"code": "CLIENT_CANCELLED", "request_id": None, "message": f"the guard is {self.state}"}
        return self.failure or error_of("MID_CANCELLED", ended)


def guard_decision_of(device_id: str, allowed: bool, reply: Reply) -> GuardDecision:
    decided, failed = reply.get("decision"), reply.get("failure")
    return GuardDecision(
        device_id,
        allowed,
        text_of(reply, "state") or "ended",
        _number(reply, "age_ms"),
        _number(reply, "checks"),
        _number(reply, "failures"),
        Decision(device_id, decided.get("allowed") is True, "MID_OK", decided) if isinstance(decided, dict) else None,
        error_of(_status_of(failed, 0, "MID_REFUSED"), failed) if isinstance(failed, dict) else None,
    )


def _number(reply: Reply, name: str) -> int:
    value = reply.get(name)
    return value if isinstance(value, int) else 0

"""Guards."""

import dataclasses
import math
import time
from ctypes import byref, c_int, c_void_p
from typing import Optional, TypeVar

from ._decisions import Decision, GuardDecision, guard_decision_of
from ._handles import Owner, checked
from ._native import calls, looks
from ._texts import Reply, as_reply

Self = TypeVar("Self", bound="Guard")

# For how long a thread waits inside the library at most. The guard that another thread stops meanwhile is freed by the
# last thread to return.
_SLICE_MS = 250


class Guard:
    """Keeps one device's permission fresh in the background. It is true while the device may run: looking costs about
    a microsecond, asks nobody and waits for nothing.

    Once the device is denied, the guard is off for good: a later unrevoke does not bring it back. In a forked child it
    is off too; start another one there, on the same client. Client.guard() makes guards. Stop them with stop() or
    `with`; the collector does it too.
    """

    def __init__(self, device_id: str, owner: Owner, first: Reply) -> None:
        self.device_id = device_id
        self._owner: Optional[Owner] = owner
        decision = Decision(device_id, first.get("allowed") is True, "MID_OK", first)
        self._last = GuardDecision(device_id, False, "ended", 0, 1, 0, decision, None)

    @property
    def allowed(self) -> bool:
        """May the device run now?"""
        owner = self._owner
        return owner is not None and looks.mid_guard_allowed(owner.handle) == 1

    def __bool__(self) -> bool:
        owner = self._owner
        return owner is not None and looks.mid_guard_allowed(owner.handle) == 1

    def decision(self) -> GuardDecision:
        """What the guard knows, for your log. After stop() it is what it knew then."""
        owner = self._owner
        if owner is None:
            return self._last
        allowed, text = c_int(0), c_void_p()
        reply = as_reply(checked(calls.mid_guard_decision(owner.handle, byref(allowed), byref(text)), text))
        return guard_decision_of(self.device_id, allowed.value == 1, reply)

    def wait_until_off(self, timeout: Optional[float] = None) -> bool:
        """Waits until the guard is off: lapsed, denied, ended or stopped; `timeout` seconds at most. Returns whether it
        is off. In asyncio, await AsyncGuard.stopped()."""
        end = math.inf if timeout is None else time.monotonic() + timeout
        while True:
            owner = self._owner
            if owner is None:
                return True
            left_ms = max(0.0, (end - time.monotonic()) * 1000)
            if calls.mid_guard_wait(owner.handle, math.ceil(min(left_ms, _SLICE_MS))) == 0:
                return True
            if left_ms <= _SLICE_MS and time.monotonic() >= end:
                return False

    def fileno(self) -> int:
        """A descriptor for select, poll and the like, which becomes readable when the guard is denied or ended, but not
        when it lapses. Do not read from it or close it, and take it out of what polls it before stop(). -1 where no
        descriptor is left, or after stop()."""
        owner = self._owner
        return -1 if owner is None else int(calls.mid_guard_fd(owner.handle))

    def stop(self) -> None:
        """Stops the guard and frees it, in 250 ms at most. Threads inside wait_until_off() return. It may be called any
        number of times, before or after the client is closed."""
        try:
            last = self.decision()
            self._last = dataclasses.replace(
                last, allowed=False, state="denied" if last.state == "denied" else "ended"
            )
        finally:
            self._owner = None

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        word = "stopped" if self._owner is None else "on" if self else "off"
        return f"<libmachineid.Guard of {self.device_id!r}, {word}>"

    def __reduce__(self) -> "tuple[object, ...]":
        raise TypeError("a Guard cannot be pickled or copied: each process starts its own")

"""Owners of what the library makes."""

import weakref
from ctypes import c_void_p
from typing import Any, Callable, Optional

from ._errors import closed, error_of
from ._texts import as_reply, status_name, taken


class Owner:
    """Frees a handle when the last variable that holds this is gone. Each call holds it until the call has returned, so
    that nothing is freed during a call, whichever thread closes the client meanwhile and whenever the collector runs.
    This needs no lock, which a child of fork might find held."""

    __slots__ = ("handle", "__weakref__")

    def __init__(self, handle: c_void_p, free: Callable[[c_void_p], None]) -> None:
        self.handle = handle
        finalizer = weakref.finalize(self, free, handle)
        # Not at exit: daemon threads may still be about to call, and the library ends its guards by itself.
        finalizer.atexit = False  # type: ignore[misc]


def open_owner(owner: Optional[Owner], what: str) -> Owner:
    """Returns the owner, or raises an error if it is closed."""
    if owner is None:
        raise closed(what)
    return owner


def checked(status: int, text: c_void_p) -> Any:
    """Returns what a call told, or raises the error for its status."""
    told = taken(text)
    if status != 0:
        raise error_of(status_name(status), as_reply(told))
    return told


"""The errors, one for each status of machineid.h."""

import re
from typing import Dict, Optional, Type

from ._texts import Reply, text_of


class Error(Exception):
    """The authority did not do what was asked, or was not asked. Its subclasses say why.

    No text of an error has the org key in it.
    """

    #: The status of machineid.h, such as "MID_TIMEOUT".
    status: str
    #: The authority's word for it, such as "device_limit_reached"; or the library's, such as "CLIENT_TIMEOUT".
    code: Optional[str]
    #: One line for a person. The wording may change.
    message: Optional[str]
    #: The authority's name for the request: log it, support asks for it. None where the authority gave none.
    request_id: Optional[str]
    #: The HTTP status of an outage or of a reply that is no answer. None where the library does not tell it.
    http_status: Optional[int]
    #: All that the authority or the library said.
    reply: Reply

    def __init__(self, status: str, reply: Reply) -> None:
        self.status = status
        self.reply = reply
        self.code = text_of(reply, "code", "error")
        self.message = text_of(reply, "message", "reason")
        self.request_id = text_of(reply, "request_id")
        found = re.match(r"HTTP (\d{3})\b", self.message or "") if (self.code or "").startswith("CLIENT_") else None
        self.http_status = int(found[1]) if found else None
        super().__init__(self._line())

    def _line(self) -> str:
        line = f"{self.status} {self.code}"
        if self.message:
            line += f": {self.message}"
        return f"{line} (request id {self.request_id})" if self.request_id else line

    def __reduce__(self) -> "tuple[Type[Error], tuple[str, Reply]]":
        return type(self), (self.status, self.reply)


class DeniedError(Error):
    """The authority decided: this device may not run. Stop."""

    def _line(self) -> str:
        return f"not allowed: {self.code}" + (f" (request id {self.request_id})" if self.request_id else "")


class RefusedError(Error):
    """The authority answered with an API error, such as an unknown org key, an unknown device or
    "device_limit_reached". It is no decision about the device."""


class InvalidArgumentError(Error, ValueError):
    """An org key or a device id that cannot be sent, or a client that is closed."""


class InvalidOptionsError(Error, ValueError):
    """An option, or a variable in its place, that cannot be used. The message names it."""


class NoOrgKeyError(Error, LookupError):
    """The variable with the org key is not set, blank, or may not be read."""


class NoAnswerError(Error):
    """There is no answer: nothing is allowed now. A later call may bring one."""


class ResolveFailedError(NoAnswerError, ConnectionError):
    """The host name of the authority or the proxy was not found."""


class ConnectFailedError(NoAnswerError, ConnectionError):
    """No connection: refused, unreachable, too slow, turned away by the proxy."""


class TLSFailedError(NoAnswerError, ConnectionError):
    """Certificate, host name, pin or handshake does not fit."""


class TransferFailedError(NoAnswerError, ConnectionError):
    """The connection broke before the reply was complete."""


class TimedOutError(NoAnswerError, TimeoutError):
    """timeout_ms passed first."""


class UnavailableError(NoAnswerError):
    """An outage: HTTP 408, 429 or 5xx, to the last try too. http_status has it."""


class BadReplyError(NoAnswerError):
    """What came back is not an answer."""


class CallCancelledError(Error):
    """The client was cancelled or closed, or the process was forked within the call."""


class OutOfMemoryError(Error, MemoryError):
    """Memory was refused."""


class InternalError(Error):
    """The system or a library below refused what is needed. The message says what."""


_CLASSES: Dict[str, Type[Error]] = {
    "MID_OK": DeniedError,
    "MID_REFUSED": RefusedError,
    "MID_INVALID_ARGUMENT": InvalidArgumentError,
    "MID_INVALID_OPTIONS": InvalidOptionsError,
    "MID_NO_ORG_KEY": NoOrgKeyError,
    "MID_RESOLVE_FAILED": ResolveFailedError,
    "MID_CONNECT_FAILED": ConnectFailedError,
    "MID_TLS_FAILED": TLSFailedError,
    "MID_TRANSFER_FAILED": TransferFailedError,
    "MID_TIMEOUT": TimedOutError,
    "MID_UNAVAILABLE": UnavailableError,
    "MID_BAD_REPLY": BadReplyError,
    "MID_CANCELLED": CallCancelledError,
    "MID_OUT_OF_MEMORY": OutOfMemoryError,
    "MID_INTERNAL": InternalError,
}


def error_of(status: str, reply: Reply) -> Error:
    """Returns the error for a status. One that this package does not know is a NoAnswerError."""
    return _CLASSES.get(status, NoAnswerError)(status, reply)


def closed(what: str) -> InvalidArgumentError:
    """Returns the error for a call on something that is closed, in the form of the library's own."""
    reply: Reply = {
        "allowed": False,
        "code": "CLIENT_INVALID_ARGUMENT",
        "request_id": None,
        "message": f"the {what} is closed; make a new one",
    }
    return InvalidArgumentError("MID_INVALID_ARGUMENT", reply)

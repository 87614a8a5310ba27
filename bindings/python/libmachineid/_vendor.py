"""A class with the methods of the vendor's SDK, machineid-io 0.1.6, for programs that were written for it."""

import os
import sys
from typing import Any, Callable, Optional, Type

from ._client import Client
from ._errors import (
    BadReplyError,
    DeniedError,
    Error,
    NoAnswerError,
    RefusedError,
    TimedOutError,
    TLSFailedError,
    UnavailableError,
)
from ._texts import Reply


class VendorReply(Reply):
    """A reply, as a dict. Unlike another dict it is true only when the authority did what was asked: after validate(),
    when the device is allowed; otherwise, when there is no error in it."""

    def __init__(self, reply: Reply, is_good: bool) -> None:
        super().__init__(reply)
        self._is_good = is_good

    def __bool__(self) -> bool:
        return self._is_good


class MachineID:
    """The class of the vendor's SDK, on libmachineid. A program that was written for machineid-io runs when this import

        from machineid import MachineID

    becomes

        from libmachineid import MachineID

    Like the SDK, methods return the authority's reply, an API error too, and raise ValueError for an argument that
    cannot be used. Where there is no answer they raise an Error of this package, which is also the exception of
    `requests` that the SDK raises, if the program has imported requests, and a RuntimeError where the SDK raises that.

    Unlike the SDK it keeps its connections, asks again after a failure within `timeout` seconds for the whole call, and
    a condition on what validate() returns is true only when the device is allowed.
    """

    def __init__(self, org_key: str, base_url: str = "https://machineid.io", timeout: Optional[float] = 10.0) -> None:
        if not isinstance(org_key, str) or not org_key.strip():
            raise ValueError("org_key is required")
        self._arguments = org_key.strip(), base_url.rstrip("/"), timeout
        self._client = Client(self.org_key, base_url=self.base_url, timeout_ms=_milliseconds(timeout))

    @classmethod
    def from_env(
        cls,
        env_var: str = "MACHINEID_ORG_KEY",
        base_url: str = "https://machineid.io",
        timeout: Optional[float] = 10.0,
    ) -> "MachineID":
        """Makes a client with the org key in an environment variable. Like the SDK, it reads no other variable."""
        value = os.getenv(env_var)
        if not value:
            raise RuntimeError(
                f"Missing {env_var}. Set it in your environment, e.g.\n  export {env_var}=org_your_key_here\n"
            )
        return cls(value, base_url=base_url, timeout=timeout)

    @property
    def org_key(self) -> str:
        return self._arguments[0]

    @property
    def base_url(self) -> str:
        return self._arguments[1]

    @property
    def timeout(self) -> Optional[float]:
        return self._arguments[2]

    def __reduce__(self) -> "tuple[Any, ...]":
        return type(self), self._arguments

    def register(self, device_id: str) -> Reply:
        """As Client.register()."""
        return _asked(self._client.register, _checked(device_id))

    def validate(self, device_id: str) -> Reply:
        """Returns the reply, with "allowed", "code" and "request_id"."""
        decision = self._client.validate(_checked(device_id))
        error = decision.error
        if error is not None and not isinstance(error, (DeniedError, RefusedError)):
            raise as_vendor(error)
        return VendorReply(decision.reply, decision.allowed)

    def list_devices(self) -> Reply:
        """As Client.list_devices()."""
        return _asked(self._client.list_devices)

    def revoke(self, device_id: str) -> Reply:
        """As Client.revoke()."""
        return _asked(self._client.revoke, _checked(device_id))

    def unrevoke(self, device_id: str) -> Reply:
        """As Client.unrevoke()."""
        return _asked(self._client.unrevoke, _checked(device_id))

    def restore(self, device_id: str) -> Reply:
        """As Client.restore()."""
        return _asked(self._client.restore, _checked(device_id))

    def remove(self, device_id: str) -> Reply:
        """As Client.remove()."""
        return _asked(self._client.remove, _checked(device_id))

    def usage(self) -> Reply:
        """As Client.usage()."""
        return _asked(self._client.usage)


def _milliseconds(timeout: Optional[float]) -> int:
    """None is without a limit to the SDK; here it is an hour, the most that the library waits."""
    return 3_600_000 if timeout is None else max(1, round(timeout * 1000))


def _checked(device_id: str) -> str:
    if not isinstance(device_id, str) or not device_id.strip():
        raise ValueError("device_id is required")
    return device_id


def _asked(operation: Callable[..., Reply], *device_id: str) -> Reply:
    try:
        return VendorReply(operation(*device_id), True)
    except RefusedError as error:
        return VendorReply(error.reply, False)
    except NoAnswerError as error:
        raise as_vendor(error) from None


def as_vendor(error: Error) -> Error:
    """Returns the error as one that is also what the SDK raises: an exception of requests, or RuntimeError for a reply
    that is no JSON."""
    requests: Any = sys.modules.get("requests.exceptions")
    if isinstance(error, (BadReplyError, UnavailableError)):
        kind = RuntimeError
    elif requests is None or not isinstance(error, NoAnswerError):
        return error
    elif isinstance(error, TimedOutError):
        kind = requests.Timeout
    elif isinstance(error, TLSFailedError):
        kind = requests.SSLError
    else:
        kind = requests.ConnectionError
    return _also(type(error), kind)(error.status, error.reply)


def _also(error: Type[Error], kind: Type[Exception]) -> Type[Error]:
    def __init__(self: Any, status: str, reply: Reply) -> None:
        # What requests keeps in its exceptions.
        self.request = self.response = None
        Error.__init__(self, status, reply)

    name = error.__name__
    return type(name, (error, kind), {"__init__": __init__, "__module__": error.__module__, "__qualname__": name})

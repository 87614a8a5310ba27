"""The client of the MachineID execution authority: it asks whether a device may run, and fails closed.

    from libmachineid import Client

    with Client.from_env() as client:
        client.register("agent-01")
        if client.validate("agent-01"):
            work()

Client blocks, AsyncClient is for asyncio, and MachineID has the methods of the vendor's SDK, machineid-io. What
validate() gives is true when the device is allowed; require() raises an Error when it is not. In tests use the emulator
(libmachineid.testing, or the pytest fixture machineid_emulator) and not a mock: a Mock is true.
"""

from ._async import AsyncClient, AsyncGuard, Pending
from ._client import Client
from ._decisions import Decision, Decisions, GuardDecision
from ._errors import (
    BadReplyError,
    CallCancelledError,
    ConnectFailedError,
    DeniedError,
    Error,
    InternalError,
    InvalidArgumentError,
    InvalidOptionsError,
    NoAnswerError,
    NoOrgKeyError,
    OutOfMemoryError,
    RefusedError,
    ResolveFailedError,
    TimedOutError,
    TLSFailedError,
    TransferFailedError,
    UnavailableError,
)
from ._guard import Guard
from ._native import version
from ._texts import build_info
from ._vendor import MachineID

__version__: str

__all__ = [
    "AsyncClient",
    "AsyncGuard",
    "BadReplyError",
    "CallCancelledError",
    "Client",
    "ConnectFailedError",
    "Decision",
    "Decisions",
    "DeniedError",
    "Error",
    "Guard",
    "GuardDecision",
    "InternalError",
    "InvalidArgumentError",
    "InvalidOptionsError",
    "MachineID",
    "NoAnswerError",
    "NoOrgKeyError",
    "OutOfMemoryError",
    "Pending",
    "RefusedError",
    "ResolveFailedError",
    "TLSFailedError",
    "TimedOutError",
    "TransferFailedError",
    "UnavailableError",
    "build_info",
    "version",
]


def __getattr__(name: str) -> str:
    if name == "__version__":
        from importlib import metadata

        try:
            return metadata.version("libmachineid")
        except metadata.PackageNotFoundError:  # a copy of the sources that is not installed
            return version()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""machineid.py - the client of the MachineID authority, through cffi. Needs libmachineid, its header, and pkg-config.

    with machineid.Client.from_env(timeout_ms=2000) as client:
        client.register("agent-01")
        client.validate("agent-01")
        work()
        with client.guard("agent-01", interval_ms=1000) as guard:
            while guard:
                step()

validate() returns only when the device may run now, and otherwise raises Error, so that the next line is not reached:
`if client.validate(...)`, `is not None` and `try` around both are all right. is_allowed() is True or False instead. A
method that is named but not called, `if client.is_allowed:`, is true too, and so is a coroutine that is not awaited:
mypy reports the first, and Python warns about the second. A guard is true while it is on, and what validate_many()
returns when there are devices and all are allowed. In tests use machineid-emulator and not a mock: a Mock is
true.

cffi reads machineid.h itself, so the declarations cannot differ from it. A call blocks its thread until there is an
answer or timeout_ms has passed. Meanwhile it does not hold the interpreter lock, and Ctrl-C takes effect after the
call. Any number of threads may share a client, and a child of fork may continue to use it.
"""

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Iterable, List, Optional, Union

import cffi


def _declarations():
    """machineid.h without preprocessor lines and without extern "C"."""
    command = ["pkg-config", "--variable=includedir", "machineid"]
    folder = subprocess.run(command, check=True, stdout=subprocess.PIPE, universal_newlines=True).stdout.strip()
    header = Path(folder, "machineid.h").read_text(encoding="utf-8")
    return re.sub(r"^#ifdef __cplusplus\n.*?^#endif\n|^#.*?\n", "", header, flags=re.M | re.S)


_ffi = cffi.FFI()
_ffi.cdef(_declarations())
_mid = _ffi.dlopen("libmachineid.so.0")


def version() -> str:
    """The version of the loaded library."""
    return _ffi.string(_mid.mid_version()).decode()


class Error(Exception):
    """There is no reply, because the authority refused or gave no answer. validate() also raises this for a denial; the
    status is then "MID_OK", because the authority decided."""

    def __init__(self, status: str, reply: Dict[str, Any]):
        self.status = status  #: such as "MID_REFUSED"
        self.code = _code(reply)
        self.message = reply.get("message")
        self.request_id = reply.get("request_id")
        self.reply = reply
        why = f"not allowed: {self.code}" if status == "MID_OK" else f"{status} {self.code}: {self.message}"
        super().__init__(f"{why} (request id {self.request_id})" if self.request_id else why)


@dataclass(frozen=True)
class Decision:
    """The authority's decision to allow, which validate() returns. There is none for a denial, which is an Error."""

    status: str  #: "MID_OK"
    code: Optional[str]
    request_id: Optional[str]
    reply: Dict[str, Any]


class Decisions(List[Union[Decision, Error]]):
    """For each device a decision, or the error that validate() would have raised. It is true when there are devices and
    all of them are allowed."""

    def __bool__(self) -> bool:
        return len(self) > 0 and all(isinstance(one, Decision) for one in self)


class Guard:
    """A device's permission, kept fresh in the background, which Client.guard() starts. It is true while the device may
    run: look before each step. Looking takes some nanoseconds in the library, and asks nobody. In a child of fork it is
    off, and the child starts its own."""

    def __init__(self, handle):
        self._handle = handle

    @property
    def allowed(self) -> bool:
        return _mid.mid_guard_allowed(self._handle) == 1

    __bool__ = allowed.fget

    def fileno(self) -> int:
        """A descriptor for an event loop, which becomes readable once the guard is denied or ended. Do not read or
        close it."""
        return _mid.mid_guard_fd(self._handle)

    def wait_until_off(self, seconds: float) -> bool:
        """Waits until the guard is off, so long at most, and returns whether it is. A lapse may pass; a denial
        stays."""
        return _mid.mid_guard_wait(self._handle, int(seconds * 1000)) == _mid.MID_OK

    def decision(self) -> Dict[str, Any]:
        """What the guard knows, as machineid.h describes it for mid_guard_decision(): "state", "decision" and so on."""
        allowed, text = _ffi.new("int *"), _ffi.new("char **")
        return _checked(_mid.mid_guard_decision(self._handle, allowed, text), text)

    def stop(self) -> None:
        """Stops the guard, in 250 ms at most: it is off then. Each call holds the handle, so the guard is freed when
        the last of them has returned."""
        self._handle = _ffi.NULL

    def __enter__(self) -> "Guard":
        return self

    def __exit__(self, *exception) -> None:
        self.stop()


class Client:
    """A connection to the authority on behalf of one organisation. machineid.h lists the options."""

    def __init__(self, org_key: str, **options):
        self._open(_mid.mid_client_new, _c_string("org_key", org_key), options)

    @classmethod
    def from_env(cls, **options) -> "Client":
        """Takes the org key from the environment variable MACHINEID_ORG_KEY."""
        client = cls.__new__(cls)
        client._open(_mid.mid_client_from_env, options)
        return client

    def _open(self, make, *arguments):
        *key, options = arguments
        client, text = _ffi.new("mid_client **"), _ffi.new("char **")
        _checked(make(*key, _c_string("options", json.dumps(options)), client, text), text)
        self._handle = _ffi.gc(client[0], _mid.mid_client_free)

    def close(self) -> None:
        """Ends every call, as cancel() does. Each call holds the handle, so the client is freed when the last of them
        has returned. Any thread may call this. A call on a closed client is MID_INVALID_ARGUMENT."""
        self.cancel()
        self._handle = _ffi.NULL

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *exception) -> None:
        self.close()

    def cancel(self) -> None:
        """Ends every call in progress and every later call on this client with MID_CANCELLED. Any thread may call
        this."""
        _mid.mid_client_cancel(self._handle)

    def validate(self, device_id: str) -> Decision:
        """Returns the decision when the device may run now. Otherwise raises Error, with the code and the request id
        for your log."""
        allowed, status, reply = self._decide(device_id)
        if not allowed:
            raise Error(status, reply)
        return Decision(status, _code(reply), reply.get("request_id"), reply)

    def is_allowed(self, device_id: str) -> bool:
        """May this device run now? False if anything goes wrong. Use it in a condition: it raises nothing."""
        allowed, _, _ = self._decide(device_id)
        return allowed

    def validate_many(self, device_ids: Iterable[str]) -> Decisions:
        """May each of these devices run now? They are asked about together, within one timeout_ms for all, and one that
        gets no answer is not allowed by itself."""
        texts = [_ffi.new("char[]", _c_string("device_ids", one)) for one in device_ids]
        ids, flags, text = _ffi.new("char *[]", texts), _ffi.new("int[]", len(texts)), _ffi.new("char **")
        _mid.mid_validate_many(self._handle, ids, len(texts), flags, text)
        told = _take(text)
        replies = told if isinstance(told, list) else [told] * len(texts)
        return Decisions(_one_of_many(flag == 1, reply) for flag, reply in zip(flags, replies))

    def guard(self, device_id: str, **options) -> Guard:
        """Starts a guard: it validates once, in this call, and then every interval_ms. Raises Error when nobody
        answered. For a device that is denied the guard is off."""
        guard, text = _ffi.new("mid_guard **"), _ffi.new("char **")
        id_text, options_text = _c_string("device_id", device_id), _c_string("options", json.dumps(options))
        _checked(_mid.mid_guard_start(self._handle, id_text, options_text, guard, text), text)
        return Guard(_ffi.gc(guard[0], _mid.mid_guard_stop))

    def _decide(self, device_id):
        allowed, text = _ffi.new("int *"), _ffi.new("char **")
        status = _mid.mid_validate(self._handle, _c_string("device_id", device_id), allowed, text)
        reply = _take(text)
        return allowed[0] == 1, _name_of(status), reply

    # These return the authority's reply, or raise Error.

    def register(self, device_id: str) -> Dict[str, Any]:
        return self._ask(_mid.mid_register, _c_string("device_id", device_id))

    def revoke(self, device_id: str) -> Dict[str, Any]:
        return self._ask(_mid.mid_revoke, _c_string("device_id", device_id))

    def unrevoke(self, device_id: str) -> Dict[str, Any]:
        return self._ask(_mid.mid_unrevoke, _c_string("device_id", device_id))

    def restore(self, device_id: str) -> Dict[str, Any]:
        return self._ask(_mid.mid_restore, _c_string("device_id", device_id))

    def remove(self, device_id: str) -> Dict[str, Any]:
        return self._ask(_mid.mid_remove, _c_string("device_id", device_id))

    def list_devices(self) -> Dict[str, Any]:
        return self._ask(_mid.mid_list_devices)

    def usage(self) -> Dict[str, Any]:
        return self._ask(_mid.mid_usage)

    def _ask(self, operation, *arguments):
        text = _ffi.new("char **")
        return _checked(operation(self._handle, *arguments, text), text)


def _one_of_many(is_allowed, reply):
    """The library returns one status for all devices, so that of each comes from its reply."""
    if is_allowed:
        return Decision("MID_OK", _code(reply), reply.get("request_id"), reply)
    code = str(reply.get("code", ""))
    if code.startswith("CLIENT_"):
        return Error(code.replace("CLIENT_", "MID_", 1), reply)
    return Error("MID_OK" if "allowed" in reply else "MID_REFUSED", reply)


def _checked(status, text):
    reply = _take(text)
    if status != _mid.MID_OK:
        raise Error(_name_of(status), reply)
    return reply


def _take(text):
    """Parses and frees a text from a json parameter. The answer is the library's flag and not this text, so a reply
    that Python cannot parse becomes an empty one."""
    try:
        return json.loads(_ffi.string(text[0])) if text[0] else {}
    except (ValueError, RecursionError):
        return {}
    finally:
        _mid.mid_free(text[0])


def _code(reply):
    """The "code" of a decision or of an error of the library's; the "error" of a refusal by the authority."""
    return reply.get("code", reply.get("error"))


def _name_of(status):
    return _ffi.string(_mid.mid_status_name(status)).decode()


def _c_string(name, text):
    """A text for the library. A NUL would cut it short, so that the call would concern another device."""
    if not isinstance(text, str):
        raise TypeError(f"{name} must be a str, not {type(text).__name__}")
    if "\0" in text:
        raise ValueError(f"{name} must be a str without NUL")
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"{name} must be a str without lone surrogates: {error}") from None

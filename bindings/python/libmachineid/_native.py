"""Loads libmachineid, and declares what machineid.h declares.

A wheel for a platform has the library inside, in the folder _lib. Where that folder is missing, as after an
installation from the source archive, the system's library is loaded by its soname.

ctypes is in every Python, so one wheel serves all versions, and nothing has to be compiled or installed beside it. It
releases the interpreter lock during a call through CDLL, and holds no lock of its own that a child of fork could find
held. What it costs, about a microsecond for a call, is little beside a request.
"""

import ctypes
import os
import pathlib
import platform
from ctypes import POINTER, c_char_p, c_int, c_int32, c_size_t, c_void_p
from typing import Any

SONAME = "libmachineid.so.0"
INSIDE = pathlib.Path(__file__).with_name("_lib") / SONAME


def _here() -> str:
    libc, version = platform.libc_ver()
    return f"{platform.system()} on {platform.machine()} with {' '.join((libc, version)) if libc else 'another libc'}"


def _load() -> ctypes.CDLL:
    is_inside = INSIDE.exists()
    try:
        return ctypes.CDLL(os.fspath(INSIDE) if is_inside else SONAME)
    except OSError as error:
        if is_inside:
            why = (
                f"the {SONAME} inside this package does not load here, on {_here()}: {error}. Install the wheel for "
                "this platform: pip chooses it by itself, unless a file is named or another --platform is given"
            )
        else:
            why = (
                f"there is no {SONAME} for {_here()}: {error}. This package has no library inside, because it was "
                "installed from the source archive: install a wheel, which there is for Linux on x86_64 and aarch64, "
                "with glibc or musl; or install libmachineid where the loader finds it"
            )
        raise ImportError(why) from None


#: For what may wait: a call through CDLL releases the interpreter lock.
calls = _load()

#: For what returns at once. A call through PyDLL keeps the interpreter lock, because a thread that released it could
#: wait for it much longer than these functions take.
looks = ctypes.PyDLL(calls._name, handle=calls._handle)

# The caller frees the json texts, so they are void pointers: ctypes would copy a c_char_p and lose the pointer.
_handle, _json, _flags = c_void_p, POINTER(c_void_p), POINTER(c_int)


def _declare(through: ctypes.CDLL, result: Any, name: str, *arguments: Any) -> None:
    function = getattr(through, name)
    function.restype, function.argtypes = result, arguments


for _name in ("mid_version", "mid_build_info"):
    _declare(looks, c_char_p, _name)
_declare(looks, c_char_p, "mid_status_name", c_int32)
_declare(looks, None, "mid_free", c_void_p)
_declare(looks, c_int, "mid_guard_allowed", _handle)

_declare(calls, c_int32, "mid_client_new", c_char_p, c_char_p, POINTER(_handle), _json)
_declare(calls, c_int32, "mid_client_from_env", c_char_p, POINTER(_handle), _json)
for _name in ("mid_client_cancel", "mid_client_free", "mid_guard_stop"):
    _declare(calls, None, _name, _handle)
_declare(calls, c_int32, "mid_validate", _handle, c_char_p, _flags, _json)
_declare(calls, c_int32, "mid_validate_many", _handle, POINTER(c_char_p), c_size_t, _flags, _json)
for _name in ("mid_register", "mid_revoke", "mid_unrevoke", "mid_restore", "mid_remove"):
    _declare(calls, c_int32, _name, _handle, c_char_p, _json)
for _name in ("mid_list_devices", "mid_usage"):
    _declare(calls, c_int32, _name, _handle, _json)
_declare(calls, c_int32, "mid_guard_start", _handle, c_char_p, c_char_p, POINTER(_handle), _json)
_declare(calls, c_int, "mid_guard_fd", _handle)
_declare(calls, c_int32, "mid_guard_wait", _handle, c_int32)
_declare(calls, c_int32, "mid_guard_decision", _handle, _flags, _json)

#: Whether the library has mid_client_stats. A library of the system may be older than this package.
HAS_STATS = hasattr(calls, "mid_client_stats")
if HAS_STATS:
    _declare(calls, c_int32, "mid_client_stats", _handle, _json)


def version() -> str:
    """The version of the loaded library, such as "0.1.0"."""
    found: bytes = looks.mid_version()
    return found.decode()

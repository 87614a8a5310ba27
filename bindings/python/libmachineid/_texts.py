"""Texts for the library, and texts from it."""

import ctypes
import json
import os
from typing import Any, Dict, Mapping, Optional

from ._native import looks

#: What the library prints as JSON: a reply of the authority, or the reason why there is none.
Reply = Dict[str, Any]


def c_string(name: str, text: object) -> bytes:
    """Returns a text for the library, or raises an error that names the parameter and does not show the text, which
    may be the org key. A NUL would cut the text short, so that the call would concern another device."""
    if not isinstance(text, str):
        raise TypeError(f"{name} must be a str, not {type(text).__name__}")
    if "\0" in text:
        raise ValueError(f"{name} must be a str without NUL")
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        at = error.start
    raise ValueError(f"{name} must be a str without lone surrogates; there is one at position {at}")


def options_text(options: Mapping[str, object]) -> bytes:
    """Returns options as the library takes them, without those that are None: the library has the defaults."""
    given = {}
    for name, value in options.items():
        if value is None:
            continue
        if isinstance(value, os.PathLike):
            value = os.fspath(value)
        if isinstance(value, str):
            c_string(name, value)
        elif isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(f"{name} must be a str or an int, not {type(value).__name__}")
        given[name] = value
    return json.dumps(given).encode()


def taken(text: ctypes.c_void_p) -> Any:
    """Parses and frees a text from a json parameter; None where there is none, or where Python cannot read it. The
    answer is the library's flag, whatever a reply looks like to Python."""
    try:
        return parsed(ctypes.string_at(text)) if text else None
    finally:
        looks.mid_free(text)


def parsed(text: bytes) -> Any:
    try:
        return json.loads(text)
    except RecursionError:
        return None
    except ValueError:
        pass
    try:
        # Python refuses to make an int of more digits than sys.get_int_max_str_digits().
        return json.loads(text, parse_int=float)
    except (ValueError, RecursionError):
        return None


def as_reply(value: Any) -> Reply:
    return value if isinstance(value, dict) else {}


def text_of(reply: Reply, *names: str) -> Optional[str]:
    """Returns the first of these members that is there, if it is a text."""
    for name in names:
        value = reply.get(name)
        if value is not None:
            return value if isinstance(value, str) else None
    return None


def status_name(status: int) -> str:
    """Returns the name of a status. The number of one without a name, which a later library may have, is passed on."""
    name: str = looks.mid_status_name(status).decode()
    return name if name != "MID_UNKNOWN_STATUS" else f"MID_UNKNOWN_STATUS {status}"


def build_info() -> Reply:
    """What the loaded library is, and which libraries it works with: the object that mid_build_info gives."""
    return as_reply(parsed(looks.mid_build_info()))

"""The release library through ctypes, with the method names of the vendor's SDK."""

import ctypes
import json


class Refused(Exception):
    """The library got no answer from the authority. The text is its JSON."""


class Library:
    def __init__(self, path: str) -> None:
        self.c = c = ctypes.CDLL(path)
        text, result = ctypes.c_char_p, ctypes.POINTER(ctypes.c_void_p)
        client = ctypes.c_void_p
        c.mid_client_new.argtypes = [text, text, ctypes.POINTER(client), result]
        c.mid_client_free.argtypes = [client]
        c.mid_client_free.restype = None
        c.mid_validate.argtypes = [client, text, ctypes.POINTER(ctypes.c_int), result]
        for name in ("register", "revoke", "unrevoke", "restore", "remove"):
            getattr(c, f"mid_{name}").argtypes = [client, text, result]
        for name in ("list_devices", "usage"):
            getattr(c, f"mid_{name}").argtypes = [client, result]
        c.mid_free.argtypes = [ctypes.c_void_p]
        c.mid_free.restype = None

    def take(self, status: int, owned: ctypes.c_void_p) -> dict | None:
        """Parses and frees an owned text. Statuses 0 and 1 are MID_OK and MID_REFUSED: the authority answered."""
        text = ctypes.string_at(owned) if owned else None
        self.c.mid_free(owned)
        if status not in (0, 1):
            raise Refused((text or b"").decode())
        return json.loads(text) if text else None


class Client:
    def __init__(self, library: Library, org_key: str, base_url: str) -> None:
        self.library = library
        self.client, owned = ctypes.c_void_p(), ctypes.c_void_p()
        options = json.dumps({"base_url": base_url})
        status = library.c.mid_client_new(
            org_key.encode(), options.encode(), ctypes.byref(self.client), ctypes.byref(owned)
        )
        library.take(status, owned)

    def close(self) -> None:
        self.library.c.mid_client_free(self.client)
        self.client = ctypes.c_void_p()

    def validate(self, device_id: str) -> dict:
        allowed, owned = ctypes.c_int(1), ctypes.c_void_p()
        status = self.library.c.mid_validate(
            self.client, device_id.encode(), ctypes.byref(allowed), ctypes.byref(owned)
        )
        reply = self.library.take(status, owned)
        assert bool(allowed.value) is reply["allowed"], "allowed differs from the reply"
        return reply

    def __getattr__(self, operation: str):
        function = getattr(self.library.c, f"mid_{operation}")

        def call(*device_id: str) -> dict:
            owned = ctypes.c_void_p()
            status = function(self.client, *(text.encode() for text in device_id), ctypes.byref(owned))
            return self.library.take(status, owned)

        return call

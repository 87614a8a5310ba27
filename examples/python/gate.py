"""gate.py - works only when the authority allows it. Exit status: 0 it worked, 1 it was not allowed to."""
import ctypes
import os
import sys
from ctypes import POINTER, byref, c_char_p, c_int, c_int32, c_void_p

mid = ctypes.CDLL("libmachineid.so.0")  # a call through CDLL releases the interpreter lock
# An owned char * is a c_void_p here: as c_char_p it would become a copy, and the text itself be lost.
mid.mid_client_from_env.argtypes = [c_char_p, POINTER(c_void_p), POINTER(c_void_p)]
mid.mid_register.argtypes = [c_void_p, c_char_p, POINTER(c_void_p)]
mid.mid_validate.argtypes = [c_void_p, c_char_p, POINTER(c_int), POINTER(c_void_p)]
mid.mid_status_name.argtypes, mid.mid_status_name.restype = [c_int32], c_char_p
mid.mid_free.argtypes, mid.mid_free.restype = [c_void_p], None
mid.mid_client_free.argtypes, mid.mid_client_free.restype = [c_void_p], None
MID_OK = 0

device = os.environb.get(b"MACHINEID_DEVICE_ID", b"agent-01")
client, json, allowed = c_void_p(), c_void_p(), c_int(0)

status = mid.mid_client_from_env(None, byref(client), byref(json))
if status == MID_OK:
    status = mid.mid_register(client, device, byref(json))
if status == MID_OK:
    mid.mid_free(json)
    status = mid.mid_validate(client, device, byref(allowed), byref(json))

if allowed.value:
    print("working")
else:
    print("not allowed:", mid.mid_status_name(status).decode(), ctypes.string_at(json).decode(), file=sys.stderr)

mid.mid_free(json)
mid.mid_client_free(client)
sys.exit(0 if allowed.value else 1)

"""Checks that cffi can read machineid.h, without its # lines and extern "C", and finds each of its functions in the
library.

    header_in_cffi.py HEADER LIBRARY FUNCTION...
"""

import re
import sys

import cffi

header, library, *functions = sys.argv[1:]
with open(header, encoding="utf-8") as file:
    text = file.read()
version = re.search(r'^#define MID_VERSION "(.*)"$', text, re.M)[1]
number = int(re.search(r"^#define MID_VERSION_NUMBER (.*)$", text, re.M)[1])

ffi = cffi.FFI()
ffi.cdef(re.sub(r"^#ifdef __cplusplus\n.*?^#endif\n|^#.*?\n", "", text, flags=re.M | re.S))
mid = ffi.dlopen(library)
for name in functions:
    getattr(mid, name)

assert ffi.string(mid.mid_version()).decode() == version
assert mid.mid_version_number() == number
assert ffi.string(mid.mid_status_name(mid.MID_TIMEOUT)) == b"MID_TIMEOUT"
allowed, json = ffi.new("int *", 1), ffi.new("char **")
assert mid.mid_validate(ffi.NULL, b"agent", allowed, json) == mid.MID_INVALID_ARGUMENT
assert allowed[0] == 0 and b"CLIENT_INVALID_ARGUMENT" in ffi.string(json[0])
mid.mid_free(json[0])

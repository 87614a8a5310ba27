#!/usr/bin/env python3
"""Tests TLS of the release library, with nginx in front of the emulator and with servers that break TLS.

    tls.py --library FOLDER --probe FILE --emulator URL --folder FOLDER [NAME...]

Tests/tls/run starts it with these arguments. NAME is one of the modules below; without a NAME, all are run.
"""

import sys

from suite import main

MODULES = [
    "trust",
    "authorities",
    "system_roots",
    "versions",
    "handshakes",
    "connections",
    "late_replies",
    "truncation",
    "redirects",
    "zones",
    "large_replies",
    "cold_start",
]

if __name__ == "__main__":
    sys.exit(main(__doc__, MODULES))

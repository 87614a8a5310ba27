#!/usr/bin/env python3
"""TLS: the release library against nginx in front of the emulator, and against servers that break TLS.

    tls.py --library FOLDER --probe FILE --emulator URL --folder FOLDER [NAME...]

Tests/tls/run gives it what it needs. NAME is one of the modules below; without any, all are run.
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

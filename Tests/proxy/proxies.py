#!/usr/bin/env python3
"""Tests the release library through tinyproxy, and through proxies that record what they see, or lie.

    proxies.py --library FOLDER --probe FILE --emulator URL --folder FOLDER [NAME...]

Tests/proxy/run starts it with these arguments. NAME is one of the modules below; without a NAME, all are run.
"""

import sys

from suite import main

MODULES = ["tunnels", "bypass", "environment", "secrecy", "false_proxies", "floods"]

if __name__ == "__main__":
    sys.exit(main(__doc__, MODULES))

#!/usr/bin/env python3
"""Proxies: the release library through tinyproxy, and through proxies that write down what they see, or lie.

    proxies.py --library FOLDER --probe FILE --emulator URL --folder FOLDER [NAME...]

Tests/proxy/run gives it what it needs. NAME is one of the modules below; without any, all are run.
"""

import sys

from suite import main

MODULES = ["tunnels", "bypass", "environment", "secrecy", "false_proxies", "floods"]

if __name__ == "__main__":
    sys.exit(main(__doc__, MODULES))

"""The libcurl that the library meets here."""

import functools
import re
import subprocess


@functools.cache
def version():
    """Such as (8, 14)."""
    said = subprocess.run(["curl-config", "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(map(int, re.search(r"libcurl (\d+)\.(\d+)", said).groups()))

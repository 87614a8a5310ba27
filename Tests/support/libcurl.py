"""The version of the libcurl that the library uses here."""

import functools
import re
import subprocess


@functools.cache
def version():
    """Returns the version, such as (8, 14)."""
    said = subprocess.run(["curl-config", "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(map(int, re.search(r"libcurl (\d+)\.(\d+)", said).groups()))

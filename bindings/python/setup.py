"""The version of the package, and the tag of a wheel with the library inside. pyproject.toml has all else.

LIBMACHINEID_PLATFORM is the platform of the library in libmachineid/_lib, such as musllinux_1_2_x86_64, which
bindings/python/package sets. Without it the wheel is for every platform, and loads the system's library.
"""

import os
import pathlib
import re

from setuptools import setup

try:
    from setuptools.command.bdist_wheel import bdist_wheel
except ImportError:  # before setuptools 70.1
    from wheel.bdist_wheel import bdist_wheel

HERE = pathlib.Path(__file__).parent
PLATFORM = os.environ.get("LIBMACHINEID_PLATFORM")


def version():
    """The file VERSION is in the source archive; in a checkout the header has the version."""
    if (HERE / "VERSION").exists():
        return (HERE / "VERSION").read_text().strip()
    header = (HERE / "../../include/machineid.h").read_text()
    return re.search('^#define MID_VERSION "(.*)"$', header, re.M)[1]


class Wheel(bdist_wheel):
    def finalize_options(self):
        super().finalize_options()
        self.root_is_pure = PLATFORM is None

    def get_tag(self):
        # No part of it is built for one version of Python: the library is loaded by ctypes.
        return ("py3", "none", PLATFORM or "any")


setup(version=version(), cmdclass={"bdist_wheel": Wheel})

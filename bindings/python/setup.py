"""The version of the package, and the tag of a wheel with the library inside. pyproject.toml has all else.

LIBMACHINEID_PLATFORM is the platform of the library in libmachineid/_lib, such as musllinux_1_2_x86_64, which
bindings/python/package sets. Without it the wheel is for every platform, and loads the system's library.
"""

import os
import pathlib
import re

from setuptools import Distribution, setup

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


class Package(Distribution):
    def has_ext_modules(self):
        """Whether it goes to the folder of what is for one platform alone."""
        return PLATFORM is not None


class Wheel(bdist_wheel):
    def get_tag(self):
        # No part of it is built for one version of Python: the library is loaded by ctypes.
        return ("py3", "none", PLATFORM or "any")


setup(version=version(), distclass=Package, cmdclass={"bdist_wheel": Wheel})

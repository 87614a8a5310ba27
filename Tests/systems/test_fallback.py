"""Tests the library as ordinary Swift, the fallback should Embedded Swift ever fail. It must need no separate Swift
runtime."""

import os
import re
import subprocess

import pytest
from project import ROOT

pytestmark = pytest.mark.xdist_group("fallback")
FALLBACK = ROOT / "build/ordinary/lib"


@pytest.fixture(scope="module")
def fallback():
    result = subprocess.run(
        ["script/build"],
        cwd=ROOT,
        env={**os.environ, "MID_ORDINARY": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert result.returncode == 0, result.stdout
    return FALLBACK


def test_needs_no_swift_runtime(fallback):
    said = subprocess.run(["readelf", "-d", fallback / "libmachineid.so"], capture_output=True, text=True, check=True)
    assert not re.findall("NEEDED.*libswift.*", said.stdout)


@pytest.mark.parametrize("name", ["operations", "failures"])
def test_program(fallback, program, run_fresh, name):
    run_fresh(program(f"../contract/{name}.c", library=fallback), LD_LIBRARY_PATH=fallback)

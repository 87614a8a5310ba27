"""Checks the ABI of the library in build/, and that cffi reads its header."""

import re
import sys

import checks
from commands import outcome, passes
from project import ROOT, functions


def test_check_abi():
    result = outcome("script/check-abi")
    print(result.stdout)
    checks.counted(len(re.findall("^ok ", result.stdout, re.M)), len(re.findall("^FAILED ", result.stdout, re.M)))
    assert result.returncode == 0, result.stdout
    checks.said(result.stdout.splitlines()[-1])


def test_cffi(library):
    script = ROOT / "Tests/packaging/header_in_cffi.py"
    header, loaded = "include/machineid.h", library / "libmachineid.so.0"
    passes("cffi reads machineid.h unchanged", sys.executable, script, header, loaded, *functions())

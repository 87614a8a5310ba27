"""Tests the packages in bindings/. script/test-bindings tests each as a user gets it, in a root of its own."""

import os

import checks
import pytest
from commands import outcome, tail
from project import ROOT


def test_python(library, long):
    """The tests of the Python package run from its sources, with the library that was built here."""
    sources = ROOT / "bindings/python"
    result = outcome(
        *("script/lib/python", "-W", "error", "-m", "pytest", "-q"),
        *("-p", "no:cacheprovider", "-p", "pytest_libmachineid"),
        *(f"--rootdir={sources}", f"--config-file={sources}/pyproject.toml", sources / "tests"),
        *(["--long"] if long else []),
        environment={
            "PYTHONPATH": sources,
            "PYTHONDONTWRITEBYTECODE": 1,
            "LD_LIBRARY_PATH": library,
            "MACHINEID_EMULATOR": ROOT / "build/bin/machineid-emulator",
            "CHECK_SLACK_MS": os.environ.get("CHECK_SLACK_MS", "1000"),
        },
        seconds=300,
    )
    print(result.stdout)
    assert result.returncode == 0, tail(result.stdout)
    checks.said(result.stdout.splitlines()[-1])


@pytest.mark.long
def test_python_types():
    mypy = (ROOT / "script/lib/python", "--packages", "-m", "mypy", "--cache-dir", ROOT / "build/mypy")
    result = outcome(*mypy, cwd=ROOT / "bindings/python")
    assert result.returncode == 0, result.stdout
    checks.said(result.stdout.splitlines()[-1])


@pytest.mark.long
@pytest.mark.needs_root
@pytest.mark.xdist_group("build")
def test_in_roots():
    for command in (["script/package", "--languages"], ["script/test-bindings", "--long"]):
        result = outcome(*command, seconds=3600)
        print(result.stdout)
        assert result.returncode == 0, tail(result.stdout)
    checks.said(" ".join(result.stdout.splitlines()[-1].split()))

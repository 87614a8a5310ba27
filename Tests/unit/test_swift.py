"""Runs the Swift tests of the library and of the emulator, in the debug build."""

import os
import re
import subprocess

import checks
import pytest
from project import ROOT


@pytest.mark.early
def test_swift():
    result = subprocess.run(
        ["swift", "test"],
        cwd=ROOT,
        env={**os.environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    print(result.stdout)
    summary = re.search(r"Test run with (\d+) tests? .*", result.stdout)
    issues = [line for line in result.stdout.splitlines() if re.search(r"recorded an issue|error:", line)]
    assert result.returncode == 0, "\n".join(issues[:40]) or result.stdout[-3000:]
    assert summary, "no test was run"
    checks.counted(int(summary[1]))
    checks.said(summary[0])

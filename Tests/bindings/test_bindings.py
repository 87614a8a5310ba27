"""Tests the bindings of all languages with examples/*/run. script/test-runtimes NAME tests one language."""

import re

import checks
import pytest
from commands import outcome


@pytest.mark.early
@pytest.mark.xdist_group("build")
def test_bindings():
    result = outcome("script/test-runtimes", seconds=3600)
    print(result.stdout)
    for word, name, rest in re.findall(r"^(ok|skip) +(\S+) *(.*)", result.stdout, re.M):
        checks.ok(name) if word == "ok" else checks.skipped(name, rest.strip("()"))
    assert result.returncode == 0, (
        "\n".join(re.findall(r"^FAIL .*(?:\n     .*)*", result.stdout, re.M)) or result.stdout
    )
    checks.said(result.stdout.splitlines()[-1])

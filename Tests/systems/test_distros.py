"""Runs the tests in roots of releases of Debian that have another libcurl, OpenSSL and glibc than this machine: on
Debian 13 the suites that depend most on these; with --long everything, on all releases."""

import re

import checks
import pytest
from commands import outcome
from project import ROOT

pytestmark = [pytest.mark.early, pytest.mark.xdist_group("distros")]

# The longest suite comes first.
SUITES = ["wire/hostile", "host/fork", "contract/operations", "contract/clients", "wire/proxy", "wire/tls"]
SUITES += ["contract/audit", "contract/secrets", "host/guest", "host/threads::test_sixteen", "host/exit::test_unload"]
COUNTS = r"^checks in the tests: (\d+) passed, (\d+) failed; wrong allowed: (\d+)"


def start(seconds, *arguments):
    result = outcome("script/test-distros", *arguments, seconds=seconds)
    print(result.stdout)
    assert result.returncode == 0, result.stdout
    suites = re.findall(r"^(\w+): (\S+): (.*, in \d+ s)$", result.stdout, re.M)
    for release, suite, _ in suites:
        log = ROOT / "build/distros" / release / f"{re.sub('[/:]', '-', suite)}.log"
        for passed, failed, wrong in re.findall(COUNTS, log.read_text(), re.M):
            checks.counted(int(passed), int(failed), int(wrong))
    checks.said("; ".join(" ".join(suite) for suite in suites))


@pytest.mark.parametrize("suite", SUITES)
def test_debian_13(suite, long):
    if long:
        pytest.skip("with --long every suite runs on every system")
    start(1800, "--suites", suite, "trixie")


@pytest.mark.long
def test_all_systems():
    start(12 * 3600, "--long")

"""Runs the tests in roots of releases of Debian that have another libcurl, OpenSSL and glibc than this machine: on
Debian 13 the suites that depend most on these; with --long everything, on all releases."""

import pytest
import suites
from project import ROOT

pytestmark = [pytest.mark.early, pytest.mark.xdist_group("distros")]

# The longest suite comes first.
SUITES = ["host/fork", "wire/hostile::test_hostile_gates", "contract/operations", "contract/clients", "wire/proxy"]
SUITES += ["wire/tls", "contract/audit", "contract/secrets"]
SUITES += ["host/guest", "host/threads::test_sixteen", "host/exit::test_unload"]


def start(seconds, *arguments):
    suites.start(log_of, seconds, "script/test-distros", *arguments)


def log_of(release, suite):
    return ROOT / f"build/distros/{release}/{suite}.log"


@pytest.mark.parametrize("suite", SUITES)
def test_debian_13(suite, long):
    if long:
        pytest.skip("with --long every suite runs on every system")
    start(1800, "--suites", suite, "trixie")


@pytest.mark.long
def test_all_systems():
    start(12 * 3600, "--long")

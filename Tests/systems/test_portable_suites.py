"""Runs the tests with each portable build, in the root of a system that has its C library and next to nothing else."""

import pytest
import suites
from portable import PLATFORMS
from project import ROOT

pytestmark = [pytest.mark.long, pytest.mark.early, pytest.mark.needs_root, pytest.mark.xdist_group("portable")]


def log_of(platform, suite):
    return ROOT / f"build/portable/{platform}/tests/{suite}.log"


@pytest.mark.parametrize("platform", PLATFORMS)
def test_suites(platform):
    suites.start(log_of, 6 * 3600, "script/test-portable", platform)

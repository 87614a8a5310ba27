"""Tests that the fuzz targets build, and that no committed input makes them fail. With --long they search for new
inputs, both side by side, for five minutes."""

import re

import checks
import pytest
from commands import outcome


def fuzz(argument, seconds):
    result = outcome("script/fuzz", argument, seconds=seconds)
    assert result.returncode == 0, result.stdout
    checks.said("; ".join(re.sub(" +", " ", line) for line in re.findall("^(?:Reply|Options) .*", result.stdout, re.M)))


@pytest.mark.xdist_group("fuzz")
def test_committed_inputs():
    fuzz("--replay", 1200)


@pytest.mark.long
@pytest.mark.xdist_group("fuzz")
def test_new_inputs():
    fuzz("300", 2400)

"""Tests examples/c/guarded_loop.c: what stops it, how soon, and its exit status."""

import subprocess
import time

import pytest
from checks import SLACK_MS, equal, holds
from commands import outcome
from project import ROOT
from supervised import await_true
from targets import WARNINGS


@pytest.fixture
def loop(programs):
    command = ["cc", "-std=c99", "-O2", *WARNINGS, "-Iinclude", ROOT / "examples/c/guarded_loop.c"]
    return programs.compiled("guarded_loop", [*command, f"-L{programs.library}", "-lmachineid"])


@pytest.fixture
def environment(supervised, library):
    return supervised.environment | {"LD_LIBRARY_PATH": library}


def expect_stop(supervised, loop, environment, status, limit_ms, happens):
    """The loop must work until something happens, and stop within this time after that."""
    output = supervised.folder / "output"
    with open(output, "wb") as file:
        process = subprocess.Popen(
            [loop], env={name: str(value) for name, value in environment.items()}, stdout=file, stderr=subprocess.PIPE
        )
    try:
        works = await_true(lambda: output.read_text().startswith("working\n"))
        holds("it works", works, output.read_text())
        happens()
        since = time.monotonic()
        equal("its exit status", status, process.wait(60))
        took = (time.monotonic() - since) * 1000
        holds("it stops in time", took <= limit_ms + SLACK_MS, f"it took {took:.0f} ms, and may take {limit_ms}")
        lines = output.read_text().splitlines()
        holds(
            "it has done something", any(line.startswith("stopped after ") and line[14] != "0" for line in lines), lines
        )
    finally:
        process.kill()
        process.communicate()


def test_revoked(supervised, loop, environment):
    # The limit is the interval and a tenth; the round trip is part of the slack.
    expect_stop(supervised, loop, environment, 1, 1100, lambda: supervised.operator("revoke"))


def test_denied_from_the_start(supervised, loop, environment):
    supervised.operator("revoke")
    result = outcome(loop, merged=False, environment=environment)
    equal("its exit status", 1, result.returncode)
    equal("it does not work", "", result.stdout)


def test_an_outage(supervised, loop, environment):
    # The limit is max_age_ms.
    expect_stop(supervised, loop, environment, 3, 5000, lambda: supervised.outage(httpStatus=500))


def test_an_outage_from_the_start(supervised, loop, environment):
    supervised.outage(httpStatus=500)
    equal("its exit status", 3, outcome(loop, environment=environment).returncode)


def test_the_authority_is_gone(supervised, loop, environment):
    expect_stop(supervised, loop, environment, 3, 5000, supervised.emulator.stop)

"""Tests that machineid-exec knows when its program has ended: also one that is traced, which no wait returns, and one
whose first thread has ended before the others."""

import contextlib
import signal
import subprocess

import pytest
from checks import equal, holds
from supervised import WAITS, are_gone, await_true, line_of


@pytest.fixture
def tracer(program):
    return program("holds.c", is_linked=False)


@pytest.mark.parametrize("kills_group", [[], ["--kill-group"]], ids=["alone", "with --kill-group"])
def test_a_program_that_is_traced_by_its_child(supervised, tracer, found, kills_group):
    supervised.launch(*kills_group, "--grace", "0.1", "--", tracer, "self", "ends", FOUND=found)
    supervised.expect_end(5)
    equal("whether its child is gone", bool(kills_group), are_gone(found))


def test_a_denied_program_that_is_traced_by_its_child(supervised, tracer, found):
    supervised.launch("--grace", "0.1", "--", tracer, "self", FOUND=found)
    supervised.operator("revoke")
    supervised.expect_end(124)
    equal("whether its child is gone", False, are_gone(found))


@contextlib.contextmanager
def traced(tracer, pid, *words):
    """Traces a process from outside."""
    with subprocess.Popen([tracer, str(pid), *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert line_of(process.stdout.fileno()) == "ready"
        yield


@pytest.mark.parametrize("kills_group", [[], ["--kill-group"]], ids=["alone", "with --kill-group"])
def test_a_program_that_is_traced_from_outside(supervised, tracer, kills_group):
    """The tracer is not one of those that --kill-group ends."""
    supervised.launch(*kills_group, "--grace", "0.1", "--", "sh", "-c", WAITS)
    with traced(tracer, supervised.program):
        supervised.operator("revoke")
        supervised.expect_end(124)


@pytest.mark.long
@pytest.mark.parametrize("kills_group", [[], ["--kill-group"]], ids=["alone", "with --kill-group"])
def test_a_program_that_does_not_die(supervised, tracer, kills_group):
    """The tracer holds it right before its end, so that SIGKILL is not enough. That is said after five seconds."""
    supervised.launch(*kills_group, "--log", "json", "--grace", "0.1", "--", "sh", "-c", WAITS)
    with traced(tracer, supervised.program, "exit"):
        supervised.operator("revoke")
        said = await_true(lambda: "not_stoppable" in [event["event"] for event in supervised.events])
        holds("it is said", said, supervised.errors)
        equal("machineid-exec stays", None, supervised.supervisor.poll())
    supervised.expect_end(124)
    names = [event["event"] for event in supervised.events]
    equal("what is said", ["starting", "stopping", "killing", "not_stoppable", "ended"], names)


def test_a_program_whose_first_thread_has_ended(supervised, program):
    """In /proc it is a zombie, and it is none."""
    supervised.launch("--", program("first_thread_ends.c", is_linked=False))
    supervised.await_answers("ALLOW", 12)  # an interval of 0.1 s: machineid-exec looks at its program each half second
    equal("machineid-exec stays", None, supervised.supervisor.poll())
    supervised.kill(signal.SIGTERM)
    supervised.expect_end(3)

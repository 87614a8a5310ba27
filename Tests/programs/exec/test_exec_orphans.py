"""Tests what machineid-exec does with the processes that its program starts, as the first process of a namespace and
otherwise."""

import os
import signal
import subprocess
import sys
import time

import pytest
from checks import equal, holds, said
from commands import outcome
from project import ROOT
from supervised import DEFAULT_SIGNALS, EXEC, WAITS, await_true, children_of, is_there, line_of

AS_FIRST = ["unshare", "--pid", "--fork", "--mount-proc"]


@pytest.fixture
def descends(program):
    return program("descends.c", is_linked=False)


@pytest.fixture
def found(supervised):
    """The file to which processes write their ids."""
    file = supervised.folder / "found"
    file.touch()
    yield file
    for pid in ids_in(file):
        if is_there(pid):
            os.kill(pid, signal.SIGKILL)


def ids_in(file):
    return [int(line) for line in file.read_text().split()]


def are_gone(file):
    return all(not is_there(pid) for pid in ids_in(file))


@pytest.mark.parametrize("first", [pytest.param(True, marks=pytest.mark.needs_root), False], ids=["first", "other"])
def test_a_thousand_orphans(supervised, program, first):
    orphans = program("orphans.c", is_linked=False)
    command = [*(AS_FIRST if first else []), *DEFAULT_SIGNALS, EXEC, "--", orphans, 1000]
    result = outcome(*command, environment=supervised.environment)
    equal("none is left", (0, "1000 orphans, 0 left\n"), (result.returncode, result.stdout))
    said(result.stdout.strip())


@pytest.mark.needs_root
def test_a_signal_while_the_authority_is_silent_as_the_first_process(supervised):
    script = ROOT / "Tests/programs/exec/answers_when_told.py"
    with subprocess.Popen([sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as authority:
        url = line_of(authority.stdout.fileno()).removeprefix("listening on ")
        supervised.begin([*AS_FIRST, EXEC, "--", "echo", "never"], MACHINEID_BASE_URL=url)
        equal("it asks", "asked", line_of(authority.stdout.fileno()))
        first = children_of(supervised.supervisor.pid)[0]
        since = time.monotonic()
        os.kill(first, signal.SIGTERM)
        equal("its status", 143, supervised.supervisor.wait(30))
        took = (time.monotonic() - since) * 1000
        authority.stdin.close()
    said(f"it ended after {took:.1f} ms")
    holds("it ends at once", took < 2000, f"it took {took:.0f} ms")
    equal("nothing was started", "", supervised.output)


@pytest.mark.needs_root
def test_a_signal_as_the_first_process(supervised):
    program = "trap 'exit 3' TERM; echo ready; while :; do sleep 0.05; done"
    supervised.begin([*AS_FIRST, EXEC, "--", "sh", "-c", program])
    holds("it runs", await_true(lambda: supervised.output == "ready"))
    os.kill(children_of(supervised.supervisor.pid)[0], signal.SIGTERM)
    equal("its status", 3, supervised.supervisor.wait(30))


def test_kill_group_when_denied(supervised, descends, found):
    supervised.launch("--kill-group", "--grace", "0.3", "--", descends, FOUND=found)
    equal("they are there", [True] * 3, [is_there(pid) for pid in ids_in(found)])
    supervised.operator("revoke")
    supervised.expect_end(124)
    equal("they are gone when machineid-exec ends", True, are_gone(found))


def test_kill_group_when_the_program_ends(supervised, descends, found):
    supervised.launch("--kill-group", "--grace", "0.3", "--", descends, "ends", FOUND=found)
    supervised.expect_end(5)
    equal("they are gone when machineid-exec ends", True, are_gone(found))


def test_without_kill_group(supervised, descends, found):
    supervised.launch("--grace", "0.3", "--", descends, "ends", FOUND=found)
    supervised.expect_end(5)
    equal("they are still there", [True] * 3, [is_there(pid) for pid in ids_in(found)])


def test_kill_group_without_other_processes(supervised):
    supervised.launch("--kill-group", "--grace", "30", "--", "sh", "-c", f"trap 'exit 3' TERM; {WAITS}")
    since = time.monotonic()
    supervised.kill(signal.SIGTERM)
    supervised.expect_end(3)
    holds("the grace is not waited for", time.monotonic() - since < 20)


def test_a_signal_while_the_rest_is_stopped(supervised, descends, found):
    """The program has ended, and the grace of what it started is long: SIGTERM ends it at once."""
    supervised.launch("--kill-group", "--grace", "300", "--", descends, "ends", FOUND=found)
    holds("the program has ended", await_true(lambda: not is_there(supervised.program)))
    supervised.kill(signal.SIGTERM)
    supervised.expect_end(5)
    equal("they are gone", True, are_gone(found))


def test_kill_group_when_machineid_exec_is_killed(supervised, descends, found):
    """The process that watches kills those that have a living parent below the program, and those of its group."""
    supervised.launch("--kill-group", "--", descends, FOUND=found)
    in_session, _, in_group = ids_in(found)
    supervised.kill(signal.SIGKILL)
    supervised.expect_end(137)
    holds("they are gone", await_true(lambda: not is_there(in_session) and not is_there(in_group)))

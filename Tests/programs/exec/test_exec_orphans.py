"""Tests what machineid-exec does with the processes that its program starts, as the first process of a namespace and
otherwise."""

import os
import signal
import time

import pytest
from checks import equal, holds, said
from commands import outcome
from supervised import AS_FIRST, DEFAULT_SIGNALS, EXEC, WAITS, are_gone, await_true, children_of, ids_in, is_there


@pytest.fixture
def descends(program):
    return program("descends.c", is_linked=False)


@pytest.mark.parametrize("first", [pytest.param(True, marks=pytest.mark.needs_root), False], ids=["first", "other"])
def test_a_thousand_orphans(supervised, program, first):
    orphans = program("orphans.c", is_linked=False)
    command = [*(AS_FIRST if first else []), *DEFAULT_SIGNALS, EXEC, "--", orphans, 1000]
    result = outcome(*command, environment=supervised.environment)
    found = (result.returncode, result.stdout)
    equal("machineid-exec adopts them all, and none is left", (0, "1000 adopted, 0 left\n"), found)
    said(result.stdout.strip())


@pytest.mark.needs_root
def test_another_proc(supervised):
    """The folder /proc has the processes of another namespace: numbers there mean other processes here."""
    start = ["unshare", "--pid", "--fork", EXEC]
    result = outcome(*start, "--", "sh", "-c", "exit 7", environment=supervised.environment)
    equal("without --kill-group it is not needed", (7, ""), (result.returncode, result.stdout))
    result = outcome(*start, "--kill-group", "--", "echo", "never", environment=supervised.environment)
    refusal = "--kill-group needs /proc" in result.stdout and "never" not in result.stdout
    holds("--kill-group is refused", result.returncode == 2 and refusal, result.stdout)


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


@pytest.fixture
def held(supervised):
    """A pipe that processes hold open: its path, and whether there is still one of them."""
    path = supervised.folder / "held"
    os.mkfifo(path)
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)

    def is_held():
        try:
            return os.read(descriptor, 1) != b""
        except BlockingIOError:
            return True

    yield path, is_held
    os.close(descriptor)


@pytest.mark.parametrize("ends", [False, True], ids=["denied", "the program ends"])
@pytest.mark.parametrize("lines", [1, 8])
def test_kill_group_and_processes_that_replace_themselves(supervised, program, preload, held, lines, ends):
    """Each lives for a moment, in a session of its own, ignores SIGTERM, and leaves a child behind. When a search of
    /proc comes to one of them, it is gone."""
    path, is_held = held
    words = ["--kill-group", "--grace", "0.1", "--", program("replaces.c", is_linked=False), lines]
    words += ["ends"] if ends else []
    supervised.launch(*words, HELD=path, LD_PRELOAD=preload("slow_folders.c"))
    if not ends:
        holds("they are there", is_held())
        supervised.operator("revoke")
    supervised.expect_end(5 if ends else 124)
    holds("none is left when machineid-exec ends", not is_held())

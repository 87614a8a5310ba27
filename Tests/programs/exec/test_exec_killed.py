"""Tests that the program does not outlive machineid-exec, and what happens to a program that cannot be stopped."""

import os
import re
import resource
import signal
import time

import pytest
from checks import equal, holds
from elsewhere import AS_NOBODY
from supervised import EXEC, WAITS, are_gone, await_true, children_of, is_there


@pytest.fixture
def descends(program):
    return program("descends.c", is_linked=False)


def watcher_of(supervised):
    return next(pid for pid in children_of(supervised.supervisor.pid) if pid != supervised.program)


def state_of(pid):
    return re.search(r"^State:\s*(\w)", open(f"/proc/{pid}/status").read(), re.M)[1]


@pytest.mark.needs_root
def test_a_program_that_dropped_its_privileges(supervised, elsewhere):
    supervised.launch("--", *AS_NOBODY, "sh", "-c", WAITS, folder=elsewhere.work)
    supervised.kill(signal.SIGKILL)
    supervised.expect_end(137)


def test_a_program_whose_thread_called_exec(supervised, program):
    supervised.launch("--", program("execs_in_thread.c", is_linked=False), "sh", "-c", WAITS)
    supervised.kill(signal.SIGKILL)
    supervised.expect_end(137)


def test_the_group_of_machineid_exec_is_killed(supervised, program):
    supervised.launch("--", program("execs_in_thread.c", is_linked=False), "sh", "-c", WAITS)
    os.killpg(supervised.supervisor.pid, signal.SIGKILL)
    supervised.expect_end(137)


def test_the_watcher_ends_with_machineid_exec(supervised):
    supervised.launch("--", "sh", "-c", f"trap 'exit 3' TERM; {WAITS}")
    watcher = watcher_of(supervised)
    supervised.kill(signal.SIGTERM)
    supervised.expect_end(3)
    holds("it is gone", await_true(lambda: not is_there(watcher)))


def test_the_watcher_is_killed(supervised):
    supervised.launch("--log", "json", "--", "sh", "-c", WAITS)
    os.kill(watcher_of(supervised), signal.SIGKILL)
    supervised.expect_end(125)
    equal("that is said", ["starting", "stopping", "ended"], [event["event"] for event in supervised.events])


def test_machineid_exec_stands_still(supervised):
    """The interval of 0.1 s, a greatest age of 0.3 s and a grace of 0.1 s: the program ends after some 3 s. The second
    process then continues machineid-exec, so that it ends too."""
    supervised.launch("--max-age", "0.3", "--grace", "0.1", "--", "sh", "-c", WAITS)
    supervised.kill(signal.SIGSTOP)
    supervised.expect_end(125)
    equal("that is said", 1, supervised.errors.count("machineid-exec stood still for too long"))


def test_machineid_exec_stands_still_before_the_start(supervised, preload):
    """It is stopped after it has looked at the allow, and before it starts the program."""
    started = supervised.folder / "started"
    words = ["--interval", "0.1", "--max-age", "0.2", "--", "touch", started]
    supervised.begin([EXEC, *words], LD_PRELOAD=preload("stops_before_start.c"))
    supervisor = supervised.supervisor.pid
    holds("it is stopped", await_true(lambda: state_of(supervisor) == "T"))
    time.sleep(0.3)  # until the allow is too old
    os.kill(supervisor, signal.SIGCONT)
    equal("its status", 123, supervised.supervisor.wait(30))
    equal("nothing was started", False, started.exists())
    equal("that is said", 1, supervised.errors.count("the allow ran out before the program could be started"))


@pytest.fixture
def becomes_root(supervised, elsewhere, program):
    """Starts a program that becomes root, as another user."""
    place = elsewhere.put(program("becomes_root.c", is_linked=False), 0o4755)
    end = elsewhere.work / "end"

    def begin(*words):
        supervised.launch(
            command=[*AS_NOBODY, elsewhere.exec, "--interval", "0.1", "--max-age", "30", *words, "--", place],
            folder=elsewhere.work,
            END=end,
        )
        return end

    return begin


@pytest.mark.needs_root
def test_a_program_that_became_another_user(supervised, becomes_root):
    end = becomes_root("--grace", "0.2", "--log", "json")
    assert await_true(lambda: supervised.output)
    if supervised.output != "root":
        pytest.skip("the file system of the temporary folder gives no privileges")
    supervised.operator("revoke")
    holds("it is said", await_true(lambda: "not_stoppable" in [event["event"] for event in supervised.events]))
    equal("machineid-exec stays", None, supervised.supervisor.poll())
    equal("and so does the program", True, is_there(supervised.program))
    end.touch()
    supervised.expect_end(120)
    names = [event["event"] for event in supervised.events]
    equal("what is said", ["starting", "stopping", "not_stoppable", "ended"], names)


@pytest.mark.needs_root
def test_no_new_privileges(supervised, becomes_root):
    becomes_root("--grace", "0.2", "--no-new-privileges")
    holds("it did not become root", await_true(lambda: supervised.output == "not root"), supervised.output)
    supervised.operator("revoke")
    supervised.expect_end(124)


@pytest.mark.needs_root
def test_a_program_that_ended_by_itself_while_its_child_became_another_user(supervised, elsewhere, program):
    """The status of the program is not lost, although its child could not be stopped."""
    place = elsewhere.put(program("becomes_root.c", is_linked=False), 0o4755)
    end, script = elsewhere.work / "end", f'{place} & echo $$ >"$0"; sleep 0.3; exit 7'
    words = ["--grace", "0.2", "--kill-group", "--", "sh", "-c", script, supervised.folder / "none"]
    supervised.begin([*AS_NOBODY, elsewhere.exec, *words], END=end, THERE=None)
    assert await_true(lambda: supervised.output)
    try:
        if supervised.output != "root":
            pytest.skip("the file system of the temporary folder gives no privileges")
        holds("it is said", await_true(lambda: "cannot be stopped" in supervised.errors))
    finally:
        end.touch()
    equal("the status", 7, supervised.supervisor.wait(30))


def test_a_supervisor_that_may_open_no_descriptors(supervised, descends, found):
    """The program sets the limit to 0. What it started is ended with it, and the message is true."""
    supervised.launch("--kill-group", "--no-new-privileges", "--", descends, FOUND=found)
    resource.prlimit(supervised.supervisor.pid, resource.RLIMIT_NOFILE, (0, 0))
    supervised.expect_end(125)
    holds("the message is true", "machineid-exec: supervised: poll: Invalid argument\n" in supervised.errors)
    holds("all are gone", await_true(lambda: are_gone(found), 5))


# A program that stops itself, and what it starts before, which continues it.
CONTINUES = 'pid=$$; ({}; kill -CONT $pid) & {}; kill -{} $$; while :; do sleep 0.05; done'
IS_STOPPED = 'until grep -q "^State:[[:space:]]*T" /proc/{}/status; do sleep 0.02; done'


def test_a_program_that_is_stopped_by_sigstop_and_continued_by_its_child(supervised):
    """machineid-exec does not stop with it, since that is no signal of a terminal, and goes on asking."""
    program = CONTINUES.format(IS_STOPPED.format("$pid"), 'echo $$ >"$THERE"', "STOP")
    supervised.launch("--", "sh", "-c", program)
    supervised.await_answers("ALLOW", 3)
    supervised.operator("revoke")
    supervised.expect_end(124)


def test_the_watcher_is_stopped(supervised):
    """A watcher that stands still watches over nothing: the program is killed at once, whatever it does about
    SIGTERM."""
    supervised.launch("--grace", "100", "--log", "json", "--", "sh", "-c", f"trap '' TERM; {WAITS}")
    os.kill(watcher_of(supervised), signal.SIGSTOP)
    supervised.expect_end(125)
    equal("that is said", ["starting", "stopping", "ended"], [event["event"] for event in supervised.events])

"""Tests which programs machineid-exec stops, how it stops them, and the exit status."""

import contextlib
import os
import signal

import pytest
from checks import equal
from supervised import EXEC, POLITE, STUBBORN, WAITS, as_a_shell_has_it, await_true, is_asleep, is_there


def test_revoked_a_program_that_ends_on_sigterm(supervised):
    supervised.launch("--", "sh", "-c", POLITE)
    supervised.operator("revoke")
    supervised.expect_end(124)
    equal("it had time to end", "bye", supervised.output)
    equal("the reason is reported", 1, supervised.errors.count("DEVICE_REVOKED"))


def test_revoked_after_outages(supervised):
    supervised.launch("--", "sh", "-c", POLITE)
    for status in (429, 500, 503):
        supervised.outage(httpStatus=status)
        supervised.await_answers("unavailable", 3)
        equal(f"HTTP {status} does not stop the program", True, is_there(supervised.program))
        supervised.outage()
        supervised.await_answers("ALLOW", 1)
    supervised.operator("revoke")
    supervised.expect_end(124)


@pytest.mark.parametrize("foreground", [[], ["--foreground"]], ids=["in the background", "in the foreground"])
def test_revoked_a_program_that_ignores_sigterm(supervised, foreground):
    supervised.launch(*foreground, "--grace", "0.3", "--", "sh", "-c", STUBBORN)
    supervised.operator("revoke")
    supervised.expect_end(124)
    equal("that SIGKILL was needed is reported", 1, supervised.errors.count("after 0.3 seconds: SIGKILL"))


@pytest.fixture
def full_pipe():
    """The two ends of a pipe that is full, and that nothing reads."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, bytes(4096))
    os.set_blocking(writer, True)
    yield reader, writer
    for descriptor in (reader, writer):
        with contextlib.suppress(OSError):
            os.close(descriptor)


def test_revoked_with_standard_error_full(supervised, full_pipe):
    """The program, which must go on, closes its own standard error."""
    supervised.launch("--", "sh", "-c", f"exec 2>&-; {POLITE}", errors=full_pipe[1])
    supervised.operator("revoke")
    supervised.expect_end(124)
    equal("that program had time to end", "bye", supervised.output)


def test_revoked_with_standard_error_full_a_program_that_ignores_sigterm(supervised, full_pipe):
    deaf = f"exec 2>&-; trap '' TERM; {WAITS}"
    supervised.launch("--grace", "0.3", "--", "sh", "-c", deaf, errors=full_pipe[1])
    supervised.operator("revoke")
    supervised.expect_end(124)


def test_a_signal_while_standard_error_is_full(supervised, full_pipe):
    """A wrong use is to be said, and nobody reads it."""
    supervised.begin([EXEC, "--key-file", "/nowhere", "--", "echo", "never"], errors=full_pipe[1])
    assert await_true(lambda: is_asleep(supervised.supervisor.pid))
    supervised.kill(signal.SIGTERM)
    equal("its status", 143, as_a_shell_has_it(supervised.supervisor.wait(30)))


def test_revoked_with_standard_error_closed_at_the_other_end(supervised, full_pipe):
    os.close(full_pipe[0])
    supervised.launch("--", "sh", "-c", f"exec 2>&-; {POLITE}", errors=full_pipe[1])
    supervised.operator("revoke")
    supervised.expect_end(124)
    equal("that program had time to end too", "bye", supervised.output)


@pytest.mark.parametrize("name", ["INT", "TERM", "HUP"])
def test_a_signal_is_passed_on(supervised, name):
    supervised.launch("--", "sh", "-c", POLITE)
    supervised.kill(signal.Signals[f"SIG{name}"])
    supervised.expect_end(3)


def test_a_signal_that_the_program_does_not_handle(supervised):
    supervised.launch("--", "sh", "-c", WAITS)
    supervised.kill(signal.SIGUSR1)
    supervised.expect_end(138)


OTHERS = {"PWR": signal.SIGPWR, "VTALRM": signal.SIGVTALRM, "RTMIN+1": signal.SIGRTMIN + 1}


@pytest.mark.parametrize("name", OTHERS)
def test_another_signal_is_passed_on(supervised, name):
    supervised.launch("--", "bash", "-c", f'trap "exit 4" "$0"; {WAITS}', name)
    supervised.kill(OTHERS[name])
    supervised.expect_end(4)


def test_sigterm_is_passed_on_to_a_program_that_is_stopped(supervised):
    supervised.launch("--", "sh", "-c", POLITE)
    os.kill(supervised.program, signal.SIGSTOP)
    supervised.kill(signal.SIGTERM)
    supervised.expect_end(3)


def test_machineid_exec_is_killed(supervised):
    supervised.launch("--", "sh", "-c", WAITS)
    supervised.kill(signal.SIGKILL)
    supervised.expect_end(137)


def test_a_child_of_the_program_ends_with_it(supervised):
    supervised.launch("--", "sh", "-c", 'sleep 1000 & echo $! >"$THERE"; wait')
    supervised.operator("revoke")
    supervised.expect_end(124)


def test_revoked_a_program_that_is_stopped(supervised):
    supervised.launch("--", "sh", "-c", WAITS)
    os.kill(supervised.program, signal.SIGSTOP)
    supervised.operator("revoke")
    supervised.expect_end(124)


def test_an_outage_for_longer_than_max_age(supervised):
    supervised.launch("--max-age", "0.6", "--", "sh", "-c", WAITS)
    supervised.outage(httpStatus=500)
    supervised.expect_end(121)
    equal("that is reported too", 1, supervised.errors.count("stopping: no decision: MID_UNAVAILABLE: HTTP 500"))


def test_the_authority_is_gone_for_longer_than_max_age(supervised):
    supervised.launch("--max-age", "0.6", "--", "sh", "-c", WAITS)
    supervised.emulator.stop()
    supervised.expect_end(121)
    equal("and that is reported", 1, supervised.errors.count("stopping: no decision: MID_CONNECT_FAILED: "))


def test_an_outage_and_a_program_that_ignores_sigterm(supervised):
    """The status of an outage is told from that of a denial however the program ends."""
    supervised.launch("--max-age", "0.6", "--grace", "0.2", "--", "sh", "-c", STUBBORN)
    supervised.outage(httpStatus=500)
    supervised.expect_end(121)


def test_one_second_is_no_plural(supervised):
    supervised.launch("--grace", "1", "--", "sh", "-c", STUBBORN)
    supervised.operator("revoke")
    supervised.expect_end(124)
    equal("it is said", 1, supervised.errors.count("still there after 1 second: SIGKILL"))

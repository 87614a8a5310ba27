"""Tests machineid-exec before the authority has answered: signals, and an allow that comes too late."""

import os
import signal
import subprocess
import sys
import time

import pytest
from checks import equal, said
from project import ROOT
from supervised import (
    AS_FIRST,
    EXEC,
    ORG_KEY,
    as_a_shell_has_it,
    await_true,
    children_of,
    expect_prompt,
    is_asleep,
    line_of,
    ms_to_end,
)

PROMPT_RUNS = 9


class Told:
    """An authority whose answers the test triggers, and machineid-exec, which asks it."""

    def __init__(self, supervised, process):
        self._supervised = supervised
        self._process = process
        self._url = line_of(process.stdout.fileno()).removeprefix("listening on ")

    def begin(self, command, dispositions=()):
        """Starts machineid-exec by a command. When it has asked the authority, returns the first child of the command's
        process."""
        self._supervised.begin(command, dispositions=dispositions, MACHINEID_BASE_URL=self._url)
        assert line_of(self._process.stdout.fileno()) == "asked"
        return children_of(self._supervised.supervisor.pid)[0]

    def launch(self, *words, dispositions=()):
        # The first child waits until it may become the program, and the second watches.
        self._supervised.program = self.begin([EXEC, *words], dispositions)

    def answer(self):
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()


@pytest.fixture
def told(supervised):
    script = ROOT / "Tests/programs/exec/answers_when_told.py"
    with subprocess.Popen([sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield Told(supervised, process)
        process.stdin.close()


@pytest.mark.parametrize("name", ["TERM", "HUP"])
def test_a_signal_while_the_authority_is_silent(supervised, told, name):
    number = signal.Signals[f"SIG{name}"]
    told.launch("--", "echo", "never")
    supervised.kill(number)
    supervised.expect_end(128 + number)
    equal("the program was not started", "", supervised.output)


def test_a_signal_that_is_ignored_while_the_authority_is_silent(supervised, told):
    told.launch("--", "echo", "hello", dispositions=["--ignore-signal=HUP"])
    supervised.kill(signal.SIGHUP)
    told.answer()
    supervised.expect_end(0)
    equal("the program was started nevertheless", "hello", supervised.output)


def test_an_allow_that_is_too_old_when_it_comes(supervised, told):
    told.launch("--interval", "0.02", "--max-age", "0.04", "--", "echo", "never")
    time.sleep(0.1)  # until the coming allow is too old
    told.answer()
    supervised.expect_end(123)
    equal("that is reported", 1, supervised.errors.count("not started: no decision: the last allow is too old"))


def test_a_signal_ends_it_at_once(supervised, told):
    """A call takes up to 10 s, and nobody waits for it."""
    times = []
    for _ in range(PROMPT_RUNS):
        told.launch("--", "echo", "never")
        times.append(ms_to_end(supervised.supervisor, signal.SIGTERM))
        supervised.expect_end(143)
    expect_prompt(times)


@pytest.mark.needs_root
def test_a_signal_ends_it_at_once_as_the_first_process(supervised, told):
    """The kernel gives the first process of a namespace no signal that it does not handle."""
    times = []
    for _ in range(PROMPT_RUNS):
        first = told.begin([*AS_FIRST, EXEC, "--", "echo", "never"])
        times.append(ms_to_end(supervised.supervisor, signal.SIGTERM, first))
        equal("its status", 143, supervised.supervisor.wait(30))
    expect_prompt(times)
    equal("nothing was started", "", supervised.output)


# The key comes from the pipe $PIPE, and never arrives. How the pipe is named, and whether somebody has it open.
SILENT = {
    "standard input": ('"$@" --key-file /dev/stdin -- echo never <"$PIPE"', True),
    "a descriptor": ('"$@" --key-file /dev/fd/9 -- echo never 9<"$PIPE"', True),
    "a named pipe": ('"$@" --key-file "$PIPE" -- echo never', True),
    "a named pipe without a writer": ('"$@" --key-file "$PIPE" -- echo never', False),
}


@pytest.fixture(params=[pytest.param(AS_FIRST, marks=pytest.mark.needs_root), []], ids=["first", "other"])
def before(request):
    """What starts machineid-exec, as the first process of a namespace or not."""
    return request.param


@pytest.mark.parametrize("how", SILENT)
def test_a_signal_while_the_key_is_read(supervised, before, how):
    script, is_open = SILENT[how]
    pipe = supervised.folder / "silent"
    os.mkfifo(pipe)
    writer = os.open(pipe, os.O_RDWR) if is_open else None
    supervised.begin([*before, "bash", "-c", f"exec {script}", "bash", EXEC], PIPE=pipe)
    process = supervised.supervisor
    assert await_true(lambda: not before or children_of(process.pid))
    pid = children_of(process.pid)[0] if before else process.pid
    assert await_true(lambda: is_asleep(pid))
    took = ms_to_end(process, signal.SIGTERM, pid)
    equal("its status", 143, as_a_shell_has_it(process.wait(30)) if took < 30000 else "stuck")
    said(f"it ended after {took:.1f} ms")
    equal("the program was not started, and nothing is said", ("", ""), (supervised.output, supervised.errors))
    if writer is not None:
        os.close(writer)


def test_the_key_comes_in_pieces(supervised):
    """A named pipe whose writer opens it late, and pauses."""
    pipe = supervised.folder / "slow"
    os.mkfifo(pipe)
    supervised.begin([EXEC, "--key-file", pipe, "--", "echo", "ran"], MACHINEID_ORG_KEY=None)
    assert await_true(lambda: is_asleep(supervised.supervisor.pid))
    with open(pipe, "wb", buffering=0) as writer:
        for piece in (ORG_KEY[:5], ORG_KEY[5:], "\n"):
            writer.write(piece.encode())
            assert await_true(lambda: is_asleep(supervised.supervisor.pid))
    equal("its status", 0, supervised.supervisor.wait(30))
    equal("it runs", "ran", supervised.output)

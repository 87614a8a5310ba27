"""Tests machineid-exec before the authority has answered: signals, and an allow that comes too late."""

import signal
import subprocess
import sys
import time

import pytest
from checks import equal, holds, said
from project import ROOT
from supervised import EXEC, children_of, line_of


class Told:
    """An authority whose answers the test triggers, and machineid-exec, which asks it."""

    def __init__(self, supervised, process):
        self._supervised = supervised
        self._process = process
        self._url = line_of(process.stdout.fileno()).removeprefix("listening on ")

    def launch(self, *words, dispositions=()):
        """Starts machineid-exec, and returns when it has asked the authority."""
        self._supervised.begin([EXEC, *words], dispositions=dispositions, MACHINEID_BASE_URL=self._url)
        assert line_of(self._process.stdout.fileno()) == "asked"
        # The first of these processes waits until it may become the program, and the second watches.
        children = children_of(self._supervised.supervisor.pid)
        assert len(children) == 2
        self._supervised.program = children[0]

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
    told.launch("--", "echo", "never")
    since = time.monotonic()
    supervised.kill(signal.SIGTERM)
    supervised.expect_end(143)
    took = (time.monotonic() - since) * 1000
    said(f"it ended after {took:.1f} ms")
    holds("it ends at once", took < 2000, f"it took {took:.0f} ms")

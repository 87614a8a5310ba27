"""Decides which tests run side by side, also across processes, and limits the time of a test."""

import contextlib
import fcntl
import os
import signal

from project import ROOT

TAKEN = "MACHINEID_TURN_TAKEN"


@contextlib.contextmanager
def turn(is_alone):
    """Waits until the test may run. A test that must run alone waits for the running ones, and no other starts
    meanwhile. Tests that are started by a test belong to its turn."""
    if os.environ.get(TAKEN):
        yield
        return
    folder = ROOT / "build"
    folder.mkdir(exist_ok=True)
    with open(folder / "tests.door", "w") as door, open(folder / "tests.room", "w") as room:
        fcntl.flock(door, fcntl.LOCK_EX)
        fcntl.flock(room, fcntl.LOCK_EX if is_alone else fcntl.LOCK_SH)
        fcntl.flock(door, fcntl.LOCK_UN)
        os.environ[TAKEN] = "yes"
        try:
            yield
        finally:
            del os.environ[TAKEN]


@contextlib.contextmanager
def alarm(seconds):
    """Raises TimeoutError in the test when the time is over."""

    def ring(*_):
        raise TimeoutError(f"the test hangs: it has not ended within {seconds} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)

"""Which tests run beside each other, in whatever processes, and how long one may take."""

import contextlib
import fcntl
import os
import signal

from project import ROOT

TAKEN = "MACHINEID_TURN_TAKEN"


@contextlib.contextmanager
def turn(is_alone):
    """Waits until the test may run. One that must be alone waits for those under way, and lets no other begin
    meanwhile. Tests that a test starts have its turn."""
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
    """Raises TimeoutError where the test is by then."""

    def ring(*_):
        raise TimeoutError(f"the test hangs: it has not ended within {seconds} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)

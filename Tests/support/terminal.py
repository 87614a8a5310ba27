"""Runs a program on a terminal of its own, as the first process of its session."""

import contextlib
import fcntl
import os
import pty
import select
import signal
import subprocess
import termios
import time

from processes import DEFAULT_SIGNALS


class Terminal:
    """A program whose standard streams are a terminal. What it prints is in `text`."""

    def __init__(self, command, environment, cwd=None, columns=0):
        """The terminal does not say how wide it is, unless `columns` is given."""
        self._end, inner = pty.openpty()
        if columns:
            termios.tcsetwinsize(inner, (30, columns))
        self.text = ""
        self.process = subprocess.Popen(
            [str(word) for word in (*DEFAULT_SIGNALS, *command)],
            env=environment,
            cwd=cwd,
            stdin=inner,
            stdout=inner,
            stderr=inner,
            start_new_session=True,
            # ^C goes to the processes whose controlling terminal this is.
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        self.pid = self.process.pid
        os.close(inner)

    def type(self, text):
        os.write(self._end, text.encode())

    def read(self, seconds):
        """Reads what there is, or waits for more. Returns False at the end, or when nothing comes."""
        if not select.select([self._end], [], [], seconds)[0]:
            return False
        try:
            more = os.read(self._end, 65536)
        except OSError:  # Linux says EIO when the last process has closed the terminal.
            more = b""
        self.text += more.decode(errors="replace")
        return bool(more)

    def read_until(self, wanted, seconds=60):
        """Reads until a text appears. Returns whether it did in time."""
        deadline = time.monotonic() + seconds
        while wanted not in self.text:
            if time.monotonic() > deadline or not self.read(deadline - time.monotonic()):
                return wanted in self.text
        return True

    def wait_for(self, wanted, seconds=60):
        """Reads until a text appears, forgets all up to its end, and returns what came before. Lines end as a program
        ends them."""
        wanted = wanted.replace("\n", "\r\n")
        assert self.read_until(wanted, seconds), f"{wanted!r} does not come: {self.text!r}"
        before, _, self.text = self.text.partition(wanted)
        return before.replace("\r\n", "\n")

    def end(self, seconds=60):
        """Reads to the end, and returns the exit status."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.read(max(0, deadline - time.monotonic())):
            pass
        return self.process.wait(seconds)

    def close(self):
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        os.close(self._end)

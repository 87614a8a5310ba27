"""Runs a program on a terminal of its own."""

import contextlib
import fcntl
import os
import pty
import select
import signal
import subprocess
import termios
import time


def take_terminal():
    """Makes standard input the controlling terminal, whose processes get ^C, and lets ^C end them even where the caller
    ignores it, as under nohup."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    for number in (signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)


class Terminal:
    """A program whose standard streams are a terminal. What it prints is in `text`."""

    def __init__(self, command, environment, cwd=None):
        self._end, inner = pty.openpty()
        self.text = ""
        self.process = subprocess.Popen(
            [str(word) for word in command],
            env=environment,
            cwd=cwd,
            stdin=inner,
            stdout=inner,
            stderr=inner,
            start_new_session=True,
            preexec_fn=take_terminal,
        )
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

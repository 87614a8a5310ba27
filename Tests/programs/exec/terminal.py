"""Runs a command with a terminal of its own, as the first process of its session."""

import os
import pty
import select
import signal
import time

from supervised import DEFAULT_SIGNALS


class Terminal:
    def __init__(self, command, environment):
        self.output = ""
        command = [*DEFAULT_SIGNALS, *map(str, command)]
        given = {name: str(value) for name, value in {**os.environ, **environment}.items()}
        self.pid, self._descriptor = pty.fork()
        if self.pid == 0:
            try:
                os.execvpe(command[0], command, given)
            finally:
                os._exit(127)
        self.status = None

    def type(self, text):
        os.write(self._descriptor, text.encode())

    def wait_for(self, text, seconds=30):
        """Reads until this text has come, and forgets all up to its end."""
        deadline = time.monotonic() + seconds
        while text not in self.output:
            left = deadline - time.monotonic()
            assert left > 0 and self._read(left), f"{text!r} does not come: {self.output!r}"
        before, _, self.output = self.output.partition(text)
        return before

    def end(self, seconds=30):
        """Reads to the end, and returns the exit status as a shell has it."""
        deadline = time.monotonic() + seconds
        while self._read(max(0, deadline - time.monotonic())):
            assert time.monotonic() < deadline, f"it does not end: {self.output!r}"
        self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return 128 - self.status if self.status < 0 else self.status

    def _read(self, seconds):
        if not select.select([self._descriptor], [], [], seconds)[0]:
            return True
        try:
            text = os.read(self._descriptor, 4096)
        except OSError:  # EIO: nobody has the terminal open any more
            return False
        self.output += text.decode(errors="replace").replace("\r", "")
        return bool(text)

    def close(self):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self._descriptor)

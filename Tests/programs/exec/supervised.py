"""machineid-exec, with an emulator of its own: what it is started with, what it starts, and how it ends."""

import contextlib
import os
import select
import signal
import subprocess
import time

from commands import outcome
from project import ROOT

EXEC = ROOT / "build/bin/machineid-exec"
ORG_KEY, DEVICE = "org_supervised", "supervised"
# Programs that say in the file $THERE who they are, once they are there.
WAITS = 'echo $$ >"$THERE"; while :; do sleep 0.05; done'
STUBBORN = f'trap "echo no >&2" TERM; {WAITS}'
POLITE = f'trap "echo bye; exit 3" TERM INT HUP; {WAITS}'
# What nohup ignores, say, would be ignored by every program.
DEFAULT_SIGNALS = ["env", "--default-signal"]


def await_true(holds, seconds=30):
    """Whether it came true in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def is_there(pid):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


def as_a_shell_has_it(status):
    """An exit status as Python has it, which is negative for the end by a signal."""
    return 128 - status if status < 0 else status


def line_of(descriptor, seconds=30):
    """What comes from a pipe until the end of a line; "" when nothing comes in time."""
    text = b""
    while not text.endswith(b"\n") and select.select([descriptor], [], [], seconds)[0]:
        text += os.read(descriptor, 1)
    return text.decode().strip()


class Supervised:
    def __init__(self, folder, emulator):
        self.folder = folder
        self.emulator = emulator
        self.environment = {
            "MACHINEID_ORG_KEY": ORG_KEY,
            "MACHINEID_DEVICE_ID": DEVICE,
            "MACHINEID_BASE_URL": emulator.url,
        }
        self.supervisor = self.program = None
        self.operator("register")

    def operator(self, operation, device=DEVICE):
        self.emulator.ask(ORG_KEY, f"/api/v1/devices/{operation}", {"deviceId": device})

    def outage(self, **settings):
        self.emulator.ask(ORG_KEY, "/emulator/outage", settings)

    def answers(self, code):
        """How many requests have been answered with this code."""
        lines = self.emulator.log.read_text(errors="replace").splitlines()
        return sum(line.endswith(f" code={code}") for line in lines)

    def await_answers(self, code, count):
        """Waits until so many more are."""
        before = self.answers(code)
        assert await_true(lambda: self.answers(code) >= before + count), f"the emulator answers {code}"

    def start(self, *words, dispositions=(), **changed):
        """Runs machineid-exec to its end."""
        command = [*DEFAULT_SIGNALS, *dispositions, EXEC, *words]
        return outcome(*command, merged=False, environment=self.environment | changed, seconds=60)

    def launch(self, *words, errors=None, command=None, **changed):
        """Runs it in the background, in a session of its own; returns when the program says that it is there. Standard
        error is the descriptor `errors`, if there is one."""
        there = self.folder / "there"
        there.unlink(missing_ok=True)
        os.mkfifo(there)
        self.begin(command or [EXEC, "--interval", "0.1", "--max-age", "30", *words], errors, THERE=there, **changed)
        # Opened for both, so that this waits for the line and not for ever when there is none.
        descriptor = os.open(there, os.O_RDWR)
        self.program = int(line_of(descriptor) or 0)
        os.close(descriptor)
        assert self.program, f"the program is not there: {self.errors}"

    def begin(self, command, errors=None, dispositions=(), **changed):
        given = {**os.environ, **self.environment, **{name: str(value) for name, value in changed.items()}}
        with open(self.folder / "output", "wb") as output, open(self.folder / "errors", "wb") as own_errors:
            self.supervisor = subprocess.Popen(
                [*DEFAULT_SIGNALS, *dispositions, *map(str, command)],
                env=given,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=own_errors if errors is None else errors,
                start_new_session=True,
            )

    @property
    def output(self):
        return (self.folder / "output").read_text().rstrip("\n")

    @property
    def errors(self):
        return (self.folder / "errors").read_text()

    def kill(self, signal_number):
        os.kill(self.supervisor.pid, signal_number)

    def expect_end(self, status):
        """It ends with this status, as a shell has it, and the program with it."""
        try:
            found = as_a_shell_has_it(self.supervisor.wait(30))
        except subprocess.TimeoutExpired:
            self.supervisor.kill()
            self.supervisor.wait()
            found = "stuck"
        assert found == status
        assert await_true(lambda: not is_there(self.program), 10), "the program is still there"

    def close(self):
        for pid in (self.supervisor and self.supervisor.pid, self.program):
            if pid and is_there(pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        if self.supervisor:
            self.supervisor.wait()

"""Runs machineid with an emulator, on a terminal, in a pipe, and with --json."""

import contextlib
import re
import subprocess

from commands import environment_with, outcome
from processes import DEFAULT_SIGNALS
from project import ROOT
from terminal import Terminal

TOOL = ROOT / "build/bin/machineid"
ORG_KEY = "org_operators"
FORMS = ["terminal", "pipe", "json"]
# Nothing listens there.
NOWHERE = "http://127.0.0.1:1"


class Tool:
    def __init__(self, emulator):
        self.emulator = emulator
        self.command = [TOOL]
        self.environment = {
            "MACHINEID_BASE_URL": emulator.url,
            "MACHINEID_ORG_KEY": ORG_KEY,
            "TERM": "xterm",
            "NO_COLOR": None,
            "CREDENTIALS_DIRECTORY": None,
            "MACHINEID_ORG_KEY_FILE": None,
        }

    def ask(self, path, **body):
        return self.emulator.ask(ORG_KEY, path, body)

    def operator(self, operation, *devices):
        for device in devices:
            self.ask(f"/api/v1/devices/{operation}", deviceId=device)

    def given(self, changed):
        return environment_with(self.environment | changed)

    def run(self, *words, **changed):
        """Runs machineid with its output in pipes, and returns its result. What is no argument of outcome is a
        variable."""
        more = {name: changed.pop(name) for name in ("input", "stdin", "encoding") if name in changed}
        return outcome(*self.command, *words, merged=False, environment=self.environment | changed, seconds=120, **more)

    @contextlib.contextmanager
    def on_terminal(self, *words, columns=0, **changed):
        terminal = Terminal([*self.command, *words], self.given(changed), ROOT, columns)
        try:
            yield terminal
        finally:
            terminal.close()

    @contextlib.contextmanager
    def in_background(self, *words, stdout=subprocess.PIPE, stderr=None, **changed):
        """Runs machineid, with standard output as a pipe unless another file is given, and ends it."""
        command = [str(word) for word in (*DEFAULT_SIGNALS, *self.command, *words)]
        streams = {"stdin": subprocess.DEVNULL, "stdout": stdout, "stderr": stderr}
        with subprocess.Popen(command, env=self.given(changed), cwd=ROOT, text=True, **streams) as process:
            try:
                yield process
            finally:
                process.kill()

    def requests(self):
        """Returns how many requests the emulator has logged."""
        return len(self.emulator.log.read_text().splitlines())


def without_progress(text):
    """Returns what is left to see on a terminal: what stood in a line before it was cleared is not."""
    return "\n".join(re.sub(r".*\r\x1b\[K", "", line) for line in text.replace("\r\n", "\n").split("\n"))


def shown(text):
    """Returns a text with what differs from run to run replaced by words, and with visible escapes."""
    text = re.sub("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "REQUEST", text)
    text = re.sub(r"127\.0\.0\.1(:| port )(?!1\b)\d+", r"127.0.0.1\1PORT", text)
    text = re.sub(r"in \d+ ms", "in N ms", text)
    text = re.sub(r"(\d{4}-\d\d-\d\dT)?\d\d:\d\d:\d\d(\.\d{3})?Z", "TIME", text)
    text = re.sub(r'"pid":\d+', '"pid":PID', text)
    return text.replace("\x1b", "\\e")

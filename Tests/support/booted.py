"""Runs a real systemd as the first process of a Debian, beside this machine's processes."""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess

from commands import outcome, said
from processes import await_true
from project import ROOT

NAMESPACES = ["--mount", "--pid", "--cgroup", "--uts", "--ipc"]


class Booted:
    """A systemd, and the services that it runs. The network is this machine's."""

    def __init__(self, process):
        self._since = []
        children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
        assert await_true(children.read_text), "unshare starts nothing"
        self.pid = int(children.read_text())

    def run(self, *command, **more):
        """Runs a command there, and returns its result."""
        # nsenter goes into the root by --root as well, since the first process has changed its own.
        inside = ["nsenter", f"--target={self.pid}", "--mount", "--pid", "--cgroup", "--uts", "--ipc", "--root", "--wd"]
        return outcome(*inside, "env", "-i", "PATH=/usr/sbin:/usr/bin", "LC_ALL=C.UTF-8", *command, **more)

    def systemctl(self, *words):
        return self.run("systemctl", "--no-pager", *words)

    def shows(self, unit):
        """Returns the properties of a unit that tests look at."""
        names = "ActiveState,SubState,Result,ExecMainStatus,NRestarts,MainPID,StatusText"
        return dict(line.split("=", 1) for line in self.systemctl("show", f"-p{names}", unit).stdout.splitlines())

    def comes_to(self, unit, seconds=120, **wanted):
        """Waits until properties of a unit have these values. Returns whether they did in time."""
        return await_true(lambda: wanted.items() <= self.shows(unit).items(), seconds)

    def forget_log(self):
        """Lets `log` begin here."""
        self._since = [self.run("journalctl", "--lines=0", "--show-cursor").stdout.split()[-1]]

    def log(self, unit):
        """Returns what a unit has printed, and what systemd says about it."""
        since = [f"--after-cursor={cursor}" for cursor in self._since]
        return self.run("journalctl", "--no-pager", "--output=cat", f"--unit={unit}", *since).stdout


@contextlib.contextmanager
def booted(folder, files):
    """Boots a Debian with these files, a dictionary of contents by path. A content that is a path is copied with its
    mode, others have mode 0644."""
    root = said("script/lib/distros/systemd-root", seconds=900).splitlines()[-1]
    place = folder / "files"
    for path, content in files.items():
        file = place / path.removeprefix("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, pathlib.Path):
            shutil.copy(content, file)
        else:
            file.write_text(content)
    # What pytest makes is for its user alone, and what is above a file would be so in the root.
    for path in [place, *(path for path in place.rglob("*") if path.is_dir())]:
        path.chmod(0o755)
    command = ["unshare", *NAMESPACES, "--fork", "--kill-child=KILL", ROOT / "script/lib/distros/booted", root, place]
    with open(folder / "console", "wb") as console:
        process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        system = Booted(process)
        # systemctl talks to systemd as soon as this is there.
        up = await_true(lambda: "active" in system.systemctl("is-active", "basic.target").stdout.split(), 120)
        assert up, (folder / "console").read_text(errors="replace") + system.systemctl("list-jobs").stdout
        yield system
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
        process.wait()

"""Runs programs with a time limit. If a program hangs, its stacks are shown."""

import os
import pathlib
import re
import select
import signal
import subprocess
import time

from project import ROOT

# Signals that the caller ignores, for example through nohup, would be ignored by every program.
DEFAULT_SIGNALS = ["env", "--default-signal"]

GDB = ["gdb", "-batch", "-ex", "set print frame-arguments none", "-ex", "thread apply all bt 30", "-p"]


def stacks(pid):
    """Returns the stacks of all threads of a process and of its descendants, as lines."""
    process = pathlib.Path(f"/proc/{pid}")
    try:
        lines = [f"process {pid}: {process.joinpath('cmdline').read_text(errors='replace')}".replace("\0", " ")]
        said = subprocess.run([*GDB, str(pid)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        lines += [line for line in said.stdout.splitlines() if re.match("Thread|#", line)]
        for children in process.glob("task/*/children"):
            for child in children.read_text().split():
                lines += stacks(int(child))
    except (OSError, subprocess.SubprocessError) as error:
        return [f"process {pid}: no stacks: {error}"]
    return lines


def within(seconds, command, environment, output, **more):
    """Runs a command with its output in a file. Returns the exit status, or None if the command hangs. Then the stacks
    are added to the file."""
    with open(output, "wb") as file:
        process = subprocess.Popen(
            [str(word) for word in command],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **{"cwd": ROOT, **more},
        )
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        with open(output, "a") as file:
            print(*stacks(process.pid), sep="\n", file=file)
        return None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def first_line(process, seconds):
    """Returns the line that a server prints when it is ready, or what it has printed by the time limit or by its
    end."""
    line = b""
    while not line.endswith(b"\n") and select.select([process.stdout], [], [], seconds)[0]:
        byte = os.read(process.stdout.fileno(), 1)
        if not byte:
            break
        line += byte
    return line.decode(errors="replace").rstrip("\n")


def await_true(holds, seconds=30):
    """Waits until a condition holds, and returns whether it did in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True

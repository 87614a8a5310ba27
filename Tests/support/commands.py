"""Runs commands for tests that check their status and their output."""

import os
import re
import subprocess

import checks
from project import ROOT


def environment_with(changes):
    """Returns this process's environment with these changes. A variable that is None is unset."""
    given = {**os.environ, **changes}
    return {name: str(value) for name, value in given.items() if value is not None}


def outcome(*command, merged=True, environment=None, seconds=600, **more):
    """Runs a command in the root of the project, unless another folder is given, and returns its result. Standard error
    goes to stdout too, unless merged is False. The environment is this process's with the given changes."""
    return subprocess.run(
        [str(word) for word in command],
        env=environment_with(environment or {}),
        stdin=more.pop("stdin", subprocess.DEVNULL if "input" not in more else None),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if merged else subprocess.PIPE,
        text=True,
        errors="replace",
        timeout=seconds,
        **{"cwd": ROOT, **more},
    )


def said(*command, **more):
    """Returns the standard output of a command that must exit with 0."""
    result = outcome(*command, merged=False, **more)
    if result.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with status {result.returncode}: {result.stderr[-4000:]}")
    return result.stdout


def passes(what, *command, **more):
    """Checks that a command exits with 0."""
    result = outcome(*command, **more)
    checks.holds(what, result.returncode == 0, f"status {result.returncode}\n{tail(result.stdout)}")
    return result.returncode == 0


def refuses(what, pattern, *command, **more):
    """Checks that a command exits with 2, and prints a message that matches the pattern."""
    result = outcome(*command, **more)
    is_said = re.search(pattern, result.stdout)
    checks.holds(what, result.returncode == 2 and is_said, f"status {result.returncode}: {tail(result.stdout)}")


def tail(text, count=40):
    return "\n".join(text.splitlines()[-count:])


def files(folder):
    """Returns a line for each file and link below a folder: its mode, its path, and the target of a link."""
    found = []
    for path in folder.rglob("*"):
        if path.is_symlink():
            found.append(f"lrwxrwxrwx {path.relative_to(folder)} {os.readlink(path)}")
        elif not path.is_dir():
            mode = "".join(
                letter if path.stat().st_mode >> (8 - n) & 1 else "-" for n, letter in enumerate("rwxrwxrwx")
            )
            found.append(f"-{mode} {path.relative_to(folder)}")
    return sorted(found)

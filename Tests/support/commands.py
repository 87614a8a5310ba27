"""Commands that a test gives, and what they come to."""

import os
import re
import subprocess

import checks
from project import ROOT


def outcome(*command, merged=True, environment=None, seconds=600, **more):
    """What a command came to, from the root of the project if nothing else is said. Its words go into stdout, with
    those of standard error unless these are to be kept apart. A variable that is None in the environment is taken out
    of it."""
    given = {**os.environ, **(environment or {})}
    return subprocess.run(
        [str(word) for word in command],
        env={name: str(value) for name, value in given.items() if value is not None},
        stdin=more.pop("stdin", subprocess.DEVNULL if "input" not in more else None),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if merged else subprocess.PIPE,
        text=True,
        errors="replace",
        timeout=seconds,
        **{"cwd": ROOT, **more},
    )


def said(*command, **more):
    """What a command printed on standard output; it must end well."""
    result = outcome(*command, merged=False, **more)
    if result.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with status {result.returncode}: {result.stderr[-4000:]}")
    return result.stdout


def passes(what, *command, **more):
    """A check: a command ends with 0."""
    result = outcome(*command, **more)
    checks.holds(what, result.returncode == 0, f"status {result.returncode}\n{tail(result.stdout)}")
    return result.returncode == 0


def refuses(what, pattern, *command, **more):
    """A check: a command ends with 2, and with a message."""
    result = outcome(*command, **more)
    is_said = re.search(pattern, result.stdout)
    checks.holds(what, result.returncode == 2 and is_said, f"status {result.returncode}: {tail(result.stdout)}")


def tail(text, count=40):
    return "\n".join(text.splitlines()[-count:])


def files(folder):
    """Everything below a folder but folders: its mode, its path, and where a link leads."""
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

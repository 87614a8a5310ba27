"""C programs of the tests: compiled once for all tests that run them, and run."""

import contextlib
import fcntl
import hashlib
import os
import pathlib
import re
import subprocess

import checks
import pytest
from processes import within
from project import ROOT

WARNINGS = ["-Wall", "-Wextra", "-pedantic", "-Werror"]
FLAGS = ["-std=c11", "-D_GNU_SOURCE", "-O1", "-g", *WARNINGS, "-Iinclude", "-ITests/support"]

VALGRIND = ["valgrind", "--quiet", "--error-exitcode=99"]


def leaks(kinds):
    return ["--leak-check=full", f"--show-leak-kinds={kinds}", f"--errors-for-leak-kinds={kinds}"]


# Of leaks, those that are certain; and also those that are likely.
MEMCHECK = [*VALGRIND, *leaks("definite")]
MEMCHECK_STRICT = [*VALGRIND, *leaks("definite,indirect,possible")]


def pass_over_known_faults():
    """Has valgrind say nothing of the known faults of this libcurl, which are in a file that has its version in its
    name."""
    said = subprocess.run(["curl-config", "--version"], capture_output=True, text=True).stdout
    version = re.match(r"libcurl (\d+\.\d+)", said)
    file = ROOT / f"Tests/support/libcurl-{version[1] if version else 'none'}.supp"
    if file.exists():
        os.environ["VALGRIND_OPTS"] = f"{os.environ.get('VALGRIND_OPTS', '')} --suppressions={file}"


class Programs:
    """Compiles into a folder that all workers share."""

    def __init__(self, folder, library):
        self._folder = folder
        self.library = library

    def program(self, source, *flags, library=None, is_linked=True):
        """A program, linked to the library unless it is to load that itself."""
        library = library or self.library
        linked = [f"-L{library}", "-lmachineid", "-ljansson", "-pthread"] if is_linked else ["-pthread"]
        return self.compiled(source.stem, ["gcc", *FLAGS, source, *linked, *flags])

    def preload(self, source):
        """A library for LD_PRELOAD."""
        return self.compiled(f"{source.stem}.so", ["gcc", *FLAGS, "-shared", "-fPIC", source, "-ldl"])

    def compiled(self, name, command):
        """What a command makes that takes -o; the same command is carried out once."""
        # Failures name their source from the root of the project.
        command = [str(word.relative_to(ROOT)) if isinstance(word, pathlib.Path) else word for word in command]
        folder = self._folder / hashlib.sha256("\0".join(command).encode()).hexdigest()[:16]
        folder.mkdir(parents=True, exist_ok=True)
        made = folder / name
        with open(folder / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not made.exists():
                result = subprocess.run([*command, "-o", made], cwd=ROOT, capture_output=True, text=True)
                if result.returncode != 0:
                    with contextlib.suppress(FileNotFoundError):
                        made.unlink()
                    pytest.fail(f"{name} does not compile:\n{result.stderr}{result.stdout}", pytrace=False)
        return made


class Runner:
    """Runs programs for one test."""

    def __init__(self, folder, library):
        self._folder = folder
        self._library = library
        self._count = 0

    def __call__(self, command, seconds, *environments, **variables):
        """A program that must end with 0 in so many seconds. Returns what it printed, which is shown with a failure."""
        status, output = self.status(command, seconds, *environments, **variables)
        if status != 0:
            pytest.fail(f"it ended with status {status}" if status is not None else "it hangs", pytrace=False)
        checks.said(last_lines(output, 1))
        return output

    def status(self, command, seconds, *environments, **variables):
        """A program that may end as it likes: its exit status, None when it hangs, and what it printed."""
        self._count += 1
        file = self._folder / f"output-{self._count}"
        given = {"LD_LIBRARY_PATH": str(self._library)}
        for some in (*environments, variables):
            given |= {name: str(value) for name, value in some.items()}
        status = within(seconds, command, {**os.environ, **given}, file)
        output = file.read_text(errors="replace")
        print(last_lines(output, 300))
        for passed, failed in re.findall(r"^(\d+) checks passed, (\d+) failed$", output, re.M):
            checks.counted(int(passed), int(failed))
        return status, output


def last_lines(text, count):
    return "\n".join(text.splitlines()[-count:])

"""Compiles the C programs of the tests, each once for all tests that use it, and runs them."""

import contextlib
import fcntl
import hashlib
import os
import pathlib
import re
import subprocess

import checks
import pytest
from commands import tail
from processes import within
from project import ROOT
from targets import Machine

VALGRIND = ["valgrind", "--quiet", "--error-exitcode=99"]


def leaks(kinds):
    return ["--leak-check=full", f"--show-leak-kinds={kinds}", f"--errors-for-leak-kinds={kinds}"]


# The first reports definite leaks only, the second possible ones too.
MEMCHECK = [*VALGRIND, *leaks("definite")]
MEMCHECK_STRICT = [*VALGRIND, *leaks("definite,indirect,possible")]


def pass_over_known_faults():
    """Makes valgrind ignore the known faults of this libcurl, which are listed in the file for its version."""
    said = subprocess.run(["curl-config", "--version"], capture_output=True, text=True).stdout
    version = re.match(r"libcurl (\d+\.\d+)", said)
    file = ROOT / f"Tests/support/libcurl-{version[1] if version else 'none'}.supp"
    if file.exists():
        os.environ["VALGRIND_OPTS"] = f"{os.environ.get('VALGRIND_OPTS', '')} --suppressions={file}"


class Programs:
    """Compiles programs into a folder that all workers share."""

    def __init__(self, folder, library, target=None):
        self._folder = folder
        self.library = library
        self.target = target or Machine()

    def program(self, source, *flags, library=None, is_linked=True):
        """Returns a program. It is linked to the library, unless it loads the library itself."""
        library = library or self.library
        linked = [f"-L{library}", "-lmachineid", "-ljansson", "-pthread"] if is_linked else ["-pthread"]
        made = self.compiled(source.stem, self.target.compile(source, *linked, *flags))
        launcher = self.target.launcher(made)
        return self.compiled(source.stem, launcher) if launcher else made

    def preload(self, source):
        """Returns a library for LD_PRELOAD."""
        return self.compiled(f"{source.stem}.so", self.target.compile("-shared", "-fPIC", source, "-ldl"))

    def compiled(self, name, command):
        """Returns the file that a compiler command makes. The same command runs only once."""
        # Paths are relative to the root of the project, so that failed checks print them so.
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
    """Runs the programs of one test."""

    def __init__(self, folder, library):
        self._folder = folder
        self._library = library
        self._count = 0

    def __call__(self, command, seconds, *environments, **variables):
        """Runs a program that must exit with 0 within this many seconds. Returns its output, which is also shown with a
        failure."""
        status, output = self.status(command, seconds, *environments, **variables)
        if status != 0:
            pytest.fail(f"it ended with status {status}" if status is not None else "it hangs", pytrace=False)
        checks.said(tail(output, 1))
        return output

    def status(self, command, seconds, *environments, **variables):
        """Runs a program and returns its exit status, which is None if it hangs, and its output."""
        self._count += 1
        file = self._folder / f"output-{self._count}"
        given = {"LD_LIBRARY_PATH": str(self._library)}
        for some in (*environments, variables):
            given |= {name: str(value) for name, value in some.items()}
        status = within(seconds, command, {**os.environ, **given}, file)
        output = file.read_text(errors="replace")
        print(tail(output, 300))
        for passed, failed in re.findall(r"^(\d+) checks passed, (\d+) failed$", output, re.M):
            checks.counted(int(passed), int(failed))
        return status, output


def line_with(output, words):
    """Returns the line of a program's output that contains these words, for the report."""
    return next((line for line in output.splitlines() if words in line), "")

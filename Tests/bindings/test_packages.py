"""Tests the packages in bindings/. Those for Python, Ruby and C++ run here from their sources, with the library that
was built. script/test-bindings tests each of the eight as a user gets it, in a root of its own."""

import contextlib
import difflib
import os
import shutil
import subprocess

import checks
import pytest
from commands import outcome, passes, tail
from processes import first_line
from project import ROOT, version
from targets import WARNINGS

RUBY = ["ruby", "-w", f"-I{ROOT}/bindings/ruby/lib"]
HEADERS = ["-std=c++17", *WARNINGS, f"-I{ROOT}/bindings/cpp/include", f"-I{ROOT}/include"]


@pytest.fixture
def environment(library):
    """Where a package finds the library, and its tests the emulator."""
    return {
        "LD_LIBRARY_PATH": library,
        "MACHINEID_EMULATOR": ROOT / "build/bin/machineid-emulator",
        "CHECK_SLACK_MS": os.environ.get("CHECK_SLACK_MS", "1000"),
    }


@pytest.fixture
def scenario(emulator, environment):
    """Runs the common scenario with a command, as bindings/lib/check.sh does it in a root: scenario(COMMAND...)."""
    device = "worker:prod:queue-consumer:07"
    started = emulator("--plan", "free", "--org-key", "org_bindings", "--org-key", "org_outage", "--quiet")
    started.ask("org_outage", "/api/v1/devices/register", {"deviceId": device})
    started.ask("org_outage", "/emulator/outage", {"httpStatus": 503, "requests": 1})

    def run(*command):
        result = outcome(*command, merged=False, environment={**environment, **places}, seconds=120)
        expected = (ROOT / "bindings/scenario.txt").read_text().replace("VERSION", version())
        lines = difflib.unified_diff(expected.splitlines(), result.stdout.splitlines(), "expected", "printed")
        difference = "\n".join(lines)
        checks.holds("the common scenario prints what it must", not difference, difference)
        checks.holds("it ends with status 0", result.returncode == 0, tail(result.stderr))

    with contextlib.ExitStack() as stack:
        places = {
            "MACHINEID_ORG_KEY": "org_bindings",
            "MACHINEID_BASE_URL": started.url,
            "MACHINEID_ODD_URL": stack.enter_context(authority(ROOT / "Tests/bindings/odd_replies")),
            "MACHINEID_SILENT_URL": stack.enter_context(authority(ROOT / "bindings/lib/silent")),
            "MACHINEID_SOURCES": ROOT,
            "PATH": f"{ROOT}/bindings/lib:{os.environ['PATH']}",
        }
        yield run


@contextlib.contextmanager
def authority(program):
    """A server that prints its URL, and stays until it is killed."""
    with subprocess.Popen([program], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        try:
            yield first_line(process, 30)
        finally:
            process.kill()


def test_python(environment, scenario, long):
    sources = ROOT / "bindings/python"
    environment |= {"PYTHONPATH": sources, "PYTHONDONTWRITEBYTECODE": 1}
    python = ("script/lib/python", "-W", "error")
    result = outcome(
        *(*python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "pytest_libmachineid"),
        *(f"--rootdir={sources}", f"--config-file={sources}/pyproject.toml", sources / "tests"),
        *(["--long"] if long else []),
        environment=environment,
        seconds=300,
    )
    print(result.stdout)
    assert result.returncode == 0, tail(result.stdout)
    checks.said(result.stdout.splitlines()[-1])
    scenario(*python, sources / "tests/scenario.py")


def test_ruby(environment, scenario, long):
    """The scenario has guards too, and their own tests take more time than all others."""
    if not shutil.which("ruby"):
        pytest.skip("there is no ruby")
    files = sorted((ROOT / "bindings/ruby/test").glob("test_*.rb"))
    tests = [f"-r{path}" for path in files if long or path.name != "test_guard.rb"]
    result = outcome(*RUBY, "-rlibmachineid", *tests, "-e", "", environment=environment, seconds=300)
    print(result.stdout)
    assert result.returncode == 0, tail(result.stdout)
    checks.said(next(line for line in result.stdout.splitlines() if " runs, " in line))
    scenario(*RUBY, ROOT / "bindings/ruby/test/scenario.rb")


def test_cpp(library, scenario, tmp_path):
    """Of its own tests the header is not worth the time that they take to compile."""
    tests, program = ROOT / "bindings/cpp/tests", tmp_path / "scenario"
    refuses = [ROOT / "Tests/bindings/refuses", tests / "misuse.cpp", "g++", *HEADERS, "-fsyntax-only"]
    more = ["-fmax-errors=0", "-fno-diagnostics-show-caret", tests / "misuse.cpp"]
    passes("a result is nothing but a condition", *refuses, *more)
    link = [f"-L{library}", "-lmachineid", "-pthread"]
    if passes("the scenario compiles", "g++", *HEADERS, "-o", program, tests / "scenario.cpp", *link):
        scenario(program)


@pytest.mark.long
def test_python_types():
    mypy = (ROOT / "script/lib/python", "--packages", "-m", "mypy", "--cache-dir", ROOT / "build/mypy")
    result = outcome(*mypy, cwd=ROOT / "bindings/python")
    assert result.returncode == 0, result.stdout
    checks.said(result.stdout.splitlines()[-1])


@pytest.mark.long
@pytest.mark.needs_root
@pytest.mark.xdist_group("build")
def test_in_roots():
    for command in (["script/package", "--languages"], ["script/test-bindings", "--long"]):
        result = outcome(*command, seconds=3600)
        print(result.stdout)
        assert result.returncode == 0, tail(result.stdout)
    checks.said(" ".join(result.stdout.splitlines()[-1].split()))

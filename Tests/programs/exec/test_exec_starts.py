"""Tests which programs machineid-exec runs, what they inherit, and the exit status."""

import re
import shutil

import pytest
from checks import equal, holds
from commands import outcome, passes, said
from project import ROOT
from supervised import DEFAULT_SIGNALS, DEVICE, EXEC, as_a_shell_has_it
from targets import WARNINGS

DESCRIPTORS = ["sh", "-c", "set -- /proc/self/fd/*; echo $#"]
IGNORED = ["sed", "-n", r"s/^SigIgn:[[:space:]]*//p", "/proc/self/status"]
NEVER = ["--", "echo", "never"]

# The arguments, the exit status, and the output.
ENDS = {
    "its output and status are those of the program": (
        ["--", "sh", "-c", 'echo "$0 $1"; exit 7', "one two ", "three"],
        7,
        "one two  three",
    ),
    "options after the program belong to the program": (["echo", "--device", "x"], 0, "--device x"),
    "a program that a signal ends": (["--", "sh", "-c", "kill -TERM $$"], 143, ""),
    "a program that does not exist": (["--", "./no-such-program"], 127, ""),
    "a program that cannot be run": (["--", "./README.md"], 126, ""),
    "the version": (["--version"], 0, "machineid-exec [0-9.]*"),
    "the usage": (["--help"], 0, "Usage: machineid-exec .*"),
    "a device that is not registered is denied": (["--device", "stranger", *NEVER], 122, ""),
    "unless it is registered first": (["--device", "stranger", "--register", "--", "echo", "hello"], 0, "hello"),
}


def expect(result, status, printed=""):
    found = as_a_shell_has_it(result.returncode)
    is_right = found == status and re.fullmatch(printed, result.stdout.rstrip("\n"), re.S)
    assert is_right, f"status {found}, expected {status}; {result.stdout}{result.stderr}"


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_compile(compiler, library, tmp_path):
    if not shutil.which(compiler):
        pytest.skip(f"there is no {compiler}")
    sources = sorted((ROOT / "Sources/machineid-exec").glob("*.c"))
    command = [compiler, "-std=c11", "-O2", *WARNINGS, "-Iinclude", "-o", tmp_path / "machineid-exec", *sources]
    passes(f"it compiles with {compiler} without a warning", *command, f"-L{library}", "-lmachineid", "-pthread")


@pytest.mark.parametrize("what", ENDS)
def test_end(supervised, what):
    words, status, printed = ENDS[what]
    expect(supervised.start(*words), status, printed)


def test_the_program_inherits_no_descriptor_of_the_client(supervised):
    expect(supervised.start("--", *DESCRIPTORS), 0, said(*DESCRIPTORS).strip())


def test_a_program_that_ends_where_sigchld_is_ignored(supervised):
    result = supervised.start("--", "sh", "-c", "exit 7", dispositions=["--ignore-signal=CHLD"])
    expect(result, 7)


@pytest.mark.parametrize("ignored", [["CHLD", "PIPE"], []], ids=["ignored", "not ignored"])
def test_ignored_signals_are_ignored_in_the_program_and_the_others_are_not(supervised, ignored):
    dispositions = [f"--ignore-signal={name}" for name in ignored]
    expected = said(*DEFAULT_SIGNALS, *dispositions, *IGNORED).strip()
    expect(supervised.start("--", *IGNORED, dispositions=dispositions), 0, expected)


# The variables, and the exit status.
ENVIRONMENTS = {
    "a wrong org key": ({"MACHINEID_ORG_KEY": "org_other"}, 123),
    "no org key": ({"MACHINEID_ORG_KEY": ""}, 2),
    "no authority": ({"MACHINEID_BASE_URL": "http://127.0.0.1:1"}, 123),
}


@pytest.mark.parametrize("what", ENVIRONMENTS)
def test_environment(supervised, what):
    variables, status = ENVIRONMENTS[what]
    expect(supervised.start(*NEVER, **variables), status)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_outage(supervised, status):
    supervised.outage(httpStatus=status)
    result = supervised.start(*NEVER)
    expect(result, 123)
    lines = re.findall(f"no decision: MID_UNAVAILABLE: HTTP {status}", result.stderr)
    equal(f"it is reported, with HTTP {status}", 1, len(lines))
    expect(supervised.start("--register", *NEVER), 123)


def test_an_outage_of_two_seconds(supervised):
    supervised.outage(httpStatus=503, retryAfter=1, requests=2)
    expect(supervised.start("--", "echo", "hello"), 0, "hello")


@pytest.mark.parametrize("closed", ["0<&-", "1>&-", "2>&-", "0<&- 1>&-", "0<&- 2>&-", "1>&- 2>&-", "0<&- 1>&- 2>&-"])
def test_revoked_with_closed_descriptors(supervised, closed):
    """The descriptors that machineid-exec opens must not get these numbers: its messages would go to them."""
    supervised.operator("revoke")
    started = supervised.folder / "started"
    shell = ["bash", "-c", f'exec {closed}; exec "$@"', "bash", EXEC, "--", "touch", started]
    result = outcome(*shell, environment=supervised.environment, seconds=60)
    equal("denied, not started", (122, False), (result.returncode, started.exists()))


def test_closed_descriptors_are_closed_in_the_program(supervised):
    inspect = 'for n in 0 1 2; do [ -e /proc/$$/fd/$n ] || echo "$n" >>"$0"; done'
    found = supervised.folder / "closed"
    closing = ["bash", "-c", 'exec 0<&- 2>&-; exec "$@"', "bash", EXEC, "--", "bash", "-c", inspect, found]
    outcome(*closing, environment=supervised.environment, seconds=60)
    equal("closed descriptors are closed in the program", ["0", "2"], found.read_text().split())


def test_a_revoked_device_does_not_start(supervised):
    supervised.operator("revoke")
    result = supervised.start(*NEVER)
    expect(result, 122)
    line = rf"machineid-exec: {DEVICE}: denied: DEVICE_REVOKED \(request [0-9a-f-]+\)\n"
    holds("the reason is one short line", re.fullmatch(line, result.stderr), result.stderr)


def test_a_refusal_is_short(supervised):
    result = supervised.start(*NEVER, MACHINEID_ORG_KEY="org_other")
    expect(result, 123)
    line = r"machineid-exec: \S+: not started: no decision: the authority refuses to answer: \w+: [^\n(]+"
    line += r"( \(request \S+\))?\n"
    holds("it is one short line, with what the authority says", re.fullmatch(line, result.stderr), result.stderr)

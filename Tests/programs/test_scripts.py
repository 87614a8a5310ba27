"""Tests that every script that a person starts prints its usage, and refuses an unknown argument before it does
anything; that the C programs of the tests name themselves in their usage; that scripts say what they do and what to do
next; that shellcheck passes all of them; and that the code which counts results counts only successes as successes."""

import re

import pytest
from checks import equal
from commands import outcome
from project import ROOT

FOLDERS = ["script", "Tests", "examples", "bindings", "packaging", ".ci", "benchmarks"]
# A person starts the scripts in script/ itself, and those that are called run. These start the others.
IN_SCRIPT = sorted(path for path in (ROOT / "script").iterdir() if path.is_file())
RUNS = sorted(path for folder in (".ci", "Tests", "examples", "benchmarks") for path in (ROOT / folder).rglob("run"))
SCRIPTS = [path.relative_to(ROOT) for path in IN_SCRIPT + RUNS]


def shell_scripts():
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file():
                head = path.read_bytes()[:4000]
                if re.search(rb"^#!.*\b(ba)?sh$|^# shellcheck shell=", head, re.M) and b"\0" not in head:
                    yield path.relative_to(ROOT)


def test_shellcheck():
    result = outcome("shellcheck", "-x", *shell_scripts())
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("script", SCRIPTS, ids=str)
def test_usage(script):
    def start(argument):  # they work from any folder
        return outcome(ROOT / script, argument, merged=False, cwd="/", seconds=20)

    helped = start("--help")
    equal("--help: its status, and what goes to standard error", (0, ""), (helped.returncode, helped.stderr))
    first = (ROOT / script).read_text().splitlines()[1].removeprefix("# ")
    equal("--help: its first line is that of the comment", first, helped.stdout.splitlines()[0])
    # No script accepts this word: it is not a number of seconds, a place or an example.
    for argument in ("--portible", "portible"):
        refused = start(argument)
        found = (refused.returncode, refused.stdout)
        equal(f"{argument}: its status, and that nothing else is done", (2, ""), found)
        naming = [line for line in refused.stderr.splitlines() if argument in line]
        equal(f"{argument}: the error names it", 1, len(naming))


def test_usage_of_programs():
    shown, wrong = 0, []
    for path in sorted((ROOT / "Tests").rglob("*.c")):
        text = path.read_text()
        # A program that is compiled by hand shows how.
        words = [word for word in re.findall(r"^ \*     ([a-z]\w*)", text, re.M) if word != "cc"]
        if "int main(" in text and words:
            shown += 1
            wrong += [f"{path.relative_to(ROOT)}: {word}" for word in words if word != path.stem]
    equal("every usage line of a C program begins with its name", [], wrong)
    equal("there are such lines", True, shown > 30)


def test_next_steps():
    silent = [path.name for path in IN_SCRIPT if not re.search(r"\bnext_steps ", path.read_text())]
    equal("every script in script/ knows what to do next", [], silent)


# What commands do, and what they print to standard error.
PROGRESS = {
    "progress is what is being done, not what it prints": ("during counting echo one", 0, "counting"),
    "what a failure printed is shown, without lines of progress": (
        """during counting sh -c 'echo "[1/2] one"; echo two; exit 3'""",
        3,
        "counting\ntwo\ncounting: this failed, with status 3; what it printed is above",
    ),
    "the next steps are said at the end": ("next_steps one two", 0, "next: one\nnext: two"),
    "but not by a script that another script started": (
        'sh -euc ". script/lib/arguments.sh; . script/lib/progress.sh; next_steps one"; next_steps two',
        0,
        "next: two",
    ),
}


@pytest.mark.parametrize("what", PROGRESS)
def test_progress(what):
    commands, status, printed = PROGRESS[what]
    sourced = f". script/lib/arguments.sh; . script/lib/progress.sh; {commands}"
    result = outcome("sh", "-euc", sourced, merged=False, environment={"MACHINEID_STARTED_BY_SCRIPT": None})
    equal(what, (status, printed), (result.returncode, result.stderr.rstrip("\n")))


# ---- The code that counts results

# The commands of a report, its exit status, and its last line.
REPORTS = {
    "of a success": ("ok a", 0, "1 passed, 0 failed"),
    "of what was skipped by name": ("skip a why", 0, "0 passed, 0 failed, 1 skipped"),
    "of a failure beside a success": ("ok a; failed b", 1, "1 passed, 1 failed"),
    "of nothing": (":", 1, "0 passed, 1 failed"),
}


@pytest.mark.parametrize("what", REPORTS)
def test_report(what):
    commands, status, last = REPORTS[what]
    result = outcome("bash", "-euc", f". script/lib/report.sh; {commands}; finish")
    equal(f"a report {what}", (status, last), (result.returncode, result.stdout.splitlines()[-1]))


WITH_CHECKS = "checks in the tests: 20 passed, 0 failed; wrong allowed: {}"
# The exit status of a suite, its last lines, whether it has passed, and its cell in the table of test-distros.
CELLS = {
    "in which all passed": (0, ["2 passed, 1 skipped in 0.05s"], True, "2 / 0"),
    "that counts a wrong allow": (0, [WITH_CHECKS.format(1), "5 passed in 3.20s"], False, "5 / 0 / 1"),
    "that counts no wrong allow": (0, [WITH_CHECKS.format(0), "5 passed, 2 deselected in 3.20s"], True, "5 / 0 / 0"),
    "that counts nothing": (0, ["all is well"], False, "no result"),
    "that has no test": (5, ["no tests ran in 0.01s"], False, "no result"),
    "of which all is skipped": (0, ["3 skipped in 0.01s"], True, "0 / 0"),
    "with a failure and status 0": (0, ["1 failed, 2 passed in 65.10s (0:01:05)"], False, "2 / 1"),
    "with an error": (1, ["2 passed, 1 error in 1.00s"], False, "2 / 1"),
    "that ends badly": (3, ["2 passed in 1.00s"], False, "2 / 0, status 3"),
}


@pytest.mark.parametrize("what", CELLS)
def test_cell(tmp_path, what):
    status, lines, is_well, cell = CELLS[what]
    log = tmp_path / "log"
    log.write_text("".join(f"{line}\n" for line in lines))
    result = outcome("bash", "-uc", f'. script/lib/distros/table.sh; cell "$1" {status}', "bash", log)
    equal(f"the cell of a suite {what}", (0 if is_well else 1, cell), (result.returncode, result.stdout.strip()))

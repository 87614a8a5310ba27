"""Runs the scripts that run suites of these tests elsewhere, and counts what they counted."""

import re

import checks
from commands import outcome

COUNTS = r"^checks in the tests: (\d+) passed, (\d+) failed; wrong allowed: (\d+)"


def start(log_of, seconds, *command):
    """Runs a script that must pass within this many seconds. log_of gives the log of a suite, by the name of the system
    and that of the suite as a file."""
    result = outcome(*command, seconds=seconds)
    print(result.stdout)
    assert result.returncode == 0, result.stdout
    suites = re.findall(r"^([\w-]+): (\S+): (.*, in \d+ s)$", result.stdout, re.M)
    for system, suite, _ in suites:
        for passed, failed, wrong in re.findall(COUNTS, log_of(system, re.sub("[/:]", "-", suite)).read_text(), re.M):
            checks.counted(int(passed), int(failed), int(wrong))
    checks.said("; ".join(" ".join(suite) for suite in suites))

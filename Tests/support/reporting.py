"""Prints a line for each test as it ends, and the counts of the checks in all tests."""

import collections
import re
import shlex
import sys

import pytest

WORDS = {
    "passed": ("ok", {"green": True}),
    "failed": ("FAILED", {"red": True}),
    "skipped": ("skipped", {"yellow": True}),
}


class Reporting:
    def __init__(self, config):
        self._config = config
        self._counts = collections.Counter()
        self._failed = []

    def pytest_report_teststatus(self, report):
        """Replaces the letters of pytest, because the lines below say more."""
        if report.passed and report.when != "call":
            return "", "", ""
        outcome = "error" if report.failed and report.when != "call" else report.outcome
        return outcome, "", "" if report.passed else outcome.upper()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report):
        # xdist appends the name of the group.
        report.nodeid = re.sub(r"@[^\]/]*$", "", report.nodeid)
        said = ""
        for name, value in report.user_properties if report.when == "call" else ():
            if name == "said":
                said = value
            elif name == "skipped":
                said += f" (skipped {value})"
            else:
                self._counts[name] += value
        if report.passed and report.when != "call":
            return
        word, colours = WORDS[report.outcome]
        if report.failed:
            self._failed.append(report.nodeid)
        if not report.passed:
            said = reason(report)
        elif not said and (passed := dict(report.user_properties).get("passed")):
            said = f"{passed} checks passed"
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        terminal.ensure_newline()
        terminal.write(f"{word:8}", **colours)
        terminal.write_line(f"{report.duration:6.1f} s  {report.nodeid}{f': {said.strip()}' if said else ''}")

    def pytest_terminal_summary(self, terminalreporter):
        if self._failed and self._config.option.next_steps:
            for step in (
                "script/test --last-failed, which runs what failed again",
                f"script/test {shlex.quote(self._failed[0])}, which runs the first of it alone",
            ):
                print(f"next: {step}", file=sys.stderr, flush=True)
        counts = self._counts
        if counts["passed"] or counts["failed"]:
            line = f"checks in the tests: {counts['passed']} passed, {counts['failed']} failed"
            terminalreporter.write_line(f"{line}; wrong allowed: {counts['wrong allowed']}")


def reason(report):
    """Returns in one line why a test was skipped or failed."""
    if report.skipped and isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    lines = str(report.longrepr).strip().splitlines()
    # A traceback has the exception in a line that begins with "E ".
    return next((line[1:].strip() for line in lines if line.startswith("E ")), lines[0] if lines else "")

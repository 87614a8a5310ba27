"""Checks inside a test. Each has a name and is counted. A check that fails lets the test go on, and conftest.py fails
the test at its end. Also the rules that every call of the library must follow."""

import json
import os
import re

# How long a call may take beyond its timeout_ms.
SLACK_MS = float(os.environ.get("CHECK_SLACK_MS", "50"))
KEYS = ["allowed", "code", "request_id", "message"]


class Results:
    """The results of the checks of one test."""

    def __init__(self):
        self.passed = 0
        # C programs print their failed checks themselves. A wrong allow is a denial that came out as an allow.
        self.failed_elsewhere = self.wrong_allowed = 0
        self.failures = []
        self.skips = []
        # One line about the test, for its report.
        self.said = ""

    @property
    def failed(self):
        return len(self.failures) + self.failed_elsewhere


current = Results()


def begin():
    """Starts a test."""
    global current
    current = Results()


def ok(what):
    current.passed += 1
    print(f"ok      {what}", flush=True)


def failed(what, details=""):
    lines = [f"FAILED  {what}", *(f"            {line}" for line in str(details).splitlines())]
    current.failures.append("\n".join(lines))
    print(*lines, sep="\n", flush=True)


def skipped(what, why):
    """Notes a part of a test that this machine cannot run."""
    current.skips.append(f"{what}: {why}")
    print(f"skipped {what}: {why}", flush=True)


def said(line):
    """Adds a line to the report of the test."""
    current.said = line
    print(line, flush=True)


def counted(passed, failed=0, wrong_allowed=0):
    """Adds checks that a program has made and counted."""
    current.passed += passed
    current.failed_elsewhere += failed
    current.wrong_allowed += wrong_allowed


def without_own_lines(text):
    """Returns printed text without the lines that the functions above printed."""
    return "".join(line for line in text.splitlines(keepends=True) if not re.match("ok {6}|FAILED  | {12}", line))


def holds(what, condition, details=""):
    ok(what) if condition else failed(what, details)


def equal(what, expected, found):
    holds(what, expected == found, f"expected: {expected}\nfound:    {found}")


def expect(what, results, status, allowed=0, message="", within_ms=None):
    """Checks that a call, or each of several, ended in time with this status and this decision, and with JSON as
    machineid.h says.

    status      or a tuple of statuses, each of which is right
    message     a regular expression that the message of a failure must match
    within_ms   the limit, if it is less than timeout_ms
    """
    details = []
    for result in results if isinstance(results, list) else [results]:
        faults = list(_faults(result, status, allowed, message, within_ms))
        if faults:
            details += [*faults, f"found: {result}"]
    holds(what, not details, "\n".join(details))
    return not details


def _faults(result, status, allowed, message, within_ms):
    if result.status not in (status if isinstance(status, tuple) else (status,)):
        yield f"the status is not {status}"
    if result.allowed is not None and result.allowed != allowed:
        yield f"allowed is not {allowed:d}"
    limit = within_ms or result.timeout_ms
    if result.ms > limit + SLACK_MS:
        yield f"it took longer than {limit} ms"
    if result.status not in ("MID_OK", "MID_REFUSED"):
        yield from faults_of_failure(result.status, result.text, message)


def faults_of_failure(status, text, message):
    """Yields what is wrong with the JSON of a failed call."""
    if text is None:
        yield "there is no JSON"
        return
    object = json.loads(text)
    if list(object) != KEYS:
        yield f"the keys are not {KEYS}"
    elif object["allowed"] is not False or object["request_id"] is not None:
        yield "allowed is not false, or request_id is not null"
    elif object["code"] != "CLIENT_" + status.removeprefix("MID_"):
        yield "the code is not that of the status"
    elif not re.search(message, object["message"]) or "\n" in object["message"]:
        yield f"the message does not match: {message}"

"""Reports the results of checks, one line each, and a count at the end; and checks what every call of the library must
satisfy.
"""

import json
import os
import re

# How long a call may take beyond its timeout_ms.
SLACK_MS = float(os.environ.get("CHECK_SLACK_MS", "50"))
KEYS = ["allowed", "code", "request_id", "message"]

_passed = _failed = _skipped = 0


def ok(what):
    global _passed
    _passed += 1
    print(f"ok      {what}", flush=True)


def failed(what, details=""):
    global _failed
    _failed += 1
    print(f"FAILED  {what}", flush=True)
    for line in str(details).splitlines():
        print(f"            {line}", flush=True)


def skipped(what, why):
    global _skipped
    _skipped += 1
    print(f"skipped {what}: {why}", flush=True)


def holds(what, condition, details=""):
    ok(what) if condition else failed(what, details)


def equal(what, expected, found):
    holds(what, expected == found, f"expected: {expected}\nfound:    {found}")


def finish():
    print(f"{_passed} passed, {_failed} failed" + (f", {_skipped} skipped" if _skipped else ""))
    return 0 if _failed == 0 and _passed > 0 else 1


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

"""What must hold for a run of the probe, whatever the authority did to it."""

import json
import os
import signal
import zlib

from registry import OK, REFUSED, TIMEOUT
from replies import right

# How many milliseconds a call may take beyond timeout_ms, and mid_client_free() in all.
OVERSHOOT = float(os.environ.get("CHECK_SLACK_MS", "50"))
FREE = 250 + OVERSHOOT


class Complaint(str):
    """Something that must not happen. A complaint about time may be the machine's fault: such a run is repeated alone.
    """

    is_about_time = False


def about_time(text):
    complaint = Complaint(text)
    complaint.is_about_time = True
    return complaint


def judge(run):
    """Returns all complaints about a run; none if it was right."""
    if run.is_hung:
        return [Complaint("hung, and had to be killed")]
    if run.exit_code < 0:
        return [Complaint(f"killed by {signal.Signals(-run.exit_code).name}")]
    if run.exit_code != 0 or run.errors or len(run.lines) != 5:
        return [Complaint(f"exit status {run.exit_code}, {len(run.lines)} lines; stderr: {run.errors.strip()[:2000]}")]
    first, denied, good, again, process = run.lines
    complaints = [
        *judge_first(run, first),
        *judge_follow_up(run, "a denied device", denied, 0),
        *judge_follow_up(run, "an allowed device", good, 1),
        *judge_again(run, again),
        *judge_traffic(run),
        *judge_process(run, process),
    ]
    if run.is_timed:
        for line in (first, denied, good, again):
            if line["ms"] > run.timeout_ms + OVERSHOOT:
                complaints.append(about_time(f"a call took {line['ms']:.0f} ms; timeout_ms is {run.timeout_ms}"))
    complaints = [Complaint(text) if not isinstance(text, Complaint) else text for text in complaints]
    if run.is_timed and ran_out_of_time(run, first, (denied, good, again)):
        # Then the other complaints do not tell a late library from a late machine either. But a lack of time never
        # makes a permission.
        for complaint in complaints:
            complaint.is_about_time = not complaint.startswith("WRONG ALLOWED")
    return complaints


def ran_out_of_time(run, first, rest):
    """Whether a call that should have succeeded ended with MID_TIMEOUT: either the library was late, or the machine."""
    if any(line["status"] == TIMEOUT for line in rest):
        return True
    return first["status"] == TIMEOUT and TIMEOUT not in run.behaviour.statuses(run.operation)


def judge_first(run, line):
    behaviour, operation = run.behaviour, run.operation
    expected = set(behaviour.statuses(operation))
    if run.max_retries > behaviour.max_retries:
        expected.add("MID_TIMEOUT")  # a later attempt may time out
    if line["status"] not in expected:
        yield f"status {line['status']}, expected {' or '.join(sorted(expected))}: {line.get('message')}"
    flags = line["allowed"] if operation == "validate_many" else [line["allowed"]]
    if len(flags) != len(run.devices) or not set(flags) <= behaviour.allowed(operation, line["status"]):
        yield f"WRONG ALLOWED: {line['allowed']} with {line['status']}"
    if operation == "validate_many":
        yield from judge_verdicts(run, line, expected)
    elif line["status"] in (OK, REFUSED):
        if run.entities[0] is None:
            yield f"{line['status']}, but there was no valid reply"
        elif not is_text(line, run.entities[0]):
            yield f"the json is not the authority's: {line.get('text')!r}"
    else:
        yield from judge_failure(Json.parsed(line.get("text")), {line["status"]})


def judge_verdicts(run, line, expected):
    """The json is an array of what validate returns for each device: the authority's reply, or the library's own
    failure.
    """
    if None not in run.entities and is_text(line, b"[" + b",".join(run.entities) + b"]"):
        return
    verdicts = Json.parsed(line.get("text"))
    if not isinstance(verdicts, list) or isinstance(verdicts, Json) or len(verdicts) != len(run.devices):
        yield f"the json is not an array of {len(run.devices)}: {line.get('text')!r}"
        return
    for verdict, entity in zip(verdicts, run.entities):
        if entity is None or verdict != Json.parsed(entity):
            yield from judge_failure(verdict, expected)


class Json(list):
    """A JSON object, as its pairs in order."""

    @staticmethod
    def parsed(text):
        """Returns None if the text is not JSON, or nests too deep for Python."""
        try:
            return json.loads(text or "", object_pairs_hook=Json)
        except (ValueError, RecursionError):
            return None


def judge_failure(pairs, statuses):
    """The json of a failure, made by the library, has one fixed shape."""
    if not isinstance(pairs, Json) or [key for key, _ in pairs] != ["allowed", "code", "request_id", "message"]:
        yield f"the json has another shape: {pairs!r}"
        return
    allowed, code, request_id, message = (value for _, value in pairs)
    if allowed is not False or request_id is not None:
        yield f"the json says something about a decision: {pairs!r}"
    if code not in {"CLIENT_" + status.removeprefix("MID_") for status in statuses}:
        yield f"the code is {code} with {' or '.join(sorted(statuses))}"
    if not isinstance(message, str) or len(message) < 4 or "\n" in message:
        yield f"the message is {message!r}"
    elif "org_hostile_test" in message or "STRAY" in message:
        yield f"the message repeats what it must not: {message}"


def judge_follow_up(run, what, line, allowed):
    """Whatever happened before, the client still works and gets only its own answers."""
    prefix = "good:" if allowed else "denied:"
    if line["status"] != OK:
        yield f"afterwards, {what}: {line['status']}: {line.get('message')}"
    elif line["allowed"] != allowed:
        yield f"WRONG ALLOWED: afterwards, {what}: {line['allowed']}"
    elif not is_text(line, right("validate", prefix + run.device, allowed=bool(allowed))):
        yield f"afterwards, {what}: the answer is not its own: {line.get('text')!r}"
    if line["status"] != OK and line["allowed"] != 0:
        yield f"WRONG ALLOWED: afterwards, {what}: {line['allowed']} with {line['status']}"


def judge_again(run, line):
    if line["status"] != OK:
        yield f"afterwards, the same operation: {line['status']}: {line.get('message')}"
    elif not is_text(line, right(run.operation, "good:" + run.device)):
        yield f"afterwards, the same operation: the answer is not its own: {line.get('text')!r}"


def judge_traffic(run):
    # A request that gets no byte for a quarter of timeout_ms is sent a second time.
    copies = 2 if run.behaviour.waits or run.behaviour.paced else 1
    if run.behaviour.requests is not None and run.max_retries == run.behaviour.max_retries:
        if run.requests != run.behaviour.requests * len(run.devices):
            yield f"{run.requests} requests, expected {run.behaviour.requests} for each device"
    elif run.requests > copies * (1 + run.max_retries) * len(run.devices):
        # On a busy machine, a reply may also take that long.
        yield about_time(f"{run.requests} requests with max_retries {run.max_retries}")
    if run.behaviour.reuses and run.connections > copies * len(run.devices):
        yield about_time(f"{run.connections} connections, expected one for all, or one for each device of a call")
    for fault in run.faults:
        yield f"a request of the client is wrong: {fault}"


def judge_process(run, line):
    if line["descriptors_left"] != 0:
        yield f"{line['descriptors_left']} file descriptors left open"
    if run.is_timed:
        if line["peak_kb"] > run.behaviour.peak_mb * 1024:
            yield f"{line['peak_kb'] // 1024} MB of memory, expected {run.behaviour.peak_mb} at most"
        if line["free_ms"] > FREE:
            yield about_time(f"mid_client_free took {line['free_ms']:.0f} ms")


def is_text(line, entity):
    return line.get("bytes") == len(entity) and line.get("checksum") == zlib.crc32(entity)

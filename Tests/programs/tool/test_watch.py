"""Tests machineid watch and machineid wait, which go on while the authority's answers change."""

import json
import re
import signal
import subprocess
import time

import pytest
from checks import equal, holds
from processes import first_line
from tooling import NOWHERE, shown

FAST = ["--interval", "0.1"]


def fields(process):
    """Returns what a line says, without the time and the request id."""
    return first_line(process, 60).split("\t")[1:5]


def test_changes(tool):
    tool.operator("register", "a", "b")
    tool.operator("revoke", "b")
    with tool.in_background("watch", *FAST, "a", "b") as process:
        equal("how a stands", ["a", "-", "allowed", "ALLOW"], fields(process))
        equal("how b stands", ["b", "-", "denied", "DEVICE_REVOKED"], fields(process))
        tool.operator("revoke", "a")
        equal("a is revoked", ["a", "allowed", "denied", "DEVICE_REVOKED"], fields(process))
        tool.operator("unrevoke", "b")
        equal("b is allowed", ["b", "denied", "allowed", "ALLOW"], fields(process))
        tool.operator("unrevoke", "a")
        equal("a is allowed again", ["a", "denied", "allowed", "ALLOW"], fields(process))
        tool.operator("remove", "b")
        equal("b is removed", ["b", "allowed", "denied", "DEVICE_NOT_REGISTERED"], fields(process))
        tool.ask("/emulator/outage", httpStatus=503)
        found = sorted([fields(process), fields(process)])
        expected = [["a", "allowed", "unknown", "CLIENT_UNAVAILABLE"], ["b", "denied", "unknown", "CLIENT_UNAVAILABLE"]]
        equal("an outage is no denial", expected, found)
        tool.ask("/emulator/outage")
        found = sorted([fields(process), fields(process)])
        expected = [["a", "unknown", "allowed", "ALLOW"], ["b", "unknown", "denied", "DEVICE_NOT_REGISTERED"]]
        equal("it ends", expected, found)
        process.terminate()
        equal("SIGTERM ends it", -15, process.wait(30))


def test_json(tool):
    tool.operator("register", "a:1", "b:1")
    with tool.in_background("--json", "watch", *FAST, "--prefix", "a:") as process:
        line = json.loads(first_line(process, 60))
        equal("the keys", ["time", "device", "from", "to", "code", "request_id"], list(line))
        equal("how it stands", ("a:1", None, "allowed"), (line["device"], line["from"], line["to"]))
        tool.operator("revoke", "a:1")
        line = json.loads(first_line(process, 60))
        equal("it is revoked", ("allowed", "denied", "DEVICE_REVOKED"), (line["from"], line["to"], line["code"]))
        holds("with the request id", len(line["request_id"]) == 36)


def test_on_a_terminal(tool):
    tool.operator("register", "a")
    with tool.on_terminal("watch", *FAST, "a") as terminal:
        holds("how it stands", terminal.read_until("-       -> \x1b[32mallowed\x1b[0m  ALLOW"), repr(terminal.text))
        terminal.type("\x03")
        equal("^C ends it", -2, terminal.end())


def test_stats_on_a_terminal(tool):
    """They have the time of day alone, as the changes above them."""
    tool.operator("register", "a")
    with tool.on_terminal("watch", *FAST, "--stats", "0.1", "a") as terminal:
        holds("a report", terminal.read_until("last answer: "), repr(terminal.text))
        holds("its time", re.search(r"machineid: \d\d:\d\d:\d\dZ  devices: 1 allowed", terminal.text), terminal.text)


COUNTERS = re.compile(
    r"machineid: TIME  devices: (\d+ allowed, \d+ denied, \d+ unknown); calls: (.*); retries: \d+; "
    r"connections: \d+ made, \d+ reused; last answer: [0-9.]+ s ago"
)


def test_stats_on_a_signal(tool):
    """SIGUSR1 asks for the counters. They are on standard error, one line each time."""
    tool.operator("register", "a", "b")
    tool.operator("revoke", "b")
    with tool.in_background("watch", *FAST, "a", "b", stderr=subprocess.PIPE) as process:
        assert fields(process) and fields(process)
        for _ in range(2):
            process.send_signal(signal.SIGUSR1)
            line = shown(process.stderr.readline().rstrip("\n"))
            said = COUNTERS.fullmatch(line)
            holds("a line", said, line)
            equal("the devices", "1 allowed, 1 denied, 0 unknown", said and said[1])
            holds("the calls", said and re.fullmatch(r"\d+ MID_OK", said[2]), line)
        tool.ask("/emulator/outage", httpStatus=503)
        assert fields(process) and fields(process)
        process.send_signal(signal.SIGUSR1)
        line = process.stderr.readline()
        holds("an outage counts", re.search(r"2 unknown; calls: \d+ MID_OK, \d+ MID_UNAVAILABLE;", line), line)
        process.terminate()
        equal("nothing else is said", "", process.stderr.read())


def test_stats_as_json(tool):
    """With --stats they come by themselves, with --json among the changes."""
    tool.operator("register", "a")
    with tool.in_background("--json", "watch", *FAST, "--stats", "0.1", "a") as process:
        equal("the change is first", "a", json.loads(first_line(process, 60))["device"])
        before = 0
        for _ in range(3):
            record = json.loads(first_line(process, 60))
            equal("the keys", ["time", "devices", "stats"], list(record))
            equal("the devices", {"allowed": 1, "denied": 0, "unknown": 0}, record["devices"])
            now = sum(sum(call["statuses"].values()) for call in record["stats"]["calls"].values())
            holds("the calls do not become fewer", now >= max(1, before), (before, now))
            before = now


def test_nobody_reads(tool):
    """A reader that goes, such as head(1), ends it at once, though nothing changes any more."""
    tool.operator("register", "a")
    with tool.in_background("watch", *FAST, "a") as process:
        assert fields(process)
        process.stdout.close()
        equal("SIGPIPE ends it", -signal.SIGPIPE, process.wait(60))


def test_no_device_with_the_prefix(tool):
    result = tool.run("watch", "--prefix", "none:")
    equal("the exit status", 2, result.returncode)
    holds("it says so", "no device of the organisation begins with 'none:'; 'machineid list'" in result.stderr, result)
    asked = tool.emulator.log.read_text()
    holds("only the list was asked for", tool.requests() == 1 and "/devices/list" in asked, asked)


def test_wait_for_an_unrevoke(tool):
    tool.operator("register", "a")
    tool.operator("revoke", "a")
    with tool.in_background("wait", "a", "--interval", "0.05") as process:
        before = tool.requests()
        while tool.requests() < before + 3:
            equal("it waits", None, process.poll())
        tool.operator("unrevoke", "a")
        holds("it prints the decision", first_line(process, 60).startswith("a\tallowed\tALLOW\t"))
        equal("the exit status", 0, process.wait(60))


@pytest.mark.parametrize("situation", ["denied", "out of reach"])
def test_wait_to_the_end_of_its_time(tool, situation):
    """An interval longer than the time does not end it early: it asks once more when the time is over."""
    given = {"MACHINEID_BASE_URL": NOWHERE} if situation == "out of reach" else {}
    once = ["--options", '{"max_retries":0}']
    begun = time.monotonic()
    result = tool.run(*once, "wait", "a", "--interval", "60", "--timeout", "0.5", **given)
    holds("it takes its time", 0.5 <= time.monotonic() - begun < 30, time.monotonic() - begun)
    holds("and says how long that was", "after 0.5 s" in result.stderr, result.stderr)
    if not given:
        equal("it asks at the beginning and at the end", 2, tool.requests())


# The situation, and the exit status when the time is over.
ENDS = {"denied": 1, "unreachable": 3, "unknown key": 4}


@pytest.mark.parametrize("situation", ENDS)
def test_wait_that_ends(tool, situation):
    variables = {"unreachable": {"MACHINEID_BASE_URL": NOWHERE}, "unknown key": {"MACHINEID_ORG_KEY": "org_nobody"}}
    limit = [] if situation == "unknown key" else ["--timeout", "0.3", "--interval", "0.1"]
    result = tool.run("wait", "a", *limit, **variables.get(situation, {}))
    equal("the exit status", ENDS[situation], result.returncode)
    equal("one line says why", 1, len(result.stderr.splitlines()))

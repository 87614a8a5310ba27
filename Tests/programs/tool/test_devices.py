"""Tests what machineid does with many devices, with questions on a terminal, and with an output that cannot be
written."""

import json
import subprocess

import pytest
from checks import equal, holds
from tooling import NOWHERE, ORG_KEY, TOOL, Tool


def names(count):
    return [f"worker:prod:{number:04}" for number in range(count)]


@pytest.fixture
def large(emulator):
    return Tool(emulator("--org-key", ORG_KEY, "--plan", "max"))


def test_a_thousand_devices(large):
    devices = names(600)
    result = large.run("register", *devices)
    equal("all are registered", (0, 600), (result.returncode, result.stdout.count("\tregistered\n")))
    lines = "".join(f"{device}\r\n\n" for device in devices)
    result = large.run("--json", "validate", "--stdin", input=lines)
    found = [json.loads(line) for line in result.stdout.splitlines()]
    equal("all are allowed", (0, 600), (result.returncode, sum(one["allowed"] for one in found)))
    equal("in the order given", devices, [one["device"] for one in found])
    large.operator("revoke", devices[599])
    equal("one denial denies", 1, large.run("validate", "--quiet", "--stdin", input=lines).returncode)
    with large.on_terminal("validate", *devices) as terminal:
        terminal.end()
        holds("how far it is, on a terminal", "500 of 600 devices" in terminal.text)
    result = large.run("revoke", "--prefix", "worker:prod:", "--yes")
    equal("the others are revoked", (0, 599), (result.returncode, len(result.stdout.splitlines())))


def test_an_outage_is_one_line(tool):
    result = tool.run("--options", '{"max_retries":0}', "validate", *names(50), MACHINEID_BASE_URL=NOWHERE)
    lines = result.stderr.splitlines()
    wanted = f"{names(1)[0]} and 49 more: CLIENT_CONNECT_FAILED"
    holds("in one line", len(lines) == 1 and wanted in lines[0], result.stderr)
    result = tool.run("--json", "validate", *names(5), MACHINEID_ORG_KEY="org_nobody")
    errors = [json.loads(line) for line in result.stderr.splitlines()]
    equal("each has an object", names(5), [error["device"] for error in errors])
    equal("that says it all", {("MID_REFUSED", "invalid_org_key")}, {(e["status"], e["code"]) for e in errors})


def test_denials_count_most(tool):
    """A device that is denied and one without a decision together are a denial."""
    tool.operator("register", "a")
    tool.operator("revoke", "a")
    tool.ask("/emulator/outage", httpStatus=503, requests=1)
    result = tool.run("--options", '{"max_retries":0,"max_connections":1}', "validate", "b", "a")
    found = (result.stdout.count("denied"), result.stderr.count("CLIENT_UNAVAILABLE"))
    equal("one denied, one undecided", (1, 1), found)
    equal("the exit status", 1, result.returncode)


def test_ids_are_compared_by_their_bytes(tool):
    """é can be one character or two. To the authority these are two devices."""
    tool.operator("register", "caf\u00e9", "cafe\u0301")
    result = tool.run("revoke", "--prefix", "caf\u00e9", "--yes")
    equal("only one is revoked", "caf\u00e9\trevoked\n", result.stdout)


@pytest.mark.parametrize("answer", ["y", "n", ""])
@pytest.mark.parametrize("words", [["remove", "a"], ["revoke", "--prefix", "a"]], ids=["remove", "revoke"])
def test_question(tool, words, answer):
    tool.operator("register", "a", "b")
    with tool.on_terminal(*words) as terminal:
        holds("it asks", terminal.read_until("[y/N]"), terminal.text)
        equal("and has sent nothing to change it", 2, tool.run("list").stdout.count("active"))
        terminal.type(f"{answer}\n")
        equal("the exit status", 0 if answer == "y" else 1, terminal.end())
    equal("the device is left alone, or is not", 1 if answer == "y" else 2, tool.run("list").stdout.count("active"))


def test_a_name_cannot_write_to_the_terminal(tool):
    """What the authority says has its control characters escaped."""
    tool.operator("register", "evil\x1b[2J\x9b1m\tx")
    result = tool.run("list")
    equal("in a pipe", "evil\\x1b[2J\\x9b1m\\x09x\tactive\n", result.stdout)
    with tool.on_terminal("list", NO_COLOR="1") as terminal:
        terminal.end()
        holds("on a terminal", "\x1b" not in terminal.text and "\x9b" not in terminal.text, repr(terminal.text))


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=["NO_COLOR", "dumb"])
def test_without_colours(tool, variables):
    tool.operator("register", "a")
    with tool.on_terminal("validate", "a", **variables) as terminal:
        equal("the exit status", 0, terminal.end())
        holds("there are no escapes", "\x1b" not in terminal.text, repr(terminal.text))
        holds("but a table", "DEVICE" in terminal.text, terminal.text)


def test_a_full_disk(tool):
    tool.operator("register", "a")
    with open("/dev/full", "w") as full:
        command, environment = [TOOL, "validate", "a"], tool.given({})
        result = subprocess.run(command, env=environment, stdout=full, stderr=subprocess.PIPE, text=True)
    equal("the exit status", 5, result.returncode)
    holds("it says so", "standard output cannot be written" in result.stderr, result.stderr)


BAD = "Bad file descriptor"
CLOSED = {
    "output": (["validate", "a"], ">&-", 5, f"machineid: standard output cannot be written: {BAD}\n"),
    "output, and nothing to say": (["validate", "--quiet", "a"], ">&-", 0, ""),
    "input": (["validate", "--stdin"], "<&-", 2, f"machineid: --stdin: standard input cannot be read: {BAD}\n"),
    "errors": (["validate", "b"], "2>&-", 1, ""),
}


@pytest.mark.parametrize("stream", CLOSED)
def test_a_closed_stream(tool, stream):
    """Nothing that the library opens gets the number of a closed stream: output would be written into a connection."""
    words, how, status, message = CLOSED[stream]
    tool.operator("register", "a")
    command = ["bash", "-c", f'"$0" "$@" {how}', TOOL, *words]
    result = subprocess.run(command, env=tool.given({}), capture_output=True, text=True)
    equal("the exit status and the message", (status, message), (result.returncode, result.stderr))

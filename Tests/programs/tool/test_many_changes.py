"""Tests that a change of many devices says each as soon as it is done, and what was done when it is interrupted."""

import json
import os
import re
import signal
import subprocess

import pytest
from checks import equal, holds
from processes import await_true, first_line
from servers import Server, http
from tooling import ORG_KEY, Tool, without_progress

# So many devices are revoked at a time.
AT_ONCE = 8
FAST = ["a:1", "a:2"]
# No request to revoke one of these is answered.
STUCK = [f"stuck:{number}" for number in range(AT_ONCE)]


@pytest.fixture
def tool(emulator):
    tool = Tool(emulator("--org-key", ORG_KEY))
    fault = {"device_prefix": "stuck:", "operation": "revoke", "hang": True}
    tool.ask("/emulator/scenario", steps=[fault])
    return tool


def asked(tool, device):
    """Returns whether a request to revoke a device has been answered."""
    return re.search(rf"devices/revoke status=200 .*device={device} ", tool.emulator.log.read_text())


def test_each_as_soon_as_it_is_done(tool):
    """One that takes long keeps back those after it, since they are printed in order, but they are revoked."""
    devices = [*FAST, STUCK[0], "b:1", "b:2"]
    tool.operator("register", *devices)
    with tool.in_background("--timeout", "1", "revoke", *devices, stderr=subprocess.PIPE) as process:
        equal("the first ones", [f"{device}\trevoked" for device in FAST], [first_line(process, 60) for _ in FAST])
        holds("the last ones are revoked", await_true(lambda: asked(tool, "b:1") and asked(tool, "b:2")))
        equal("meanwhile it goes on", None, process.poll())
        rest, errors = process.communicate(timeout=60)
    equal("then they are printed", "b:1\trevoked\nb:2\trevoked\n", rest)
    holds("the other one has failed", errors.startswith("machineid: stuck:0: CLIENT_TIMEOUT"), errors)
    equal("the exit status", 3, process.returncode)


MESSAGE = "interrupted: 2 of 11 devices are revoked, 1 was not begun; not known for {}, so ask again"


@pytest.mark.parametrize("name, form", [("INT", ["--json"]), ("TERM", []), ("HUP", [])])
def test_interrupted(tool, name, form):
    """It says what was done, and of which devices it is not known."""
    devices, number = [*FAST, *STUCK, "b:1"], signal.Signals[f"SIG{name}"]
    tool.operator("register", *devices)
    with tool.in_background(*form, "revoke", *devices, stderr=subprocess.PIPE) as process:
        said = [first_line(process, 60) for _ in FAST]
        process.send_signal(number)
        rest, errors = process.communicate(timeout=60)
    equal("the signal ends it", -number, process.returncode)
    if form:
        equal("what was done", FAST, [json.loads(line)["device"] for line in said])
        equal("and nothing else", "", rest)
        error = json.loads(errors)
        equal("an object", ("MID_CANCELLED", "CLIENT_CANCELLED"), (error["status"], error["code"]))
        equal("with the message", MESSAGE.format(", ".join(STUCK)), error["message"])
    else:
        equal("what was done, and nothing else", ([f"{device}\trevoked" for device in FAST], ""), (said, rest))
        equal("one line", f"machineid: CLIENT_CANCELLED: {MESSAGE.format(', '.join(STUCK))}\n", errors)
    revoked = [line.split("\t")[0] for line in tool.run("list", "--revoked").stdout.splitlines()]
    equal("the devices that are revoked", FAST, revoked)


def test_interrupted_on_a_terminal(tool):
    devices = [*FAST, *STUCK, "b:1"]
    tool.operator("register", *devices)
    with tool.on_terminal("revoke", *devices, NO_COLOR="1") as terminal:
        holds("the first ones", terminal.read_until("a:2      revoked"), repr(terminal.text))
        terminal.type("\x03")
        equal("^C ends it", -2, terminal.end())
    lines = without_progress(terminal.text).splitlines()
    equal("a table", ["DEVICE   RESULT", "a:1      revoked", "a:2      revoked"], lines[:3])
    holds("and what was done", "2 of 11 devices are revoked, 1 was not begun" in lines[-1], lines)


def test_the_count_stops_at_an_interruption(tool):
    devices = [*FAST, *STUCK, *[f"b:{number:02}" for number in range(20)]]
    tool.operator("register", *devices)
    with tool.on_terminal("revoke", *devices, NO_COLOR="1") as terminal:
        holds("it waits for the third", terminal.read_until(f"2 of {len(devices)} devices"), repr(terminal.text))
        terminal.type("\x03")
        equal("^C ends it", -2, terminal.end())
    counts = [int(count) for count in re.findall(rf"\x1b\[K(\d+) of {len(devices)} devices", terminal.text)]
    equal("what was not begun is not counted", 2, max(counts))


def test_a_signal_that_is_ignored(tool):
    """As under nohup."""
    devices = [*FAST, STUCK[0]]
    tool.operator("register", *devices)
    tool.command = ["env", "--ignore-signal=HUP", *tool.command]
    with tool.in_background("--timeout", "1", "revoke", *devices, stderr=subprocess.PIPE) as process:
        assert first_line(process, 60)
        process.send_signal(signal.SIGHUP)
        process.communicate(timeout=60)
    equal("it goes on to its end", 3, process.returncode)


def test_nobody_reads(tool):
    """A reader that has gone, such as head(1), does not keep a device from being revoked."""
    devices = [f"a:{number:02}" for number in range(40)]
    tool.operator("register", *devices)
    reader, writer = os.pipe()
    os.close(reader)
    with tool.in_background("revoke", "--prefix", "a:", "--yes", stdout=writer) as process:
        os.close(writer)
        equal("SIGPIPE ends it", -signal.SIGPIPE, process.wait(60))
    equal("when all are revoked", 40, tool.run("list", "--revoked").stdout.count("\trevoked\n"))


def test_how_far_it_is(tool):
    devices = [f"a:{number:02}" for number in range(30)]
    tool.operator("register", *devices)
    with tool.on_terminal("revoke", "--prefix", "a:", "--yes", NO_COLOR="1") as terminal:
        equal("the exit status", 0, terminal.end())
    holds("it counts", "29 of 30 devices" in terminal.text, repr(terminal.text))
    lines = without_progress(terminal.text).splitlines()
    equal("a table", ["DEVICE  RESULT", *[f"{device}    revoked" for device in devices]], lines)


def test_registering_goes_in_order(emulator):
    """Where the plan has no room for all, the first ones are registered."""
    tool = Tool(emulator("--org-key", ORG_KEY, "--plan", "free"))
    result = tool.run("register", *[f"a:{number}" for number in range(5)])
    equal("the first three", "".join(f"a:{n}\tregistered\n" for n in range(3)), result.stdout)
    equal("the others are refused", 4, result.returncode)


def test_a_device_that_cannot_be_sent(tool):
    """The authority's list has one. It keeps no other device from being revoked."""
    listed = ["a:1", "a:" + "x" * 511, "a:2"]

    def script(conversation):
        while True:
            body = {"devices": [{"deviceId": device, "revoked": False} for device in listed]}
            if b"/devices/revoke" in conversation.read_request():
                body = {"status": "ok"}
            conversation.send(http(json.dumps(body).encode(), headers="Content-Type: application/json\r\n"))

    with Server(script) as server:
        result = tool.run("revoke", "--prefix", "a:", "--yes", MACHINEID_BASE_URL=server.url)
    equal("the others are revoked", "a:1\trevoked\na:2\trevoked\n", result.stdout)
    equal("it is not lost", 3, result.returncode)
    holds("and named", "xx: CLIENT_INVALID_ARGUMENT: device_id is longer than 512 bytes" in result.stderr, result)


def test_given_up(tool):
    """Where the program lacks descriptors, it begins with no further device, and none is passed over in silence."""
    tool.command = ["bash", "-c", 'ulimit -n 5; exec "$@"', "bash", *tool.command]
    result = tool.run("--json", "revoke", *[f"a:{number}" for number in range(1000)])
    errors = [json.loads(line) for line in result.stderr.splitlines()]
    equal("the exit status", (5, ""), (result.returncode, result.stdout))
    failed = [error for error in errors if error["device"]]
    holds("why", "MID_INTERNAL" in {error["status"] for error in errors}, errors)
    holds("it gives up soon", 0 < len(failed) < 1000, len(failed))
    wanted = [f"given up: 0 of 1000 devices are revoked, {1000 - len(failed)} were not begun"]
    equal("how far it came", wanted, [error["message"] for error in errors if not error["device"]])

"""Each kind of step of a scenario, as a client sees it over HTTP; mistakes in scenarios; and a program with the library
that lives through an outage, a slow authority and a revocation."""

import json
import socket
import subprocess
import time

import pytest
from checks import equal, holds
from commands import outcome
from emulator import PROGRAM
from processes import await_true
from project import ROOT
from talk import KEY, Talk


def written(tmp_path, *steps, name="scenario.json"):
    file = tmp_path / name
    file.write_text(json.dumps({"steps": steps}))
    return file


@pytest.fixture
def start(emulator, tmp_path):
    """Starts an emulator with these steps in its file, and a connection to it."""
    return lambda *steps: Talk(emulator("--org-key", KEY, "--scenario", written(tmp_path, *steps)))


def test_http_status(start):
    talk = start(
        {"device": "w", "register": True},
        {"operation": "validate", "http_status": 503, "retry_after": 7, "requests": 1},
        {"operation": "usage", "http_status": 401},
    )
    equal("another operation is answered", 200, talk.device("register", "w").status)
    refused = talk.device("validate", "w")
    equal("the step's HTTP status", 503, refused.status)
    equal("its Retry-After", "7", refused.headers["Retry-After"])
    expected = {"status": "error", "error": "unavailable", "message": "step 2 of the scenario answers so"}
    expected["request_id"] = refused.headers["X-Request-Id"]
    equal("its body", expected, refused.json)
    equal("after its number of requests it is over", "ALLOW", talk.code("w"))
    refused = talk.ask("GET", "/api/v1/usage")
    equal("a refusal that is no outage", (401, "invalid_org_key", None), (
        refused.status, refused.json["error"], refused.headers["Retry-After"]))


def test_selection(start):
    talk = start({"device": "exact", "http_status": 500}, {"device_prefix": "some:", "http_status": 501})
    found = {device: talk.device("validate", device).status for device in ("exact", "exact2", "some:1", "some", "")}
    equal("each device", {"exact": 500, "exact2": 200, "some:1": 501, "some": 200, "": 400}, found)
    equal("a request without a device", 200, talk.ask("GET", "/api/v1/usage").status)


def test_delay_ms(start):
    talk = start({"device": "slow", "delay_ms": 700})
    started = time.monotonic()
    equal("the answer is the usual one", "DEVICE_NOT_REGISTERED", talk.code("slow"))
    holds("and comes late", time.monotonic() - started >= 0.7, time.monotonic() - started)


def test_delayed_requests_do_not_hold_up_others(emulator, tmp_path):
    """More requests wait than the emulator has threads, and each comes back to its own connection."""
    started = emulator("--org-key", KEY, "--scenario", written(tmp_path, {"device_prefix": "slow", "delay_ms": 3000}))
    begun = time.monotonic()
    body = b'{"deviceId":"slow%03d"}'
    waiting = []
    for number in range(100):
        connection = socket.create_connection(started.address.split(":"), timeout=60)
        text = body % number
        head = f"POST /api/v1/devices/validate HTTP/1.1\r\nHost: e\r\nx-org-key: {KEY}\r\nConnection: close\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
        connection.sendall(head.encode() + text)
        waiting.append(connection)
    quick = Talk(started)
    equal("a device without a delay", "DEVICE_NOT_REGISTERED", quick.code("quick"))
    if time.monotonic() - begun < 2.5:
        holds("it does not wait for the others", not any(one["httpStatus"] for one in quick.requests[:-1]))
    for number, connection in enumerate(waiting):
        with connection, connection.makefile() as reply:
            text = reply.read()
        if f'"deviceId":"slow{number:03d}"' not in text:
            holds(f"the answer about slow{number:03d}", False, text)
    equal("all are answered", 101, len(quick.requests))


def test_close(start):
    talk = start({"device": "reset", "close": True}, {"device": "later", "close": True, "delay_ms": 300})
    for device in ("reset", "later"):
        try:
            holds(f"{device}: the connection is reset", False, talk.code(device))
        except ConnectionResetError:
            holds(f"{device}: the connection is reset", True)
        talk._connection.close()
    equal("another connection is served", "DEVICE_NOT_REGISTERED", talk.code("other"))
    equal("what is known of them", ["closed", "closed"], [one["code"] for one in talk.requests[:2]])


def test_hang(emulator, tmp_path):
    started = emulator("--org-key", KEY, "--scenario", written(tmp_path, {"device_prefix": "hung", "hang": True}))
    impatient = Talk(started, timeout=0.3)
    with pytest.raises(TimeoutError):
        impatient.code("hung")
    impatient._connection.close()
    talk = Talk(started)
    equal("others are served", "DEVICE_NOT_REGISTERED", talk.code("other"))
    equal("what is known of it", ("hung", "hung", None, None), tuple(
        talk.requests[0][key] for key in ("deviceId", "code", "httpStatus", "decision")))
    files = f"/proc/{started.pid}/fd"

    def sockets():
        listed = subprocess.run(["ls", "-l", files], capture_output=True, text=True, check=True).stdout
        return listed.count("socket:")

    holds("a client that goes leaves nothing behind", await_true(lambda: sockets() == 2), sockets())
    # A hung request does not hold up the end of the emulator.
    patient = socket.create_connection(started.address.split(":"), timeout=60)
    text = '{"deviceId":"hung2"}'
    head = f"POST /api/v1/devices/validate HTTP/1.1\r\nHost: e\r\nx-org-key: {KEY}\r\n"
    patient.sendall(f"{head}Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode())
    holds("it hangs", await_true(lambda: talk.requests[-1]["deviceId"] == "hung2"))
    equal("SIGTERM ends the emulator", 0, started.stop())
    equal("and the connection, without an answer", b"", patient.recv(100))
    patient.close()


def test_changes(emulator):
    """Revoke, unrevoke, remove, register and the plan, each with its time, begun over HTTP."""
    started = emulator("--org-key", KEY)
    talk = Talk(started)
    for device in ("team:a", "team:b", "lone"):
        talk.device("register", device)
    talk.scenario(
        {"device_prefix": "team:", "revoke": True},
        {"device": "lone", "remove": True},
        {"after_ms": 400, "device": "team:b", "unrevoke": True},
        {"device": "lone", "register": True},
        {"after_ms": 400, "plan": {"planState": "frozen"}},
    )

    def codes():
        return [talk.code(device) for device in ("team:a", "team:b", "lone")]

    before = [["DEVICE_REVOKED"] * 2 + ["DEVICE_NOT_REGISTERED"], ["DEVICE_REVOKED", "ALLOW", "ALLOW"]]
    frozen, seen = ["PLAN_FROZEN"] * 3, []

    def is_over():
        seen.append(codes())
        return seen[-1] == frozen

    holds("the last step comes", await_true(is_over), seen)
    # The time of a step may come between two of three requests; a slow machine may miss a stage.
    stages = [found for found in seen if found in before]
    equal("the stages before come in their order", sorted(stages, key=before.index), stages)
    taken = [line.split(" scenario ")[1] for line in started.log.read_text().splitlines() if " scenario " in line]
    expected = [
        "step=1 revoke devices=2",
        "step=2 remove devices=1",
        "step=3 unrevoke devices=1",
        "step=4 register devices=1",
        "step=5 plan devices=0",
    ]
    equal("the log tells of each step", expected, taken)
    equal("a scenario can be ended", 200, talk.ask("DELETE", "/emulator/scenario").status)
    equal("what it has done stays done", frozen, codes())


def test_a_scenario_is_one_organisations(emulator):
    started = emulator("--org-key", KEY, "--org-key", "org_other")
    mine, other = Talk(started), Talk(started, "org_other")
    mine.scenario({"http_status": 503})
    equal("statuses", [503, 200], [talk.ask("GET", "/api/v1/usage").status for talk in (mine, other)])
    mine.scenario()
    equal("an empty scenario ends it", 200, mine.ask("GET", "/api/v1/usage").status)


def test_mistakes(tmp_path):
    """A file with a mistake: one line that names it, status 2, and the emulator does not listen."""
    cases = [
        ('{"steps":[{"device":"a","revoke":true},{"delay":5}]}', "step 2: there is no member delay; there are at_ms, "),
        ('{"steps":[{"http_status":"503"}]}', "step 1: http_status must be a whole number from 400 to 599"),
        ('{"steps":[{"at_ms":5}]}', "step 1: has no effect; add one of http_status, "),
        ('{"steps":\n[{"hang":true},]}', "is not JSON at line 2, column 16; docs/testing.md has examples of scenarios"),
        ('{"steps":[],"steps":[]}', "repeats a key at line 1, column 19; docs/testing.md has examples of scenarios"),
        ("[]", "is not a JSON object; docs/testing.md has examples of scenarios"),
        (None, "cannot be opened: No such file or directory; give --scenario a file that can be read"),
    ]
    for number, (text, message) in enumerate(cases):
        file = tmp_path / f"{number}.json"
        if text is not None:
            file.write_text(text)
        found = outcome(PROGRAM, "--port", "0", "--scenario", file, merged=False, seconds=30)
        expected = f"machineid-emulator: {file}: {message}"
        right = found.returncode == 2 and found.stdout == "" and found.stderr.count("\n") == 1
        holds(f"{text}: {message}", right and found.stderr.startswith(expected), f"{found.returncode} {found.stderr}")


def test_a_mistake_over_http(emulator):
    talk = Talk(emulator("--org-key", KEY))
    talk.scenario({"device": "w", "register": True})
    reply = talk.ask("POST", "/emulator/scenario", {"steps": [{"hang": True}, {"hang": "yes"}]})
    equal("it is refused", (400, "invalid_scenario"), (reply.status, reply.json["error"]))
    equal("by step and member", "step 2: hang must be true; without it, leave it out", reply.json["message"])
    equal("and the scenario before it goes on", "ALLOW", talk.code("w"))


def test_rehearsal(program, run, emulator, tmp_path):
    """The library meets an outage, a slow authority and a revocation."""
    steps = [
        {"device_prefix": "worker", "http_status": 503, "requests": 1, "retry_after": 0},
        {"device": "worker", "register": True},
        {"operation": "validate", "device": "slow", "delay_ms": 60000},
        {"operation": "validate", "device": "slowish", "delay_ms": 300},
        {"operation": "validate", "device": "hung", "hang": True},
        {"operation": "validate", "device": "reset", "close": True},
    ]
    started = emulator("--org-key", KEY, "--scenario", written(tmp_path, *steps))
    environment = {"MACHINEID_BASE_URL": started.url, "MACHINEID_ORG_KEY": KEY}
    run([program("rehearsal.c", "-pthread")], 100, environment)
    decided = [one["decision"] for one in Talk(started).requests if one["deviceId"] == "worker"]
    holds("the emulator tells of both decisions", {"allow", "deny"} <= set(decided), decided)
    holds("the last one is the revocation", [one for one in decided if one][-1] == "deny", decided)


def test_recipe(tmp_path):
    """The recipe of docs/testing.md, as it stands."""
    page = (ROOT / "docs/testing.md").read_text()
    recipe = page.split("# Rehearsing an outage")[1]
    scenario = recipe.split("```json\n")[1].split("```")[0]
    commands = recipe.split("```sh\n")[1].split("```")[0]
    (tmp_path / "outage.json").write_text(scenario)
    path = {"PATH": f"{ROOT / 'build/bin'}:/usr/bin:/bin", "MACHINEID_BASE_URL": None, "MACHINEID_DEVICE_ID": None}
    (tmp_path / "your-program").write_text("#!/bin/sh\nexec sleep 60\n")
    (tmp_path / "your-program").chmod(0o755)
    found = outcome("sh", "-euc", commands, cwd=tmp_path, environment=path, seconds=90)
    equal("its last lines", ["stopped by the revocation", "it was asked during the outage"],
          found.stdout.splitlines()[-2:])
    equal("exit status", 0, found.returncode)

"""GET /emulator/requests, with which a test asserts what the authority was asked."""

import json
import re
import socket

from checks import equal, holds
from processes import await_true
from talk import KEY, Talk


def test_requests(emulator):
    talk = Talk(emulator("--org-key", KEY, "--plan", "free"))
    talk.device("validate", "w")
    talk.device("register", " w ")
    talk.device("validate", "w")
    talk.device("revoke", "w")
    talk.device("validate", "w")
    talk.ask("GET", "/api/v1/usage")
    talk.ask("GET", "/api/v1/devices/list")
    talk.ask("POST", "/api/v1/devices/validate", {"deviceId": ""})
    for device in "abc":
        talk.device("register", device)
    reply = talk.ask("GET", "/emulator/requests").json
    equal("the ring", ("ok", 10000, 0), tuple(reply[key] for key in ("status", "capacity", "dropped")))
    keys = ("operation", "deviceId", "httpStatus", "decision", "code")
    expected = [
        ("validate", "w", 200, "deny", "DEVICE_NOT_REGISTERED"),
        ("register", "w", 200, None, "ok"),
        ("validate", "w", 200, "allow", "ALLOW"),
        ("revoke", "w", 200, None, "ok"),
        ("validate", "w", 200, "deny", "DEVICE_REVOKED"),
        ("usage", None, 200, None, "ok"),
        ("list", None, 200, None, "ok"),
        ("validate", None, 400, None, "invalid_device_id"),
        ("register", "a", 200, None, "ok"),
        ("register", "b", 200, None, "ok"),
        ("register", "c", 403, None, "device_limit_reached"),
    ]
    equal("each request", expected, [tuple(one[key] for key in keys) for one in reply["requests"]])
    times = [one["time"] for one in reply["requests"]]
    holds("in the order of time", times == sorted(times))
    holds("in UTC", all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", time) for time in times))
    equal("request ids", len(expected), len({one["request_id"] for one in reply["requests"]}))
    equal("they can be forgotten", 200, talk.ask("DELETE", "/emulator/requests").status)
    equal("and are", [], talk.requests)
    talk.device("validate", "w")
    talk.ask("POST", "/emulator/reset")
    equal("a reset forgets them too", [], talk.requests)


def test_an_aborted_request(emulator, tmp_path):
    """A client that goes away while its answer is delayed."""
    scenario = tmp_path / "scenario.json"
    scenario.write_text('{"steps":[{"delay_ms":600000}]}')
    started = emulator("--org-key", KEY, "--scenario", scenario)
    client = Talk(started)
    client._connection.request(
        "POST", "/api/v1/devices/validate", '{"deviceId":"w"}',
        {"x-org-key": KEY, "Content-Type": "application/json"})
    client._connection.sock.shutdown(socket.SHUT_WR)
    talk = Talk(started)
    holds("it is listed", await_true(lambda: talk.requests))
    one = talk.requests[0]
    equal("as aborted", ("w", None, "aborted"), (one["deviceId"], one["httpStatus"], one["code"]))


def test_the_key_is_in_no_answer(emulator, tmp_path):
    """Wherever a client puts the key, neither the list of requests nor the log has it."""
    state = tmp_path / "state"
    started = emulator("--org-key", KEY, "--org-key", "org_of_another", "--state", state)
    talk = Talk(started)
    for key in (KEY, "org_of_another"):
        talk.device("register", key)
        talk.device("validate", f"x{key}y")
        talk.ask("POST", "/emulator/scenario", {"steps": [{"device": key, "hang": key}]})
        talk.ask("POST", "/emulator/scenario", {key: 1})
    text = json.dumps(talk.ask("GET", "/emulator/requests").json)
    holds("the list shows the devices", "[org key]" in text and "x[org key]y" in text, text)
    holds("without the keys", KEY not in text and "org_of_another" not in text, text)
    log = started.log.read_text()
    holds("and the log as well", KEY not in log and "org_of_another" not in log, log)


def test_the_keys_are_not_in_the_state_file(emulator, tmp_path):
    started = emulator("--org-key", KEY, "--state", tmp_path / "state")
    Talk(started).device("register", "a-device")
    files = [file.read_bytes() for file in tmp_path.glob("state*")]
    holds("the device is in it", any(b"a-device" in file for file in files))
    holds("the key is not", not any(KEY.encode() in file for file in files))

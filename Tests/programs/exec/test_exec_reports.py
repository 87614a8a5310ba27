"""Tests --log json, --status, --options, and the variables of a service manager."""

import datetime
import json
import os
import re
import shutil
import socket
import threading

import pytest
from checks import equal, holds
from commands import outcome
from servers import Server, serve
from supervised import DEVICE, EXEC, ORG_KEY, POLITE, WAITS, await_true

KEYS = ["time", "event", "device", "pid", "status", "code", "request_id", "exit_status", "message"]
STATUS_KEYS = ["device", "state", "updated", "supervisor", "pid", "allowed", "expires", "guard", "status", "code"]
STATUS_KEYS += ["request_id", "message", "age_ms", "checks", "failures", "exit_status", "stats"]


def events_of(text):
    events = [json.loads(line) for line in text.splitlines()]
    for event in events:
        equal("its members", KEYS, list(event))
        holds("its time", re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event["time"]), event["time"])
    return events


def test_log_of_a_run(supervised):
    result = supervised.start("--log", "json", "--", "sh", "-c", "exit 7")
    equal("its status", 7, result.returncode)
    starting, ended = events_of(result.stderr)
    found = tuple(starting[name] for name in ("event", "device", "status", "code"))
    equal("it is started", ("starting", DEVICE, "MID_OK", "ALLOW"), found)
    holds("with the program's id", starting["pid"] == ended["pid"] > 0, starting)
    equal("it ends", ("ended", 7), (ended["event"], ended["exit_status"]))


def test_log_of_a_denial(supervised):
    supervised.operator("revoke")
    result = supervised.start("--log", "json", "--", "echo", "never")
    (event,) = events_of(result.stderr)
    found = tuple(event[name] for name in ("event", "code", "exit_status"))
    equal("it is told", ("not_started", "DEVICE_REVOKED", 122), found)
    holds("with the request id", event["request_id"], event)


def test_log_of_a_program_that_does_not_exist(supervised):
    result = supervised.start("--log", "json", "--", "./no-such-program")
    equal("its status", 127, result.returncode)
    # Two processes write, so the order is not certain.
    equal("what is said", {"starting", "not_started", "ended"}, {event["event"] for event in events_of(result.stderr)})


def test_log_of_an_outage(supervised):
    supervised.launch("--log", "json", "--max-age", "0.6", "--", "sh", "-c", POLITE)
    supervised.outage(httpStatus=503)
    supervised.expect_end(121)
    stopping = next(event for event in supervised.events if event["event"] == "stopping")
    equal("why", ("MID_UNAVAILABLE", "CLIENT_UNAVAILABLE"), (stopping["status"], stopping["code"]))


def test_a_strange_device(supervised):
    """Quotes, a line's end and letters beyond ASCII in what is written as JSON."""
    device = 'a "b"\n\\ü\x1b'
    supervised.operator("register", device)
    file = supervised.folder / "status"
    result = supervised.start("--device", device, "--log", "json", "--status", file, "--", "echo", "ran")
    equal("it runs", (0, "ran\n"), (result.returncode, result.stdout))
    equal("each line has it", {device}, {event["device"] for event in events_of(result.stderr)})
    equal("and so does the file", device, json.loads(file.read_text())["device"])


@pytest.fixture
def status_file(supervised):
    return supervised.folder / "status"


def status_in(file):
    found = json.loads(file.read_text())
    assert list(found) == STATUS_KEYS, list(found)
    return found


def in_seconds(text):
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc).timestamp()


def test_status(supervised, status_file):
    """The program ends when it is told through a pipe."""
    go = supervised.folder / "go"
    os.mkfifo(go)
    waits = f'trap \'read -r line <"$GO"; exit 3\' TERM; {WAITS}'
    supervised.launch("--status", status_file, "--grace", "300", "--", "sh", "-c", waits, GO=go)
    found = status_in(status_file)
    is_so = tuple(found[name] for name in ("state", "allowed", "guard", "code"))
    equal("it runs", ("running", True, "on", "ALLOW"), is_so)
    equal("whose", (supervised.supervisor.pid, supervised.program), (found["supervisor"], found["pid"]))
    lasts = in_seconds(found["expires"]) - in_seconds(found["updated"])
    holds("the allow holds for the greatest age", 25 <= lasts <= 30, found)
    holds("it is written again", await_true(lambda: status_in(status_file)["checks"] > found["checks"] + 1))
    supervised.operator("revoke")
    holds("it is stopping", await_true(lambda: status_in(status_file)["state"] == "stopping"))
    found = status_in(status_file)
    is_so = tuple(found[name] for name in ("allowed", "guard", "code", "expires"))
    equal("why", (False, "denied", "DEVICE_REVOKED", None), is_so)
    go.write_text("go\n")
    supervised.expect_end(124)
    found = status_in(status_file)
    equal("it has ended", ("ended", 124, False), (found["state"], found["exit_status"], found["allowed"]))
    counted = found["stats"]["decisions"]
    equal("one denial is counted", 1, counted["denied"]["DEVICE_REVOKED"])
    holds("and each allow", counted["allowed"]["ALLOW"] >= 2, counted)
    equal("no other file is left", [], list(supervised.folder.glob("status.*")))


def test_status_of_a_denial(supervised, status_file):
    supervised.operator("revoke")
    supervised.start("--status", status_file, "--", "echo", "never")
    found = status_in(status_file)
    equal("it was not started", ("ended", 122, None), (found["state"], found["exit_status"], found["pid"]))
    equal("why", ("denied", "DEVICE_REVOKED"), (found["guard"], found["code"]))


def test_status_is_replaced_as_a_whole(supervised, status_file):
    """A reader that reads without pause never finds a part of it, and never finds it missing."""
    faults, is_over = [], threading.Event()
    supervised.launch("--status", status_file, "--interval", "0.05", "--", "sh", "-c", POLITE)

    def read():
        while not is_over.is_set():
            try:
                status_in(status_file)
            except (AssertionError, OSError, ValueError) as error:
                faults.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    seen = set()
    holds("it changes", await_true(lambda: seen.add(status_in(status_file)["updated"]) or len(seen) >= 3))
    supervised.kill(15)
    supervised.expect_end(3)
    is_over.set()
    reader.join()
    equal("no fault", [], faults)


def test_a_status_file_that_can_no_longer_be_written(supervised, tmp_path):
    folder = tmp_path / "gone"
    folder.mkdir()
    supervised.launch("--status", folder / "status", "--", "sh", "-c", POLITE)
    shutil.rmtree(folder)
    holds("it is said", await_true(lambda: "cannot be written" in supervised.errors))
    supervised.kill(15)
    supervised.expect_end(3)
    equal("once, and the program runs on", 1, supervised.errors.count("cannot be written"))


def test_options(supervised):
    with Server(serve) as server:
        words = ["--options", ' { "user_agent":"told/1" } ', "--", "echo", "ran"]
        result = supervised.start(*words, MACHINEID_BASE_URL=server.url)
        equal("it runs", (0, "ran\n", ""), (result.returncode, result.stdout, result.stderr))
        holds("the option counts beside the variable", b"told/1" in server.received, server.received)
        options = json.dumps({"base_url": server.url, "max_retries": 0})
        supervised.start("--options", options, "--", "echo", "ran", MACHINEID_BASE_URL="http://127.0.0.1:1")
        equal("base_url counts before the variable", 2, server.received.count(b"POST "))
        equal("the key is sent", 2, server.received.lower().count(b"x-org-key: " + ORG_KEY.encode()))


@pytest.mark.parametrize("name", ["LISTEN_PID", "WATCHDOG_PID", "SYSTEMD_EXEC_PID"])
def test_variables_of_a_service_manager(supervised, name):
    show = f'[ "${name}" = "$$" ] && echo own || echo "${name}"; echo "${{LISTEN_PIDFDID-none}} $LISTEN_FDS"'
    naming = ["sh", "-c", f'export {name}=$$ LISTEN_PIDFDID=7 LISTEN_FDS=1; exec "$@"', "sh"]
    result = outcome(*naming, EXEC, "--", "sh", "-c", show, environment=supervised.environment)
    pidfdid = "none" if name == "LISTEN_PID" else "7"
    equal("it names the program", f"own\n{pidfdid} 1\n", result.stdout)
    result = supervised.start("--", "sh", "-c", show, **{name: 1, "LISTEN_PIDFDID": 7, "LISTEN_FDS": 1})
    equal("a variable that names another process is left alone", "1\n7 1\n", result.stdout)


def test_socket_activation(supervised):
    if not shutil.which("systemd-socket-activate"):
        pytest.skip("there is no systemd-socket-activate")
    path = supervised.folder / "socket"
    show = '[ "$LISTEN_PID" = "$$" ] && [ -S /proc/$$/fd/3 ] && echo "$LISTEN_FDS"'
    kept = [f"--setenv={name}" for name in supervised.environment]
    supervised.begin(["systemd-socket-activate", "-l", path, *kept, EXEC, "--", "sh", "-c", show])
    assert await_true(path.exists)
    with socket.socket(socket.AF_UNIX) as client:
        assert await_true(lambda: client.connect_ex(str(path)) == 0)
        equal("its status", 0, supervised.supervisor.wait(30))
    equal("the program has the socket", "1", supervised.output)


def test_notifications(supervised):
    """sd_notify(3) of the program reaches the service manager."""
    path = supervised.folder / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(path))
        manager.settimeout(30)
        notify = "import os, socket; s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); "
        notify += "s.sendto(b'READY=1', os.environ['NOTIFY_SOCKET'])"
        result = supervised.start("--", "python3", "-c", notify, NOTIFY_SOCKET=path)
        equal("its status", 0, result.returncode)
        equal("it arrives", b"READY=1", manager.recv(100))

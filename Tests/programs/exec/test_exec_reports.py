"""Tests the messages, --log json, --options, and the variables of a service manager."""

import json
import os
import re
import shutil
import socket

import pytest
from checks import equal, holds
from commands import outcome
from servers import Server, http, serve
from supervised import DEVICE, EXEC, ORG_KEY, POLITE, await_true

KEYS = ["time", "event", "device", "pid", "status", "code", "request_id", "exit_status", "message"]


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


# What a terminal would obey, or take for another line, in a device's id or a program's name, and how it is written.
CONTROLS = 'a"\n\r\t\x1b[31m\x7f\u009bü\udcff'
ESCAPED = 'a"\\x0a\\x0d\\x09\\x1b[31m\\x7f\\x9bü\\xff'


def test_control_characters_in_the_name_of_the_program(supervised):
    result = supervised.start("--", f"./{CONTROLS}")
    line = f"machineid-exec: {DEVICE}: ./{ESCAPED}: No such file or directory\n"
    equal("they are escaped", (127, line), (result.returncode, result.stderr))
    events = events_of(supervised.start("--log", "json", "--", f"./{CONTROLS}").stderr)
    (message,) = (event["message"] for event in events if event["event"] == "not_started")
    holds("and whole in JSON", message.startswith(f"./{CONTROLS}: ".replace("\udcff", "\ufffd")), message)


def test_control_characters_in_the_device(supervised):
    device = CONTROLS.replace("\udcff", "")
    result = supervised.start("--device", device, "--", "echo", "never")
    line = f"machineid-exec: {ESCAPED.replace(chr(92) + 'xff', '')}: denied: "
    holds("they are escaped", result.returncode == 122 and result.stderr.startswith(line), result.stderr)
    equal("it is one line", 1, result.stderr.count("\n"))


@pytest.mark.parametrize("log", ["text", "json"])
@pytest.mark.parametrize("status", ["200 OK", "403 Forbidden"])
def test_control_characters_in_an_answer(supervised, log, status):
    """Each becomes a space or a question mark."""
    odd = "A\x1b[31m\n\x7f\x9bB"
    answer = {"status": "error", "allowed": False, "error": odd, "code": odd, "request_id": odd, "message": odd}

    def refuse(conversation):
        while conversation.read_request():
            conversation.send(http(json.dumps(answer, ensure_ascii=False).replace("\x1b", "\\u001b").encode(), status))

    with Server(refuse) as server:
        result = supervised.start("--log", log, "--", "echo", "never", MACHINEID_BASE_URL=server.url)
    equal("its status", 122 if status.startswith("200") else 123, result.returncode)
    message = events_of(result.stderr)[0]["message"] if log == "json" else result.stderr[:-1]
    holds("nothing is left that a terminal obeys", message.isprintable() and "A?[31m ??B" in message, repr(message))


def test_a_strange_device(supervised):
    """Quotes, a line's end and letters beyond ASCII in what is written as JSON."""
    device = 'a "b"\n\\ü\x1b'
    supervised.operator("register", device)
    file = supervised.folder / "status"
    result = supervised.start("--device", device, "--log", "json", "--status", file, "--", "echo", "ran")
    equal("it runs", (0, "ran\n"), (result.returncode, result.stdout))
    equal("each line has it", {device}, {event["device"] for event in events_of(result.stderr)})
    equal("and so does the file", device, json.loads(file.read_text())["device"])


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


def test_starting_comes_before_what_the_program_writes(supervised):
    for _ in range(20):
        lines = supervised.start("--log", "json", "--", "sh", "-c", "echo here >&2").stderr.splitlines()
        holds("it is the first line", '"event":"starting"' in lines[0] and lines[1] == "here", lines)

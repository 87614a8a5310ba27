"""Tests the file of --status."""

import datetime
import json
import os
import threading

import pytest
from checks import equal, holds
from supervised import EXEC, POLITE, WAITS, await_true

STATUS_KEYS = ["device", "state", "updated", "supervisor", "pid", "allowed", "expires", "guard", "status", "code"]
STATUS_KEYS += ["request_id", "message", "age_ms", "checks", "failures", "exit_status", "stats"]


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
    # The whole folder at once: within it a file comes and goes meanwhile.
    folder.rename(tmp_path / "elsewhere")
    holds("it is said", await_true(lambda: "cannot be written" in supervised.errors))
    supervised.kill(15)
    supervised.expect_end(3)
    equal("once, and the program runs on", 1, supervised.errors.count("cannot be written"))


@pytest.mark.parametrize("kind", ["symbolic link", "hard link", "pipe"])
def test_something_is_planted_beside_the_status_file(supervised, status_file, kind):
    """Whoever may write to its folder cannot have another file written in its place. The shell has the process id that
    machineid-exec then has."""
    victim = supervised.folder / "victim"
    victim.write_text("precious")
    plant = {"symbolic link": 'ln -s "$VICTIM"', "hard link": 'ln "$VICTIM"', "pipe": "mkfifo"}[kind]
    script = f'{plant} "$0.$$.tmp" && exec "$@"'
    command = ["sh", "-c", script, status_file, EXEC, "--status", status_file, "--", "echo", "ran"]
    supervised.begin(command, VICTIM=victim)
    equal("it runs", (0, "ran"), (supervised.supervisor.wait(30), supervised.output))
    equal("the other file is as it was", "precious", victim.read_text())
    found = (status_in(status_file)["state"], os.stat(status_file).st_nlink)
    equal("the status file is one of its own", ("ended", 1), found)


def test_the_mode_of_the_status_file(supervised, status_file):
    for mask, mode in ((0o022, 0o644), (0o077, 0o600), (0, 0o644)):
        script = f'umask {mask:o}; exec "$@"'
        supervised.begin(["sh", "-c", script, "sh", EXEC, "--status", status_file, "--", "true"])
        equal("it runs", 0, supervised.supervisor.wait(30))
        equal(f"with a umask of {mask:o}", oct(mode), oct(os.stat(status_file).st_mode & 0o7777))


def test_nothing_is_left_where_the_status_file_cannot_be_replaced(supervised, status_file):
    supervised.launch("--status", status_file, "--", "sh", "-c", POLITE)
    status_file.unlink()
    status_file.mkdir()
    holds("it is said", await_true(lambda: "cannot be written: Is a directory" in supervised.errors))
    supervised.kill(15)
    supervised.expect_end(3)
    equal("no other file is left", [], list(supervised.folder.glob("status.*")))


@pytest.mark.long
def test_the_status_file_is_written_however_long_the_interval_is(supervised, status_file):
    """So the age of the file tells whether machineid-exec is alive."""
    supervised.launch(
        command=[EXEC, "--interval", "3600", "--status", status_file, "--", "sh", "-c", WAITS],
    )
    before = status_in(status_file)["updated"]
    holds("it is written again", await_true(lambda: status_in(status_file)["updated"] > before, 20))

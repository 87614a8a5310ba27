"""--state FILE: what was acknowledged outlives an emulator that is killed."""

import os
import signal
import threading

import pytest
from checks import counted, equal, holds
from commands import outcome
from emulator import PROGRAM, Emulator
from talk import KEY, Talk

OTHER = "org_of_a_second_double"
REGISTRATIONS, CONNECTIONS = 1000, 5


def register(emulator, key, names, acknowledged, enough):
    """Registers devices until the emulator is gone."""
    talk = Talk(emulator, key)
    for name in names:
        try:
            if talk.device("register", name).json["status"] == "ok":
                acknowledged.append((key, name))
        except (OSError, ValueError, KeyError):
            return
        enough()


def killed_in_the_middle(tmp_path, state, kill_after):
    """Kills an emulator after this many registrations; returns those that it has acknowledged."""
    acknowledged, arrived = [], threading.Event()

    def enough():
        if len(acknowledged) >= kill_after:
            arrived.set()

    arguments = ("--org-key", KEY, "--org-key", OTHER, "--state", state, "--quiet")
    with Emulator(tmp_path / "log", *arguments) as emulator:
        threads = []
        for number in range(CONNECTIONS):
            names = [f"{number}:{device}" for device in range(REGISTRATIONS // CONNECTIONS)]
            key = OTHER if number == 0 else KEY
            threads.append(threading.Thread(target=register, args=(emulator, key, names, acknowledged, enough)))
        for thread in threads:
            thread.start()
        holds("registrations are acknowledged", arrived.wait(120))
        os.kill(emulator.pid, signal.SIGKILL)
        for thread in threads:
            thread.join()
        holds("it was killed before the last", len(acknowledged) < REGISTRATIONS, len(acknowledged))
    return acknowledged


@pytest.mark.parametrize("kill_after", [1, 100, 300, 500, 900])
@pytest.mark.seconds(200)
def test_killed(tmp_path, kill_after):
    state = tmp_path / "state"
    acknowledged = killed_in_the_middle(tmp_path, state, kill_after)
    arguments = ("--org-key", KEY, "--org-key", OTHER, "--state", state, "--quiet")
    with Emulator(tmp_path / "log", *arguments) as emulator:
        found = set()
        for key in (KEY, OTHER):
            devices = Talk(emulator, key).ask("GET", "/api/v1/devices/list").json["devices"]
            found |= {(key, device["deviceId"]) for device in devices}
        missing = set(acknowledged) - found
        equal(f"of {len(acknowledged)} acknowledged registrations are missing", set(), missing)
        # Each connection may have had one registration that was made and not yet acknowledged.
        holds("and no other ones are there", len(found) <= len(acknowledged) + CONNECTIONS, len(found))
        counted(len(acknowledged))


def test_everything_survives(tmp_path):
    """Every kind of change, kill -9 after each."""
    state = tmp_path / "state"
    changes = [
        (lambda talk: talk.device("register", "a"), "ALLOW"),
        (lambda talk: talk.device("revoke", "a"), "DEVICE_REVOKED"),
        (lambda talk: talk.device("unrevoke", "a"), "ALLOW"),
        (lambda talk: talk.ask("POST", "/emulator/plan", {"planState": "frozen"}), "PLAN_FROZEN"),
        (lambda talk: talk.ask("POST", "/emulator/plan", {"planState": "active", "planTier": "pro"}), "ALLOW"),
        (lambda talk: talk.device("remove", "a"), "DEVICE_NOT_REGISTERED"),
        (lambda talk: talk.ask("POST", "/emulator/reset"), "DEVICE_NOT_REGISTERED"),
    ]
    for number, (change, code) in enumerate(changes):
        with Emulator(tmp_path / "log", "--org-key", KEY, "--state", state) as emulator:
            equal(f"change {number} is acknowledged", 200, change(Talk(emulator)).status)
            os.kill(emulator.pid, signal.SIGKILL)
        with Emulator(tmp_path / "log", "--org-key", KEY, "--state", state) as emulator:
            equal(f"change {number} is there", code, Talk(emulator).code("a"))
            equal("it ends as usual", 0, emulator.stop())
    equal("nothing is left beside the file", ["log", "state"], sorted(file.name for file in tmp_path.iterdir()))


def test_wrong_files(tmp_path):
    state = tmp_path / "state"
    with Emulator(tmp_path / "log", "--org-key", KEY, "--state", state):
        cases = {
            state: "another emulator uses it; end that one, or give --state another file",
            tmp_path / "none/state": "cannot be opened; give --state a file in a folder that exists and can be written",
            tmp_path / "text": "is not a state file of machineid-emulator; give --state another file",
        }
        (tmp_path / "text").write_text("something else " * 100)
        for file, message in cases.items():
            found = outcome(PROGRAM, "--port", "0", "--org-key", KEY, "--state", file, merged=False, seconds=30)
            expected = (1, "", f"machineid-emulator: {file}: {message}\n")
            equal(f"{file.name}: {message}", expected, (found.returncode, found.stdout, found.stderr))
    equal("a file of another kind is left alone", "something else " * 100, (tmp_path / "text").read_text())

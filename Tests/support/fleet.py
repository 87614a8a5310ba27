"""A fleet of workers, of which each is a device: what the tests of the engines share."""

import json
import os
import subprocess
import time

import checks
from checks import equal, holds
from commands import environment_with, tail
from processes import await_true
from project import ROOT

KEY, PREFIX = "org_fleets", "shop:test:worker"
INTERVAL_S, MAX_AGE_S = 0.5, 1.5
# How long a worker may go on after its guard has lapsed, by then at the latest it looks or is ended.
GRACE_S = 1.0
SLACK_S = float(os.environ.get("CHECK_SLACK_MS", "1000")) / 1000


class Fleet:
    """An authority, and the processes of an engine. What the tasks do, they write into a file."""

    def __init__(self, folder, library, authority):
        self.folder, self.authority, self._processes = folder, authority, []
        self._events = folder / "events"
        self._events.touch()
        self.environment = {
            "PYTHONPATH": f"{ROOT}/bindings/python",
            "PYTHONDONTWRITEBYTECODE": 1,
            "LD_LIBRARY_PATH": library,
            "MACHINEID_BASE_URL": authority.url,
            "MACHINEID_ORG_KEY": KEY,
            "MACHINEID_DEVICE_PREFIX": PREFIX,
            "MACHINEID_INTERVAL_MS": int(INTERVAL_S * 1000),
            "FLEET_EVENTS": self._events,
        }

    def start(self, *command, log, **more):
        """Starts a process, which ends with the test. What it prints is in a file."""
        with open(self.folder / f"{log}.log", "wb") as file:
            process = subprocess.Popen(
                [str(word) for word in command],
                env=environment_with(self.environment),
                **{"cwd": ROOT, "stdin": subprocess.DEVNULL, "stdout": file, "stderr": file, **more},
            )
        self._processes.append(process)
        return process

    def end(self):
        for process in reversed(self._processes):
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    def log(self, name):
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def events(self, what):
        lines = self._events.read_text().split("\n")[:-1]  # the last line may not be complete
        events = [json.loads(line) for line in lines]
        return [event for event in events if event["what"] == what]

    def await_done(self, count, log, seconds=120):
        def is_done():
            return len({event["number"] for event in self.events("done")}) >= count

        if not await_true(is_done, seconds):
            raise RuntimeError(f"only {len(self.events('done'))} tasks are done:\n{tail(self.log(log), 60)}")

    def revoke(self, device):
        self.authority.ask(KEY, "/api/v1/devices/revoke", {"deviceId": device})
        return time.monotonic()

    def unrevoke(self, device):
        self.authority.ask(KEY, "/api/v1/devices/unrevoke", {"deviceId": device})


def story(fleet, revoked, log):
    """200 tasks, which have been sent, over four workers, of which one is revoked; and the authority is gone for ten
    seconds. Returns how often each task was done."""
    if not await_true(lambda: len({event["device"] for event in fleet.events("begun")}) == 4, 60):
        raise RuntimeError(f"the four workers are not at work:\n{tail(fleet.log(log), 60)}")
    revoked_at = fleet.revoke(revoked)
    fleet.await_done(60, log)

    gone_at = time.monotonic()
    fleet.authority.ask(KEY, "/emulator/outage", {"httpStatus": 503})
    while time.monotonic() < gone_at + 10:
        time.sleep(0.1)
    back_at = time.monotonic()
    fleet.authority.ask(KEY, "/emulator/outage")
    fleet.await_done(200, log)

    begun, done = fleet.events("begun"), fleet.events("done")
    equal("every task is done", list(range(200)), sorted({event["number"] for event in done}))
    of_revoked = [event for event in begun if event["device"] == revoked]
    latest = max(event["time"] for event in of_revoked) - revoked_at
    bound = INTERVAL_S * 1.1 + 1 + SLACK_S
    holds("the revoked worker begins no task after its interval", latest <= bound, f"{latest:.2f} s, not {bound} s")
    # The one that the revoked worker had is begun again by another one.
    numbers = [event["number"] for event in begun]
    begun_twice = {number for number in numbers if numbers.count(number) > 1}
    at_hand = {max(of_revoked, key=lambda event: event["time"])["number"]}
    holds("only the task of the revoked worker is begun twice", begun_twice <= at_hand, f"{begun_twice} {at_hand}")
    held = [event for event in begun if gone_at + MAX_AGE_S + GRACE_S + SLACK_S < event["time"] < back_at]
    equal("no task is begun in the outage once the guards have lapsed", [], held)
    checks.said(f"{len(begun)} tasks begun, {len(done)} done; the last of the revoked worker {latest:.2f} s after")
    return [[event["number"] for event in done].count(number) for number in range(200)]

"""Tests the programs in examples/ for engines that spread work over processes and machines, with the real engines."""

import json
import os
import shutil
import signal
import subprocess
import time

import checks
import pytest
from checks import equal, holds
from commands import environment_with, outcome, said, tail
from processes import await_true
from project import ROOT

KEY, PREFIX = "org_fleets", "shop:test:worker"
INTERVAL_S, MAX_AGE_S, GRACE_S = 0.5, 1.5, 1.0
SLACK_S = float(os.environ.get("CHECK_SLACK_MS", "1000")) / 1000
PYTHON = ("script/lib/python", "--celery")


class Fleet:
    """A broker, an authority, and two Celery workers of two processes each."""

    def __init__(self, folder, library, stack, authority):
        self.folder, self.authority, self._stack, self._workers = folder, authority, stack, []
        self.environment = {
            "PYTHONPATH": f"{ROOT}/bindings/python:{ROOT}/examples/celery:{ROOT}/Tests/bindings/fleets",
            "PYTHONDONTWRITEBYTECODE": 1,
            "LD_LIBRARY_PATH": library,
            "CELERY_BROKER_URL": f"redis+socket://{folder}/socket",
            "MACHINEID_BASE_URL": authority.url,
            "MACHINEID_ORG_KEY": KEY,
            "MACHINEID_DEVICE_PREFIX": PREFIX,
            "MACHINEID_INTERVAL_MS": int(INTERVAL_S * 1000),
        }
        socket = folder / "socket"
        self._start("redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--dir", folder, log="redis")
        if not await_true(socket.exists):  # it is made when the server is ready
            raise RuntimeError(f"redis-server does not start:\n{(folder / 'redis.log').read_text()}")

    def _start(self, *command, log):
        with open(self.folder / f"{log}.log", "wb") as file:
            process = subprocess.Popen(
                [str(word) for word in command],
                env=environment_with(self.environment),
                **{"cwd": ROOT, "stdin": subprocess.DEVNULL, "stdout": file, "stderr": file},
            )
        self._stack.append(process)
        return process

    def start_workers(self, *names):
        worker = (*PYTHON, "-m", "celery", "--app", "counted", "worker", "--loglevel", "INFO", "--concurrency", "2")
        self._workers = [self._start(*worker, "--hostname", f"{name}@here", log=name) for name in names]

    def stop_workers(self):
        """Ends the workers as systemd does, and returns their exit statuses."""
        for worker in self._workers:
            worker.terminate()
        return [worker.wait(60) for worker in self._workers]

    def log(self, name):
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def send(self, *words):
        said(*PYTHON, "Tests/bindings/fleets/counted.py", *words, environment=self.environment)

    def ask_broker(self, *words):
        return said("redis-cli", "-s", self.folder / "socket", *words)

    def events(self, what):
        lines = self.ask_broker("lrange", "said", "0", "-1").splitlines()
        events = [json.loads(line) for line in lines if line]  # an empty list is an empty line
        return [event for event in events if event["what"] == what]

    def unfinished(self):
        """Returns how many tasks the broker has, those at hand included."""
        return int(self.ask_broker("llen", "celery")) + int(self.ask_broker("hlen", "unacked"))

    def await_done(self, count, seconds=120):
        def is_done():
            return len({event["number"] for event in self.events("done")}) >= count

        if not await_true(is_done, seconds):
            raise RuntimeError(f"only {len(self.events('done'))} tasks are done:\n{tail(self.log('one'), 60)}")

    def revoke(self, device):
        self.authority.ask(KEY, "/api/v1/devices/revoke", {"deviceId": device})
        return time.monotonic()

    def unrevoke(self, device):
        self.authority.ask(KEY, "/api/v1/devices/unrevoke", {"deviceId": device})


@pytest.fixture
def fleet(open_folder, library, emulator):
    if not shutil.which("redis-server"):
        pytest.skip("there is no redis-server: script/bootstrap --tests installs it")
    processes = []
    try:
        yield Fleet(open_folder, library, processes, emulator("--org-key", KEY))
    finally:
        for process in reversed(processes):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


@pytest.mark.long
@pytest.mark.seconds(400)
def test_celery(fleet):
    """200 tasks over four processes, of which one is revoked; and the authority is gone for ten seconds."""
    fleet.send("send", "0", "200")
    fleet.start_workers("one", "two")
    are_at_work = await_true(lambda: len({event["device"] for event in fleet.events("begun")}) == 4, 60)
    holds("all four processes are at work", are_at_work, tail(fleet.log("one")))
    revoked = f"{PREFIX}:one@here-0"
    revoked_at = fleet.revoke(revoked)
    fleet.await_done(60)

    gone_at = time.monotonic()
    fleet.authority.ask(KEY, "/emulator/outage", {"httpStatus": 503})
    while time.monotonic() < gone_at + 10:
        time.sleep(0.1)
    back_at = time.monotonic()
    fleet.authority.ask(KEY, "/emulator/outage")
    fleet.await_done(200)
    holds("the broker has no task left", await_true(lambda: fleet.unfinished() == 0), fleet.unfinished())

    begun, done = fleet.events("begun"), fleet.events("done")
    equal("every task is done", list(range(200)), sorted({event["number"] for event in done}))
    of_revoked = [event for event in begun if event["device"] == revoked]
    latest = max(event["time"] for event in of_revoked) - revoked_at
    bound = INTERVAL_S * 1.1 + 1 + SLACK_S
    holds("the revoked process begins no task after its interval", latest <= bound, f"{latest:.2f} s, not {bound} s")
    # Celery promises that a task is done at least once. The one that the revoked process had is begun twice.
    begun_twice = {event["number"] for event in begun if [e["number"] for e in begun].count(event["number"]) > 1}
    at_hand = {max(of_revoked, key=lambda event: event["time"])["number"]}
    holds("only the task of the revoked process is begun twice", begun_twice <= at_hand, f"{begun_twice} {at_hand}")
    held = [event for event in begun if gone_at + MAX_AGE_S + GRACE_S + SLACK_S < event["time"] < back_at]
    equal("no task is begun in the outage once the guards have lapsed", [], held)

    fleet.unrevoke(revoked)
    is_back = await_true(lambda: fleet.log("one").count(f"{revoked} takes tasks") == 2)
    holds("the revoked process takes tasks again once it is unrevoked", is_back, tail(fleet.log("one")))
    equal("the workers end in the usual way", [0, 0], fleet.stop_workers())
    checks.said(f"{len(begun)} tasks begun, {len(done)} done; the last of the revoked process {latest:.2f} s after")


@pytest.mark.long
@pytest.mark.seconds(200)
def test_celery_deaf(fleet):
    """A task that never looks is ended with its process, and another device does it. A worker with a process that
    waits for its device ends at once."""
    fleet.start_workers("one")
    fleet.send("deaf")
    holds("it is begun", await_true(lambda: fleet.events("begun"), 60), fleet.log("one"))
    first = fleet.events("begun")[0]["device"]
    fleet.revoke(first)
    fleet.await_done(1, 60)
    equal("it is begun twice, and done once", (2, 1), (len(fleet.events("begun")), len(fleet.events("done"))))
    holds("by another device the second time", fleet.events("done")[0]["device"] != first, fleet.events("done"))
    is_waiting = await_true(lambda: f"{first} takes no tasks: not allowed: DEVICE_REVOKED" in fleet.log("one"))
    holds("the revoked one waits, and says why", is_waiting, tail(fleet.log("one")))
    equal("the worker ends in the usual way", [0], fleet.stop_workers())


@pytest.mark.long
def test_celery_wrong_use(fleet):
    cases = {
        "MACHINEID_DEVICE_PREFIX is not set: set it to": {"MACHINEID_DEVICE_PREFIX": None},
        "MACHINEID_INTERVAL_MS must be a whole number": {"MACHINEID_INTERVAL_MS": "5s"},
        "MACHINEID_ORG_KEY is not set": {"MACHINEID_ORG_KEY": None},
        "needs --pool prefork": {},
    }
    for message, changes in cases.items():
        pool = [] if changes else ["--pool", "solo"]
        command = (*PYTHON, "-m", "celery", "--app", "shop", "worker", *pool)
        result = outcome(*command, environment={**fleet.environment, **changes}, seconds=60)
        last = tail(result.stdout, 1)
        is_said = result.returncode == 1 and last.startswith("machineid_celery: ") and message in last
        holds(f"it does not start: {message}", is_said, f"status {result.returncode}: {tail(result.stdout)}")

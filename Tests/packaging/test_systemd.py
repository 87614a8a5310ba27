"""Tests packaging/systemd with a real systemd, the first process of a Debian 13: the unit as it is, with an emulator
for an authority. --long adds it, since its root is made of packages, and the unit's own pauses pass."""

import re

import pytest
from booted import booted
from checks import equal, holds
from emulator import Emulator
from processes import await_true
from project import ROOT, version

pytestmark = [pytest.mark.long, pytest.mark.needs_root, pytest.mark.xdist_group("booted")]

KEY = "org_under_systemd"
DEVICE = "worker:test:systemd:01"
UNIT = "machineid@worker.service"

# What the service runs. It says who it is and what it has, notifies systemd, and says each SIGTERM. At SIGUSR1 it ends
# with 2. It feeds the watchdog until /tmp/silent is there, which is a file of its own: PrivateTmp.
WORKER = """#!/bin/sh
trap 'echo "got SIGTERM"; exit 0' TERM
trap 'exit 2' USR1
echo "user $(id -un) $*"
env | sed 's/^/environment /'
cat "$CREDENTIALS_DIRECTORY/machineid-org-key" /etc/machineid/org-key 2>&1 | sed 's/^/key /'
[ "${WATCHDOG_PID:-$$}" = $$ ] && echo 'the watchdog is mine'
systemd-notify --ready --status='at work'
while :; do
    [ -e /tmp/silent ] || systemd-notify WATCHDOG=1
    sleep 0.2
done
"""
WATCHED = "[Service]\nType=notify\nWatchdogSec=5\n"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    with Emulator(tmp_path_factory.mktemp("authority") / "log", "--org-key", KEY) as started:
        yield started


@pytest.fixture(scope="module")
def system(tmp_path_factory, authority, library):
    folder = tmp_path_factory.mktemp("booted")
    key, worker = folder / "org-key", folder / "worker"
    key.write_text(f"{KEY}\n")
    key.chmod(0o600)
    worker.write_text(WORKER)
    worker.chmod(0o755)
    settings = (ROOT / "packaging/systemd/example.conf").read_text()
    settings = re.sub("^DEVICE=.*$", f"DEVICE={DEVICE}", settings, flags=re.M)
    files = {
        "/etc/systemd/system/machineid@.service": ROOT / "packaging/systemd/machineid@.service",
        "/etc/systemd/system/machineid@.service.d/authority.conf":
            f"[Service]\nEnvironment=MACHINEID_BASE_URL={authority.url}\n",
        "/etc/machineid/worker.conf": settings,
        "/etc/machineid/org-key": key,
        "/etc/sysusers.d/worker.conf": "u worker -\n",
        "/usr/local/bin/worker": worker,
        "/usr/bin/machineid-exec": ROOT / "build/bin/machineid-exec",
        "/usr/bin/machineid": ROOT / "build/bin/machineid",
        "/usr/lib/libmachineid.so.0": library / f"libmachineid.so.{version()}",
    }
    with booted(folder, files) as started:
        yield started


@pytest.fixture
def unit(system, authority):
    """The unit, stopped, and its device, allowed."""
    authority.ask(KEY, "/emulator/reset")
    authority.ask(KEY, "/emulator/outage")
    authority.ask(KEY, "/api/v1/devices/register", {"deviceId": DEVICE})
    system.forget_log()
    yield system
    system.systemctl("stop", UNIT)
    system.systemctl("reset-failed", UNIT)
    system.run("rm", "-rf", "/run/systemd/system/machineid@.service.d")
    system.systemctl("daemon-reload")


def revoke(authority):
    authority.ask(KEY, "/api/v1/devices/revoke", {"deviceId": DEVICE})


def started(system):
    """Starts the unit and waits until its program is at work."""
    result = system.systemctl("start", UNIT)
    equal("systemctl start", 0, result.returncode)
    ready, failed = "the watchdog is mine", "Failed with result"
    assert await_true(lambda: any(text in system.log(UNIT) for text in (ready, failed)), 60), system.log(UNIT)
    assert failed not in system.log(UNIT), system.log(UNIT)


def test_verify(system):
    """systemd-analyze of this release finds no fault either, where the programs are."""
    result = system.run("systemd-analyze", "verify", "--man=no", f"/etc/systemd/system/{UNIT}")
    about = [line for line in result.stdout.splitlines() if "machineid" in line]
    equal("no fault", (0, []), (result.returncode, about))


def test_revoked(unit, authority):
    """The program runs as its user and without a key. A revocation stops it; systemd starts machineid-exec once more,
    which does not start it again."""
    started(unit)
    log = unit.log(UNIT)
    holds("it runs as its user, with its arguments", "user worker --queue jobs" in log.splitlines(), log)
    equal("it may read neither the credential nor the key", 2, len(re.findall("^key .*Permission denied$", log, re.M)))
    holds("it has no key", KEY not in log and "MACHINEID_ORG_KEY" not in log)
    state = unit.run("cat", "/run/machineid-worker/status.json").stdout
    holds("the status file says so", '"state":"running"' in state, state)
    revoke(authority)
    holds("it is stopped", unit.comes_to(UNIT, SubState="auto-restart", ExecMainStatus="124"), unit.shows(UNIT))
    holds("it fails", unit.comes_to(UNIT, ActiveState="failed"), unit.shows(UNIT))
    # After a failure that allows a restart the state would be auto-restart.
    shown = unit.shows(UNIT)
    found = {name: shown[name] for name in ("SubState", "Result", "ExecMainStatus", "NRestarts")}
    wanted = {"SubState": "failed", "Result": "exit-code", "ExecMainStatus": "122", "NRestarts": "1"}
    equal("and is not started again", wanted, found)
    log = unit.log(UNIT)
    equal("the program ran once", 1, log.count("user worker"))
    equal("SIGTERM came once", 1, log.count("got SIGTERM"))
    told = re.search('"DEVICE_REVOKED".*"request_id":"[0-9a-f-]+', log)
    holds("the journal has the code and the request id", told, log)


def test_denied_before_the_start(unit, authority):
    revoke(authority)
    unit.systemctl("start", UNIT)
    holds("it fails", unit.comes_to(UNIT, ActiveState="failed"), unit.shows(UNIT))
    equal("it was not started", ("122", "0"), tuple(unit.shows(UNIT)[name] for name in ("ExecMainStatus", "NRestarts")))
    holds("the program has not run", "user worker" not in unit.log(UNIT), unit.log(UNIT))
    authority.ask(KEY, "/api/v1/devices/unrevoke", {"deviceId": DEVICE})
    unit.forget_log()
    started(unit)


def test_stopped(unit):
    """systemctl stop ends it with one SIGTERM, and that is no failure."""
    started(unit)
    equal("systemctl stop", 0, unit.systemctl("stop", UNIT).returncode)
    shown = unit.shows(UNIT)
    equal("it is no failure", ("inactive", "success"), (shown["ActiveState"], shown["Result"]))
    equal("SIGTERM came once", 1, unit.log(UNIT).count("got SIGTERM"))


def test_crashed(unit):
    """A program that ends with 2, as a Go program that panics does, is started again."""
    started(unit)
    unit.systemctl("kill", "--kill-whom=main", "--signal=USR1", UNIT)
    holds("it is to be started again", unit.comes_to(UNIT, SubState="auto-restart"), unit.shows(UNIT))
    equal("since it ended with 2", "2", unit.shows(UNIT)["ExecMainStatus"])
    again = await_true(lambda: unit.log(UNIT).count("the watchdog is mine") >= 2, 120)
    holds("it works again", again and unit.comes_to(UNIT, ActiveState="active", SubState="running"), unit.shows(UNIT))


def test_a_mistake_is_corrected(unit):
    """A wrong use of machineid-exec ends with 2 as well, and is tried again until it is none."""
    conf = unit.run("cat", "/etc/machineid/worker.conf").stdout
    try:
        unit.run("tee", "/etc/machineid/worker.conf", input=re.sub("^DEVICE=.*$", "DEVICE=", conf, flags=re.M))
        unit.systemctl("start", "--no-block", UNIT)
        holds("it fails", unit.comes_to(UNIT, SubState="auto-restart", ExecMainStatus="2"), unit.shows(UNIT))
    finally:
        unit.run("tee", "/etc/machineid/worker.conf", input=conf)
    again = await_true(lambda: "the watchdog is mine" in unit.log(UNIT), 120)
    holds("it works", again and unit.comes_to(UNIT, ActiveState="active", SubState="running"), unit.shows(UNIT))


def test_outage(unit, authority):
    """An outage stops the program after the age of an allow, and it is started again when it is over."""
    started(unit)
    authority.ask(KEY, "/emulator/outage", {"httpStatus": 503})
    holds("it is to be started again", unit.comes_to(UNIT, SubState="auto-restart"), unit.shows(UNIT))
    holds("since no answer came", unit.shows(UNIT)["ExecMainStatus"] in ("121", "123"), unit.shows(UNIT))
    authority.ask(KEY, "/emulator/outage")
    again = await_true(lambda: unit.log(UNIT).count("the watchdog is mine") >= 2, 120)
    holds("it works again", again and unit.comes_to(UNIT, ActiveState="active", SubState="running"), unit.shows(UNIT))


def test_notify_and_watchdog(unit):
    """Notifications of the program reach systemd: the unit is started when it is ready, and killed and started again
    when it no longer feeds the watchdog."""
    unit.run("mkdir", "-p", "/run/systemd/system/machineid@.service.d")
    unit.run("tee", "/run/systemd/system/machineid@.service.d/watched.conf", input=WATCHED)
    unit.systemctl("daemon-reload")
    started(unit)
    shown = unit.shows(UNIT)
    equal("it is ready, and says how it is", ("active", "at work"), (shown["ActiveState"], shown["StatusText"]))
    environment = re.findall("^environment (WATCHDOG_USEC|NOTIFY_SOCKET)=", unit.log(UNIT), re.M)
    equal("the program has the variables", 2, len(set(environment)))
    main = shown["MainPID"]
    unit.run("nsenter", f"--target={main}", "--mount", "touch", "/tmp/silent")
    holds("it is started again", unit.comes_to(UNIT, NRestarts="1"), unit.shows(UNIT))
    holds("because of the watchdog", "Watchdog timeout" in unit.log(UNIT), unit.log(UNIT))


def test_wait_before_the_start(unit, authority):
    """What docs/operating.md has for a unit that waits for its device before it starts."""
    line = re.search("^ExecStartPre=.*$", (ROOT / "docs/operating.md").read_text(), re.M)[0]
    line = line.replace("worker:prod:07", DEVICE)
    text = "[Service]\nLoadCredential=machineid-org-key:/etc/machineid/org-key\n"
    text += f"Environment=MACHINEID_BASE_URL={authority.url}\n{line}\nExecStart=/usr/bin/sleep infinity\n"
    unit.run("tee", "/run/systemd/system/waits.service", input=text)
    unit.systemctl("daemon-reload")
    revoke(authority)
    try:
        unit.systemctl("start", "--no-block", "waits")
        holds("it waits", unit.comes_to("waits", SubState="start-pre"), unit.shows("waits"))
        authority.ask(KEY, "/api/v1/devices/unrevoke", {"deviceId": DEVICE})
        holds("it starts", unit.comes_to("waits", SubState="running"), unit.log("waits"))
    finally:
        unit.systemctl("stop", "waits")

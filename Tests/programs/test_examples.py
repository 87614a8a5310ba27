"""Tests the C programs of examples/c in every situation that the comments at their heads name: the exit status given
there, the output, and no error and no leak under valgrind."""

import re
import shutil

import pytest
from checks import holds
from commands import outcome, passes, tail
from programs import MEMCHECK_STRICT
from project import ROOT
from targets import WARNINGS

PROGRAMS = ["gate", "quickstart", "kill_switch", "fleet"]
DENIAL = r'\{"allowed":false,"code":"DEVICE_REVOKED","request_id":"[0-9a-f-]{36}".*\}'


def compile_all(compiler, standard, folder):
    for program in PROGRAMS:
        command = [compiler, f"-std={standard}", "-O2", "-g", *WARNINGS, "-Iinclude", "-o", folder / program]
        what = f"{program}.c compiles with {compiler} as {standard} without a warning"
        passes(what, *command, f"examples/c/{program}.c", "-Lbuild/lib", "-lmachineid")


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("standard", ["c99", "c11"])
def test_compile(compiler, standard, tmp_path):
    if not shutil.which(compiler):
        pytest.skip(f"there is no {compiler}")
    compile_all(compiler, standard, tmp_path)


class Story:
    """Programs that gcc compiled: Debian's valgrind cannot read clang's debug information."""

    def __init__(self, folder, wrapper, emulator):
        compile_all("gcc", "c11", folder)
        self._folder = folder
        self._wrapper = wrapper
        self.emulator = emulator
        self.device = f"examples:{len(wrapper)}"
        self._environment = {
            "LD_LIBRARY_PATH": ROOT / "build/lib",
            "MACHINEID_ORG_KEY": "org_examples",
            "MACHINEID_BASE_URL": emulator.url,
            "MACHINEID_DEVICE_ID": self.device,
        }

    def attempt(self, what, status, pattern, program, *arguments, jobs="", **changed):
        """Runs a program and checks its status and output. The jobs are its standard input."""
        command = [*self._wrapper, self._folder / program, *arguments]
        result = outcome(*command, environment=self._environment | changed, input=jobs)
        is_right = result.returncode == status and re.fullmatch(pattern, result.stdout, re.S)
        said = f"status {result.returncode}, expected {status}; it printed:\n{tail(result.stdout, 60)}"
        holds(f"{program}{' under valgrind' if self._wrapper else ''}: {what}", is_right, said)

    def run(self, program, *arguments):
        outcome(self._folder / program, *arguments, environment=self._environment)

    def outage(self, **settings):
        self.emulator.ask("org_examples", "/emulator/outage", settings)


# Under valgrind it takes minutes.
@pytest.fixture(params=["plain", pytest.param("valgrind", marks=pytest.mark.long)])
def story(request, tmp_path, emulator):
    checker = MEMCHECK_STRICT if request.param == "valgrind" else []
    return Story(tmp_path, checker, emulator("--plan", "free", "--org-key", "org_examples"))


def test_story(story):
    device, attempt = story.device, story.attempt
    usage = "usage: fleet .*"
    attempt("--help is answered with the usage", 0, usage, "fleet", "--help")
    attempt("unknown commands are answered with the usage", 2, usage, "fleet", "stop")
    attempt("a missing device is answered with the usage", 2, usage, "fleet", "revoke")
    attempt("an extra argument is answered with the usage", 2, usage, "fleet", "list", "all")
    attempt("an empty device id", 2, r"fleet: revoke: MID_INVALID_ARGUMENT \{.*\}.", "fleet", "revoke", "")
    attempt("registers", 0, r'\{.*"status":"ok".*\}.', "fleet", "register", device)
    attempt("registers again", 0, r'\{.*"status":"exists".*\}.', "fleet", "register", device)
    attempt("lists", 0, rf'\{{.*"deviceId":"{device}".*\}}.', "fleet", "list")
    attempt("shows the usage", 0, r'\{.*"limit":3,"devicesUsed":1,.*\}.', "fleet", "usage")

    allowed = r'register: MID_OK \{.*\}.validate: MID_OK \{"allowed":true.*\}.working.'
    attempt("allowed, it works", 0, allowed, "quickstart")
    each = f"registered {device}.done one.done two."
    attempt("does each job, the last without an end of line", 0, each, "kill_switch", jobs="one\ntwo")
    attempt("has nothing to do", 0, f"registered {device}.", "kill_switch")
    outages(story)

    attempt("revokes", 0, r'\{.*"revoked":true.*\}.', "fleet", "revoke", device)
    denied = rf"register: MID_OK \{{.*\}}.validate: MID_OK {DENIAL}."
    attempt("denied, it prints the code and the request id", 1, denied, "quickstart")
    stopped = f"registered {device}.stopped before the first job: denied {DENIAL}."
    attempt("denied, it does no job", 1, stopped, "kill_switch", jobs="one\n")
    attempt("unrevokes", 0, r'\{.*"revoked":false.*\}.', "fleet", "unrevoke", device)
    attempt("removes", 0, r"\{.*\}.", "fleet", "remove", device)
    unknown = r'fleet: revoke: MID_REFUSED \{.*"device_not_found".*\}.'
    attempt("an unknown device is refused", 1, unknown, "fleet", "revoke", device)

    for name in ("one", "two", "three"):
        story.run("fleet", "register", name)
    reached = r'MID_REFUSED \{.*"device_limit_reached".*\}.'
    attempt("over the limit, it reports that", 1, f"register: {reached}", "quickstart")
    attempt("over the limit, it does no job", 1, f"stopped before it began: {reached}", "kill_switch", jobs="one\n")
    keys(attempt)

    story.emulator.stop()
    gone = r'register: MID_CONNECT_FAILED \{.*"CLIENT_CONNECT_FAILED".*\}.'
    attempt("no authority, no permission", 3, gone, "quickstart")
    gone = r"stopped before it began: MID_CONNECT_FAILED \{.*\}."
    attempt("no authority, no job", 3, gone, "kill_switch", jobs="one\n")
    attempt("no authority", 3, r"fleet: list: MID_CONNECT_FAILED \{.*\}.", "fleet", "list")


def outages(story):
    attempt, done = story.attempt, f"registered {story.device}.done one."
    for status in (429, 500, 503):
        said = rf"MID_UNAVAILABLE \{{.*HTTP {status}.*\}}."
        story.outage(httpStatus=status)
        stopped = rf'stopped before it began: MID_UNAVAILABLE \{{.*"CLIENT_UNAVAILABLE".*HTTP {status}.*\}}.'
        attempt(f"HTTP {status}, it does no job and may be restarted", 3, stopped, "kill_switch", jobs="one\n")
        attempt(f"HTTP {status}, no permission", 3, f"register: {said}", "quickstart")
        attempt(f"HTTP {status}, no answer", 3, f"fleet: list: {said}", "fleet", "list")
        story.outage()
        attempt(f"after HTTP {status} it works again", 0, done, "kill_switch", jobs="one\n")
        story.outage(httpStatus=status, retryAfter=1, requests=2)
        attempt(f"HTTP {status} for two seconds, then it works", 0, done, "kill_switch", jobs="one\n")


def keys(attempt):
    none = {"MACHINEID_ORG_KEY": ""}
    attempt("no org key", 2, r"client: MID_NO_ORG_KEY \{.*\}.", "quickstart", **none)
    attempt("no org key", 2, r"stopped before it began: MID_NO_ORG_KEY \{.*\}.", "kill_switch", **none)
    attempt("no org key", 2, r"fleet: list: MID_NO_ORG_KEY \{.*\}.", "fleet", "list", **none)
    leaking = r"client: MID_INVALID_OPTIONS \{.*\}."
    attempt("a base URL that leaks the key", 2, leaking, "quickstart", MACHINEID_BASE_URL="http://example.com")
    unknown = r"register: MID_REFUSED \{.*\}."
    attempt("an unknown org key", 1, unknown, "quickstart", MACHINEID_ORG_KEY="org_unknown")

"""Tests where machineid-exec gets the org key from, and that the program gets it from nowhere."""

import json

import pytest
from checks import equal, holds
from commands import outcome
from elsewhere import AS_NOBODY, PYTHON
from project import ROOT
from servers import Server, http
from supervised import DEVICE, EXEC, ORG_KEY, WAITS, children_of

SHOWS_ENVIRONMENT = ["--", "env"]
WITHOUT = {"MACHINEID_ORG_KEY": None}


@pytest.fixture
def key_file(tmp_path):
    def write(name, text, mode=0o600):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(mode)
        return tmp_path / name

    return write


def has_key(text):
    return ORG_KEY in text or "MACHINEID_ORG_KEY" in text


def test_the_environment_of_the_program(supervised, key_file):
    variables = WITHOUT | {"MACHINEID_ORG_KEY_FILE": key_file("key", ORG_KEY)}
    result = supervised.start(*SHOWS_ENVIRONMENT, **variables)
    equal("it runs", 0, result.returncode)
    holds("it has the rest of the environment", f"MACHINEID_DEVICE_ID={DEVICE}" in result.stdout, result.stdout)
    holds("it has no org key", not has_key(result.stdout), result.stdout)


def test_keep_key(supervised):
    result = supervised.start("--keep-key", *SHOWS_ENVIRONMENT)
    holds("the org key is kept", f"MACHINEID_ORG_KEY={ORG_KEY}\n" in result.stdout, result.stdout)


# Where the key is, as a function of a file that has it.
SOURCES = {
    "--key-file": lambda file: (["--key-file", file], WITHOUT),
    "--key-file before the others": lambda file: (
        ["--key-file", file],
        {"MACHINEID_ORG_KEY": "org_no", "MACHINEID_ORG_KEY_FILE": "/nowhere"},
    ),
    "MACHINEID_ORG_KEY_FILE": lambda file: ([], WITHOUT | {"MACHINEID_ORG_KEY_FILE": file}),
    "CREDENTIALS_DIRECTORY before MACHINEID_ORG_KEY": lambda file: (
        [],
        {"MACHINEID_ORG_KEY": "org_no", "CREDENTIALS_DIRECTORY": file.parent},
    ),
    "CREDENTIALS_DIRECTORY without such a file": lambda _: ([], {"CREDENTIALS_DIRECTORY": "/"}),
}


@pytest.mark.parametrize("what", SOURCES)
def test_source(supervised, key_file, what):
    words, variables = SOURCES[what](key_file("machineid-org-key", f" {ORG_KEY}\n"))
    result = supervised.start(*words, "--", "echo", "ran", **variables)
    equal("the program runs", (0, "ran\n", ""), (result.returncode, result.stdout, result.stderr))


def test_a_descriptor(supervised, tmp_path):
    """The shell opens a file, and gives its number. The program does not get it."""
    key = tmp_path / "key"
    key.write_text(ORG_KEY)
    key.chmod(0o600)
    script = f'"$0" --key-file /dev/fd/9 -- sh -c "! [ -e /proc/self/fd/9 ] && echo none" 9<{key}'
    result = outcome("bash", "-c", script, EXEC, merged=False, environment=supervised.environment | WITHOUT)
    equal("the program does not get it", (0, "none\n"), (result.returncode, result.stdout))
    script = f'"$0" --key-file <(cat {key}) -- echo ran'
    result = outcome("bash", "-c", script, EXEC, merged=False, environment=supervised.environment | WITHOUT)
    equal("it may come from a command", (0, "ran\n"), (result.returncode, result.stdout))


OF_STDIN = ["/dev/fd/0", "/dev/stdin", "/proc/self/fd/0", "/proc/thread-self/fd/0"]
OF_ANOTHER = ["/proc/self/fd/9", "/dev/../dev/fd/9", "/proc/thread-self/fd/9"]


@pytest.mark.parametrize("path", OF_STDIN + OF_ANOTHER)
def test_a_descriptor_of_a_file_that_is_read_again(supervised, key_file, path):
    """The program reads what is left under its number from its beginning."""
    number = path[-1] if path[-1].isdigit() else "0"
    read = f"import os; print(os.path.exists('/proc/self/fd/{number}') and os.pread({number}, 9, 0))"
    script = f'"$0" --key-file {path} -- {PYTHON} -c "{read}" {number}<{key_file("key", ORG_KEY)}'
    result = outcome("bash", "-c", script, EXEC, merged=False, environment=supervised.environment | WITHOUT)
    nothing = "False\n" if number == "9" else "b''\n"
    equal("the program reads nothing", (0, nothing), (result.returncode, result.stdout))


def test_a_descriptor_beside_a_path(supervised, key_file):
    file = key_file("key", ORG_KEY)
    script = f'"$0" --key-file {file} -- sh -c "! [ -e /proc/self/fd/9 ] && echo none" 9<{file}'
    result = outcome("bash", "-c", script, EXEC, merged=False, environment=supervised.environment | WITHOUT)
    equal("the program does not get it", (0, "none\n"), (result.returncode, result.stdout))
    script = 'exec 50<"$1"; ulimit -S -n 30; "$0" --key-file "$1" -- sh -c "! [ -e /proc/self/fd/50 ] && echo none"'
    result = outcome("bash", "-c", script, EXEC, file, merged=False, environment=supervised.environment | WITHOUT)
    equal("nor under a number beyond the limit", (0, "none\n"), (result.returncode, result.stdout))


# A file, or None, and what is said about it.
UNFIT = {
    "a file that is not there": (None, 0o600, "cannot be read: No such file or directory; give a file that this user"),
    "a file that every user may read": (ORG_KEY, 0o644, "may be read by every user; chmod o-r it"),
    "a file that the group may change": (ORG_KEY, 0o660, "may be changed by other users; chmod go-w it"),
    "a large file": ("x" * 5000, 0o600, "is larger than 4096 bytes; give a file with the org key alone"),
    "a NUL": ("org_\0x", 0o600, "holds a NUL; give a file with the org key alone"),
    "a blank file": (" \n", 0o600, "is blank; put the org key into it"),
    "no key": ("two words", 0o600, "org_key has a space"),
}


@pytest.mark.parametrize("what", UNFIT)
@pytest.mark.parametrize("way", ["--key-file", "MACHINEID_ORG_KEY_FILE"])
def test_unfit(supervised, key_file, tmp_path, what, way):
    text, mode, message = UNFIT[what]
    file = tmp_path / "nothing" if text is None else key_file("key", text, mode)
    words, variables = (["--key-file", file], {}) if way == "--key-file" else ([], WITHOUT | {way: file})
    result = supervised.start(*words, "--", "echo", "never", **variables)
    equal("it is refused", (2, ""), (result.returncode, result.stdout))
    holds("in one line", result.stderr.count("\n") == 1 and way in result.stderr and message in result.stderr, result)


def as_nobody(supervised, elsewhere, *words, **variables):
    supervised.launch(
        command=[*AS_NOBODY, elsewhere.exec, "--interval", "0.1", "--max-age", "30", *words],
        folder=elsewhere.work,
        **variables,
    )


@pytest.mark.needs_root
def test_other_processes_of_the_same_user(supervised, elsewhere, program):
    peeks = elsewhere.put(program("peeks.c", is_linked=False))
    as_nobody(supervised, elsewhere, "--", "sh", "-c", WAITS)
    supervisor = supervised.supervisor.pid
    watcher = next(pid for pid in children_of(supervisor) if pid != supervised.program)

    def peek(pid):
        return outcome(*AS_NOBODY, peeks, pid).stdout.strip()

    allowed = "environ=yes mem=yes maps=yes readv=yes ptrace=yes"
    # Opening them may be allowed while reading is not.
    refused = "environ=EACCES mem=EACCES maps=EACCES readv=EPERM ptrace=EPERM"
    equal("they may look into the program", allowed, peek(supervised.program))
    equal("but not into machineid-exec", refused, peek(supervisor))
    equal("nor into the process that watches", refused, peek(watcher))
    for pid in (supervisor, watcher):
        environment = open(f"/proc/{pid}/environ").read()
        holds("nor does root find the key in the environment", ORG_KEY not in environment, environment)
    supervised.operator("revoke")
    supervised.expect_end(124)


@pytest.mark.needs_root
@pytest.mark.parametrize("keeps_key", [False, True], ids=["without the key", "with --keep-key"])
def test_a_revoked_program_tries_to_unrevoke_itself(supervised, elsewhere, keeps_key):
    """With the key it does, and runs again, which shows that the program tries what it can."""
    script = elsewhere.put(ROOT / "Tests/programs/exec/unrevokes_itself.py")
    words = [*(["--keep-key"] if keeps_key else []), "--grace", "1"]
    as_nobody(supervised, elsewhere, *words, "--", PYTHON, "-I", script)
    supervised.operator("revoke")
    supervised.expect_end(124)
    equal("what it found", "unrevoked 200" if keeps_key else "no key", supervised.output.splitlines()[-1])
    result = supervised.start("--", "echo", "again")
    equal("whether it starts again", (0, "again\n") if keeps_key else (122, ""), (result.returncode, result.stdout))


@pytest.mark.parametrize("place", ["code", "error", "request_id", "message"])
@pytest.mark.parametrize("log", ["text", "json"])
def test_an_authority_that_repeats_the_key(supervised, tmp_path, place, log):
    body = {"error": "invalid_org_key", "message": "no", "request_id": "1"} | {place: ORG_KEY}

    def repeat(conversation):
        while True:
            conversation.read_request()
            conversation.send(http(json.dumps(body).encode(), "401 Unauthorized"))

    status = tmp_path / "status"
    with Server(repeat) as server:
        result = supervised.start("--log", log, "--status", status, "--", "true", MACHINEID_BASE_URL=server.url)
    equal("nothing is started", 123, result.returncode)
    said = result.stderr + result.stdout + status.read_text()
    holds("the key is not there", ORG_KEY not in said, said)


def test_the_key_is_in_no_message(supervised, key_file, tmp_path):
    status = tmp_path / "status"
    for variables in ({}, {"MACHINEID_ORG_KEY": ORG_KEY + " x"}, {"MACHINEID_BASE_URL": "http://127.0.0.1:1"}):
        for log in ("json", "text"):
            result = supervised.start("--log", log, "--status", status, "--", "true", **variables)
            said = result.stderr + result.stdout + (status.read_text() if status.exists() else "")
            holds("the key is not there", ORG_KEY not in said, said)

"""Tests where machineid reads the org key from, and that it refuses a file that is not fit for one."""

import json
import shutil
import subprocess
import sys

import pytest
from checks import equal, holds
from commands import outcome
from processes import await_true
from project import ROOT
from tooling import ORG_KEY, TOOL


@pytest.fixture
def key_file(tmp_path):
    """Makes a file with a key: key_file(TEXT, MODE)."""

    def make(text=f"{ORG_KEY}\n", mode=0o600, name="key"):
        file = tmp_path / name
        file.write_bytes(text.encode())
        file.chmod(mode)
        return file

    return make


def works(what, result):
    holds(what, result.returncode == 0, f"status {result.returncode}: {result.stderr}")


def test_sources(tool, key_file):
    """Each source comes before those after it, which hold a wrong key here. A blank variable is none."""
    good, bad = key_file(), key_file("org_wrong", name="wrong")
    credentials = good.parent / "credentials"
    credentials.mkdir()
    (credentials / "machineid-org-key").write_text(ORG_KEY)
    (credentials / "machineid-org-key").chmod(0o400)
    wrong = {"MACHINEID_ORG_KEY": "org_wrong"}
    works("MACHINEID_ORG_KEY", tool.run("list"))
    works("CREDENTIALS_DIRECTORY", tool.run("list", **wrong, CREDENTIALS_DIRECTORY=credentials))
    given = {**wrong, "CREDENTIALS_DIRECTORY": credentials}
    works("a blank variable", tool.run("list", **given, MACHINEID_ORG_KEY_FILE=" "))
    (credentials / "machineid-org-key").chmod(0o600)
    (credentials / "machineid-org-key").write_text("org_wrong")
    for blank in None, " ":
        result = tool.run("list", **(given | {"MACHINEID_ORG_KEY": blank}), MACHINEID_ORG_KEY_FILE=good)
        works("MACHINEID_ORG_KEY_FILE", result)
    works("--key-file", tool.run("list", "--key-file", good, **given, MACHINEID_ORG_KEY_FILE=bad))
    equal("a wrong key", 4, tool.run("list", **wrong).returncode)

# The text and mode of a file, and what the message says.
UNFIT = {
    "others may read it": (ORG_KEY, 0o604, "others may read '"),
    "others may change it": (ORG_KEY, 0o602, "others may change '"),
    "it is too large": (f"{ORG_KEY}{' ' * 4096}", 0o600, "is larger than 4096 bytes"),
    "it is blank": (" \n", 0o600, "is empty"),
    "it has a NUL": (f"{ORG_KEY}\0", 0o600, "has a NUL"),
    "it has two lines": ("org_one\norg_two\n", 0o600, "key' has a space, control"),
}


@pytest.mark.parametrize("what", UNFIT)
def test_unfit(tool, key_file, tmp_path, what):
    text, mode, message = UNFIT[what]
    result = tool.run("list", "--key-file", key_file(text, mode))
    equal("the exit status", 2, result.returncode)
    is_named = result.stderr.startswith("machineid: --key-file") and message in result.stderr
    holds("it says so", is_named, result.stderr)
    holds("without the key", ORG_KEY not in result.stderr and "org_one" not in result.stderr, result.stderr)
    equal("nothing is sent", 0, tool.requests())
    result = tool.run("--json", "doctor", "--key-file", tmp_path / "key")
    found = {line["check"]: line for line in map(json.loads, result.stdout.splitlines())}
    equal("doctor ends with the same status", 2, result.returncode)
    equal("and says so of the key", "bad", found["key"]["verdict"])
    holds("in the same words", message.removeprefix("key' ") in found["key"]["message"], found["key"])
    equal("and asks nobody", "skipped", found["usage"]["verdict"])

# A key may come from another program, and then is in no file.
PIPES = {
    "a substitution": 'exec "$0" --key-file <(echo "$KEY") "$@"',
    "standard input": 'exec "$0" --key-file /dev/stdin "$@" < <(echo "$KEY")',
    "a descriptor": 'exec "$0" "$@" --key-file /dev/fd/9 9< <(echo "$KEY")',
    "a FIFO": 'mkfifo "$FIFO"; echo "$KEY" >"$FIFO" & MACHINEID_ORG_KEY_FILE=$FIFO exec "$0" "$@"',
}
# Each command that asks the authority.
ASKING = [
    ["validate", "a"],
    ["register", "b"],
    ["unrevoke", "a"],
    ["revoke", "--prefix", "b", "--yes"],
    ["remove", "b", "--yes"],
    ["list"],
    ["usage"],
    ["wait", "a", "--timeout", "5"],
    ["doctor"],
]


@pytest.mark.parametrize("way", PIPES)
def test_a_pipe(tool, tmp_path, way):
    """It can be read once, and that suffices for every command."""
    tool.operator("register", "a")
    for words in ASKING if way == "standard input" else ASKING[-2:]:
        fifo = tmp_path / f"{words[0]}-key"
        environment = tool.given({"MACHINEID_ORG_KEY": None, "KEY": ORG_KEY, "FIFO": fifo})
        if "FIFO" not in way:
            words = ["--json", *words]
        command = ["bash", "-c", PIPES[way], TOOL, *words]
        result = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60)
        works(" ".join(words), result)
        if "doctor" in words:
            holds("nothing is bad, and the authority was asked", result.stdout.count("bad") == 0, result.stdout)
            holds("with the key", "2 of 3" in result.stdout or "1 of 3" in result.stdout, result.stdout)


def test_standard_input_for_both(tool, key_file):
    """What is left of the key, or the key itself, is no device."""
    for words in (["--key-file", "/dev/stdin"], ["--key-file", key_file(f"{ORG_KEY}\na\n")]):
        with open(key_file(f"{ORG_KEY}\na\n")) as stream:
            result = tool.run(*words, "validate", "--stdin", stdin=stream)
        equal("the exit status", 2, result.returncode)
        holds("no key is in it", ORG_KEY not in result.stderr + result.stdout, result.stderr)
    result = tool.run("--key-file", "/dev/stdin", "validate", "--stdin", input=f"{ORG_KEY}\n")
    equal("the exit status", 2, result.returncode)
    holds("it says so", "cannot hold both the devices and the org key" in result.stderr, result.stderr)
    equal("nothing is sent", 0, tool.requests())


def test_no_key(tool):
    result = tool.run("list", MACHINEID_ORG_KEY=None)
    equal("the exit status", 2, result.returncode)
    holds("it says where a key can be", "MACHINEID_ORG_KEY_FILE or --key-file" in result.stderr, result.stderr)


def test_one_rule_for_two_keys(tool, key_file, library):
    """The library, machineid-exec and machineid refuse a key in both variables, in the same words. --key-file says
    which one is meant."""
    both = {"MACHINEID_ORG_KEY": ORG_KEY, "MACHINEID_ORG_KEY_FILE": key_file()}
    words = "MACHINEID_ORG_KEY and MACHINEID_ORG_KEY_FILE are both set; unset one of them"
    result = tool.run("list", **both)
    equal("machineid", (2, f"machineid: {words}\n"), (result.returncode, result.stderr))
    command = [ROOT / "build/bin/machineid-exec", "--device", "a", "--", "true"]
    said = outcome(*command, merged=False, environment=tool.environment | both)
    equal("machineid-exec", (2, f"machineid-exec: {words}\n"), (said.returncode, said.stderr))
    call = "import ctypes, sys; text = ctypes.c_char_p(); mid = ctypes.CDLL(sys.argv[1]); client = ctypes.c_void_p();"
    call += "print(mid.mid_client_from_env(None, ctypes.byref(client), ctypes.byref(text)), text.value.decode())"
    said = outcome(sys.executable, "-c", call, library / "libmachineid.so", environment=tool.environment | both).stdout
    holds("the library", said.startswith("102 {") and words in said, said)
    equal("nothing is sent", 0, tool.requests())
    works("--key-file", tool.run("list", "--key-file", key_file(name="other"), **both))


def test_commands_that_need_no_key(tool):
    for words in (["--help"], ["version"], ["completion", "bash"], ["help", "list"]):
        works(" ".join(words), tool.run(*words, MACHINEID_ORG_KEY=None, MACHINEID_ORG_KEY_FILE="/none"))


# Where somebody may give a key by mistake, and where no message may repeat it.
VARIABLES = {
    "the authority": {"MACHINEID_BASE_URL": "org_secret"},
    "the authority's host": {"MACHINEID_BASE_URL": "https://org_secret"},
    "a proxy": {"MACHINEID_BASE_URL": "https://authority.invalid", "https_proxy": "org_secret"},
    "certificates": {"MACHINEID_BASE_URL": "https://authority.invalid", "SSL_CERT_FILE": "org_secret"},
    "a file": {"MACHINEID_ORG_KEY": None, "MACHINEID_ORG_KEY_FILE": "org_secret"},
    "a folder": {"CREDENTIALS_DIRECTORY": "org_secret"},
}


@pytest.mark.parametrize("what", VARIABLES)
def test_a_key_in_a_variable(tool, what):
    for words in (["list"], ["doctor"]):
        for form in [], ["--json"]:
            options = ["--timeout", "5", "--options", '{"max_retries":0}']
            result = tool.run(*form, *options, *words, **VARIABLES[what])
            holds(f"{words[0]}: no key is in it", "org_secret" not in result.stdout + result.stderr, result)


def test_a_key_that_the_authority_sends(tool):
    """Somebody has registered it as a device."""
    tool.operator("register", ORG_KEY, "a")
    for words in (["list"], ["--json", "list"], ["revoke", "--prefix", "org_", "--yes"], ["--json", "list"]):
        result = tool.run(*words)
        holds(f"{words}: the key is not shown", ORG_KEY not in result.stdout + result.stderr, result.stdout)
        holds("but that there is one", "[org key]" in result.stdout, result.stdout)
    with tool.on_terminal("remove", "--yes", "a", "b") as terminal:
        terminal.end()
    equal("it is revoked", "[org key]\trevoked\n", tool.run("list").stdout)


AS_NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


@pytest.fixture
def put(open_folder, library):
    """Copies machineid and other programs to where every user may run them, and returns their paths."""
    for name in ("bin", "lib"):
        (open_folder / name).mkdir()
        (open_folder / name).chmod(0o755)
    shutil.copy(library / "libmachineid.so.0", open_folder / "lib")
    (open_folder / "lib/libmachineid.so.0").chmod(0o755)

    def copy(file):
        place = open_folder / "bin" / file.name
        shutil.copy(file, place)
        place.chmod(0o755)
        return place

    return copy


@pytest.mark.needs_root
@pytest.mark.parametrize("words", [["watch", "a", "b"], ["wait", "b"]], ids=["watch", "wait"])
def test_other_processes_of_the_same_user(tool, put, program, words):
    """They cannot read the key while it watches or waits."""
    tool.operator("register", "a")
    peeks = put(program("../exec/peeks.c", is_linked=False))
    tool.command = [*AS_NOBODY, put(TOOL)]
    before = tool.requests()
    with tool.in_background(*words, "--interval", "0.1") as process:
        assert await_true(lambda: tool.requests() > before + 1)
        equal("it runs as nobody", "65534", open(f"/proc/{process.pid}/status").read().split("Uid:")[1].split()[0])
        found = outcome(*AS_NOBODY, peeks, process.pid).stdout.strip()
        equal("what they see", "environ=EACCES mem=EACCES maps=EACCES readv=EPERM ptrace=EPERM", found)
        equal("it goes on", None, process.poll())


@pytest.mark.needs_root
def test_a_key_by_a_descriptor_as_another_user(tool, put):
    """What the program keeps from others it may still use itself: /dev/stdin is below /proc."""
    tool.command = [*AS_NOBODY, put(TOOL)]
    result = tool.run("--key-file", "/dev/stdin", "list", input=ORG_KEY, MACHINEID_ORG_KEY=None)
    works("a key from standard input", result)


def test_the_program_of_exec_is_its_own(tool):
    """It may be debugged, and may write a core dump, as without machineid."""
    tool.operator("register", "a")
    shows = [sys.executable, "-c", "import ctypes; print(ctypes.CDLL(None).prctl(3))"]
    equal("it is dumpable", "1\n", tool.run("exec", "--device", "a", "--", *shows).stdout)

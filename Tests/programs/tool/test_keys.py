"""Tests where machineid reads the org key from, and that it refuses a file that is not fit for one."""

import subprocess
import sys

import pytest
from checks import equal, holds
from commands import outcome
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
def test_unfit(tool, key_file, what):
    text, mode, message = UNFIT[what]
    result = tool.run("list", "--key-file", key_file(text, mode))
    equal("the exit status", 2, result.returncode)
    is_named = result.stderr.startswith("machineid: --key-file") and message in result.stderr
    holds("it says so", is_named, result.stderr)
    holds("without the key", ORG_KEY not in result.stderr and "org_one" not in result.stderr, result.stderr)
    equal("nothing is sent", 0, tool.requests())

def test_a_pipe(tool):
    """A key may come from another program, and then is in no file."""
    command = ["bash", "-c", '"$0" --key-file <(echo "$1") list', TOOL, ORG_KEY]
    environment = tool.given({"MACHINEID_ORG_KEY": None})
    result = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True)
    works("a key from a pipe", result)

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

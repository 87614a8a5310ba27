"""Tests that every wrong use of machineid is one line on standard error with the remedy, that the exit status is 2, and
that nothing is sent."""

import json

import pytest
from checks import equal, holds
from tooling import ORG_KEY

LONG = "x" * 513

# The arguments, standard input, and what the message names.
WRONG = {
    "no command": ([], None, "--help"),
    "an unknown command": (["valdate", "a"], None, "'valdate'"),
    "an unknown option": (["validate", "--quite", "a"], None, "unknown option '--quite'; 'machineid validate --help'"),
    "a short option": (["validate", "-q", "a"], None, "unknown option '-q'"),
    "an option of another command": (["validate", "--yes", "a"], None, "unknown option '--yes'"),
    "an option without its value": (["list", "--prefix"], None, "--prefix needs a value: --prefix P"),
    "a value that is not taken": (["validate", "--quiet=1", "a"], None, "--quiet takes no value"),
    "a key in an option": (["--org-key=org_secret", "list"], None, "unknown option '--org-key'"),
    "a key as an option": (["--org_secret", "list"], None, "unknown option '--org_...'"),
    "a key as a command": (["org_secret"], None, "argument 1 looks like an org key"),
    "a key as a device": (["validate", "a", "org_secret"], None, "argument 3 looks like an org key"),
    "a key to register": (["register", "--", "org_secret"], None, "change the key, and give it by --key-file"),
    "a key in an assignment": (["remove", "--yes", "MACHINEID_ORG_KEY=org_secret"], None, "looks like an org key"),
    "a key that is no argument": (["list", "org_secret"], None, "looks like an org key"),
    "a key for help": (["help", "org_secret"], None, "looks like an org key"),
    "a key as a shell": (["completion", "org_secret"], None, "looks like an org key"),
    "a key as a time": (["--timeout", "org_secret", "list"], None, "looks like an org key"),
    "a key as an interval": (["watch", "--interval=org_secret", "a"], None, "looks like an org key"),
    "a key as a percentage": (["usage", "--fail-over", "org_secret"], None, "looks like an org key"),
    "a key as the authority": (["--base-url", "org_secret", "list"], None, "looks like an org key"),
    "a key among options": (["--options", '{"org_secret":1}', "list"], None, "looks like an org key"),
    "a key among devices": (["validate", "--stdin"], "a\norg_secret\n", "--stdin, line 2: this looks like an org key"),
    "a key in the place of its file": (["--key-file", "org_secret", "list"], None, "--key-file takes the path"),
    "a key file that is not there": (["--key-file", "/no/key", "list"], None, "'/no/key' cannot be read: No such"),
    "a folder for the key": (["--key-file", "/", "list"], None, "Is a directory; give a file that this user may"),
    "nothing in the key's file": (["--key-file", "/dev/null", "list"], None, "'/dev/null' is empty; write the"),
    "no device": (["validate"], None, "machineid validate ID..., or --stdin"),
    "a device that is empty": (["validate", " "], None, "device '' is empty"),
    "a device that is too long": (["register", LONG], None, "is longer than 512 bytes"),
    "a device with a line feed": (["revoke", "a\nb"], None, r"device 'a\x0ab' has a control character"),
    "a line that is too long": (["validate", "--stdin"], f"a\n\n{LONG}\n", "--stdin, line 3: the device id is longer"),
    "a line with a control character": (["validate", "--stdin"], "a\nb\x01c\n", "--stdin, line 2: the device id has"),
    "a line that is not UTF-8": (["validate", "--stdin"], b"a\nb\xff\n", "--stdin, line 2: the device id is not UTF-8"),
    "no line": (["validate", "--stdin"], "\n", "--stdin has no device id"),
    "devices and --stdin": (["validate", "--stdin", "a"], "a\n", "not both"),
    "devices and --prefix": (["revoke", "--prefix", "a", "b"], None, "not both"),
    "an empty prefix": (["revoke", "--prefix", ""], None, "--prefix is empty"),
    "--active and --revoked": (["list", "--active", "--revoked"], None, "not both"),
    "an argument that is not taken": (["list", "a"], None, "list takes no argument 'a'"),
    "a percentage that is none": (["usage", "--fail-over", "101"], None, "must be a whole number from 0 to 100"),
    "a timeout of 0": (["--timeout", "0", "list"], None, "--timeout must be from 0.001 to 3600 seconds, not '0'"),
    "a time of 0 to wait": (["wait", "--timeout", "0", "a"], None, "--timeout must be from 0.001 to 10000000 seconds"),
    "a period of 0": (["watch", "--stats", "0", "a"], None, "--stats must be from 0.1 to 86400 seconds, not '0'"),
    "an option out of range": (["--options", '{"timeout_ms":0}', "list"], None, "--options: timeout_ms must be"),
    "a timeout that is none": (["--timeout", "soon", "list"], None, "--timeout must be from 0.001 to 3600 seconds"),
    "an interval that is too short": (["watch", "--interval", "0.01", "a"], None, "--interval must be from 0.02"),
    "two devices to wait for": (["wait", "a", "b"], None, "wait takes one device"),
    "options that are no object": (["--options", "[]", "list"], None, "--options must be a JSON object"),
    "an option of the client that there is not": (["--options", '{"proxi":""}', "list"], None, "proxi"),
    "an authority that is no URL": (["--base-url", "machineid.io", "list"], None, "--base-url "),
    "remove without --yes": (["remove", "a"], None, "this would remove 1 device for good: a; there is no terminal"),
    "an unknown shell": (["completion", "csh"], None, "'csh'"),
    "an option before emulator": (["--timeout", "1", "emulator"], None, "--timeout is not for the emulator"),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_use(tool, what):
    words, given, message = WRONG[what]
    input_ = given.decode("latin-1") if isinstance(given, bytes) else given
    more = {"input": input_, "encoding": "latin-1"} if given is not None else {}
    result = tool.run(*words, **more)
    equal("the exit status", 2, result.returncode)
    equal("nothing on standard output", "", result.stdout)
    lines = result.stderr.splitlines()
    holds("one line that names it", len(lines) == 1 and message in lines[0], result.stderr)
    holds("it is the program's", result.stderr.startswith("machineid: "), result.stderr)
    holds("no key is in it", "org_secret" not in result.stderr and ORG_KEY not in result.stderr, result.stderr)
    equal("nothing is sent", 0, tool.requests())


KEYS = [what for what in WRONG if what.startswith("a key ")]


@pytest.mark.parametrize("what", ["no device", "an unknown option", "a device with a line feed", *KEYS])
def test_json(tool, what):
    words, given, _ = WRONG[what]
    result = tool.run("--json", *words, **({"input": given} if given else {}))
    equal("the exit status", 2, result.returncode)
    error = json.loads(result.stderr)
    equal("the keys", ["device", "status", "code", "request_id", "message"], list(error))
    code = "CLIENT_NO_ORG_KEY" if "file" in what else "CLIENT_INVALID_ARGUMENT"
    equal("the code", code, error["code"])
    holds("no key is in it", "org_secret" not in result.stderr + result.stdout, result.stderr)


# What is no key, though it is near to one.
NO_KEYS = ["org_7:worker:01", "worker:org_7", "my_org_worker", "org_", "org:worker"]


def test_devices_that_are_no_keys(tool):
    tool.ask("/emulator/plan", planTier="pro")
    result = tool.run("register", *NO_KEYS)
    equal("they are registered", "".join(f"{device}\tregistered\n" for device in NO_KEYS), result.stdout)
    result = tool.run("--json", "remove", "--yes", "none", *NO_KEYS, MACHINEID_ORG_KEY="org_nobody")
    named = [json.loads(line)["device"] for line in result.stderr.splitlines()]
    equal("failures name them", ["none", *NO_KEYS], named)
    result = tool.run("list", "--key-file", "/no/such/org_key")
    holds("so do they a path", "'/no/such/org_key' cannot be read" in result.stderr, result.stderr)


def test_a_prefix_that_looks_like_a_key(tool):
    """It may be how a device is named, but no message repeats it."""
    tool.operator("register", "org_7", "a")
    equal("it chooses devices", "org_7\tactive\n", tool.run("list", "--prefix", "org_7").stdout)
    for words in (["revoke", "--prefix", "org_7"], ["revoke", "--prefix", "org_8"], ["watch", "--prefix", "org_8"]):
        result = tool.run(*words)
        holds("the message has org_...", "'org_...'" in result.stderr, result.stderr)
        holds("and not the word", "org_7" not in result.stderr and "org_8" not in result.stderr, result.stderr)


def test_revoke_with_a_prefix_and_no_terminal(tool):
    """It says what it would have done, and does nothing."""
    tool.operator("register", "a:1", "a:2", "b:1")
    result = tool.run("revoke", "--prefix", "a:")
    equal("the exit status", 2, result.returncode)
    wanted = "this would revoke 2 devices that begin with 'a:': a:1, a:2; there is no terminal to ask on, so add --yes"
    holds("it says what it would have done", wanted in result.stderr, result.stderr)
    asked = tool.emulator.log.read_text().splitlines()[3:]
    holds("it has asked for the list, and nothing else", len(asked) == 1 and "/devices/list" in asked[0], asked)
    equal("nothing is revoked", "", tool.run("list", "--revoked").stdout)
    result = tool.run("--json", "revoke", "--prefix", "a:")
    equal("the exit status with --json", 2, result.returncode)
    holds("it says the same", wanted in json.loads(result.stderr)["message"], result.stderr)
    result = tool.run("revoke", "--prefix", "none:")
    equal("no device has the prefix, so there is nothing to ask", 0, result.returncode)


def test_an_argument_that_is_not_utf8(tool):
    result = tool.run("validate", b"a\xff".decode("utf-8", "surrogateescape"))
    equal("the exit status", 2, result.returncode)
    holds("it names the argument", "argument 2 is not UTF-8" in result.stderr, result.stderr)

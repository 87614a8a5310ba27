"""Tests that every wrong use of machineid-exec is refused in one line that names the option and the remedy, with exit
status 2, and that nothing is sent and nothing is started."""

import json

import pytest
from checks import equal, holds
from supervised import DEVICE

# The words before the program, the program, and what the line must say.
USES = {
    "an unknown option": (["--devise", "x"], ["unknown option --devise; machineid-exec --help"]),
    "an unknown letter": (["-x"], ["unknown option -x; machineid-exec --help"]),
    "a flag with a value": (["--register=yes"], ["option --register takes no value; leave it out"]),
    "an empty device": (["--device", ""], ["--device is empty; give the device's id"]),
    "a device that is not UTF-8": (["--device", "\udcff"], ["--device: device_id is not UTF-8", "correct it"]),
    "such a device, to register": (["--register", "--device", "\udcff"], ["--device: device_id is not UTF-8"]),
    "a long device": (["--device", "x" * 513], ["--device: device_id", "512", "correct it"]),
    "a grace that is no number": (["--grace", "soon"], ["--grace must be from 0 to 86400 seconds, not \"soon\""]),
    "a grace that is not a number": (["--grace", "nan"], ["--grace must be from 0 to 86400 seconds"]),
    "a short interval": (["--interval", "0"], ["--interval must be from 0.02 to 3600 seconds, not \"0\""]),
    "a large greatest age": (["--max-age", "1e9"], ["--max-age must be from 0.04 to 2147483 seconds"]),
    "a greatest age below two intervals": (["--max-age", "9"], ["--max-age must be 2 to 1000 times --interval"]),
    "a log in no known form": (["--log", "xml"], ["--log must be json or text, not \"xml\""]),
    "a status file in no folder": (["--status", "/no/x"], ["--status: /no/x cannot be written: ", "give a file"]),
    "a status file that is a device": (["--status", "/dev/null"], ["--status: /dev/null is there", "give another"]),
    "a status file without a name": (["--status", ""], ["--status is empty; give a file"]),
    "options that are not JSON": (["--options", "x"], ["--options: ", "not JSON", "correct it"]),
    "options that are no object": (["--options", "[]"], ["--options: options must be a JSON object; correct it"]),
    "an unknown client option": (["--options", '{"x":1}'], ["--options: unknown option x", "correct it"]),
    "a client option out of range": (["--options", '{"timeout_ms":0}'], ["--options: timeout_ms must be a whole"]),
    "another variable for the key": (["--options", '{"env_var":"X"}'], ["--options: env_var is not for", "--key-file"]),
}
OTHERS = {
    "no program": ([], {}, "no program to run; give it after the options"),
    "no value": (["--grace"], {}, "option --grace needs a value; see machineid-exec --help"),
    "no value of a letter": (["-g"], {}, "option -g needs a value; see machineid-exec --help"),
    "an empty program": (["--", ""], {}, "the program's name is empty; give it after the options"),
    "no device": (["--", "true"], {"MACHINEID_DEVICE_ID": None}, "no device; give --device ID, or set MACHINEID_"),
    "no org key": (["--", "true"], {"MACHINEID_ORG_KEY": " "}, "no org key; give --key-file FILE, or set"),
    "two org keys": (["--", "true"], {"MACHINEID_ORG_KEY_FILE": "/nowhere"}, "are both set; unset one of them"),
    "a long org key": (["--", "true"], {"MACHINEID_ORG_KEY": "x" * 5000}, "longer than an org key can be; correct it"),
    "a bad base URL": (["--", "true"], {"MACHINEID_BASE_URL": "x"}, "MACHINEID_BASE_URL: base_url must begin with"),
}


def expect_refusal(supervised, result, *texts):
    equal("its status, and nothing is started", (2, ""), (result.returncode, result.stdout))
    holds("one line", result.stderr.count("\n") == 1 and result.stderr.startswith("machineid-exec: "), result.stderr)
    holds("it names what is wrong and the remedy", all(text in result.stderr for text in texts), result.stderr)
    # Supervised has registered the device.
    equal("nothing is sent", 1, supervised.emulator.log.read_text().count("/api/v1/"))


@pytest.mark.parametrize("what", USES)
def test_options(supervised, what):
    words, texts = USES[what]
    expect_refusal(supervised, supervised.start(*words, "--", "echo", "never"), *texts)


@pytest.mark.parametrize("what", OTHERS)
def test_others(supervised, what):
    words, variables, text = OTHERS[what]
    expect_refusal(supervised, supervised.start(*words, **variables), text)


def test_as_json(supervised):
    result = supervised.start("--log", "json", "--options", '{"x":1}', "--", "echo", "never")
    equal("its status", 2, result.returncode)
    found = json.loads(result.stderr)
    equal("the event", ("wrong_use", 2, DEVICE), (found["event"], found["exit_status"], found["device"]))


KEY = "org_" + "k" * 20
# Where a key may have been given in place of something else, and what the line must name.
KEYS = {
    "device": (["--device", KEY], {}, "--device"),
    "variable": ([], {"MACHINEID_DEVICE_ID": KEY}, "MACHINEID_DEVICE_ID"),
    "to register": (["--register", "-d", KEY], {}, "--device"),
    "grace": (["--grace", KEY], {}, "--grace"),
    "interval": (["--interval=" + KEY], {}, "--interval"),
    "max-age": (["-a", KEY], {}, "--max-age"),
    "log": (["--log", KEY], {}, "--log"),
    "options": (["--options", KEY], {}, "--options"),
    "status": (["--status", KEY], {}, "--status"),
    "key file": (["--key-file", KEY], {}, "--key-file"),
}


@pytest.mark.parametrize("what", KEYS)
def test_an_org_key_in_the_wrong_place(supervised, what):
    words, variables, name = KEYS[what]
    result = supervised.start(*words, "--", "echo", "never", **variables)
    expect_refusal(supervised, result, name, "looks like an org key")
    equal("it is not shown", False, KEY in result.stderr)


def test_an_org_key_in_the_place_of_the_program(supervised):
    result = supervised.start("--", KEY)
    equal("it is not shown", (127, False), (result.returncode, KEY in result.stderr))


def test_a_path_that_looks_like_an_org_key(supervised):
    """A path may have any name."""
    folder = supervised.folder / "org_of_ours"
    folder.mkdir()
    equal("it runs", 0, supervised.start("--status", folder / "status", "--", "true").returncode)


def test_as_json_where_the_mistake_comes_first(supervised):
    for words in (["--log", "json"], ["--log=json"]):
        result = supervised.start("--grace", "soon", *words, "--", "echo", "never")
        equal("the event", ("wrong_use", 2), (json.loads(result.stderr)["event"], result.returncode))

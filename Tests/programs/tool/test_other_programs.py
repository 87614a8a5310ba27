"""Tests machineid exec and machineid emulator, which become other programs; machineid doctor; and that machineid leaks
no memory."""

import json
import shutil

import pytest
from checks import equal, holds
from commands import outcome
from programs import MEMCHECK_STRICT
from project import version
from tooling import TOOL


def test_exec(tool):
    tool.operator("register", "a")
    result = tool.run("exec", "--device", "a", "--", "sh", "-c", 'echo "$1"; exit 7', "sh", "--json")
    equal("it ran", (7, "--json\n"), (result.returncode, result.stdout))
    tool.operator("revoke", "a")
    equal("a revoked device", 122, tool.run("exec", "--device", "a", "--", "echo", "never").returncode)


def test_exec_with_another_authority(tool):
    tool.operator("register", "a")
    words = ["--base-url", tool.emulator.url, "exec", "--device", "a", "--", "echo", "ran"]
    equal("it ran", "ran\n", tool.run(*words, MACHINEID_BASE_URL="http://127.0.0.1:1").stdout)


@pytest.mark.parametrize("json", [[], ["--json"]], ids=["text", "json"])
def test_exec_with_a_key_as_the_device(tool, json):
    result = tool.run(*json, "exec", "--device", "org_secret", "--", "echo", "never")
    equal("it is refused", (2, ""), (result.returncode, result.stdout))
    holds("and says why", "--device looks like an org key" in result.stderr, result.stderr)
    holds("the key is not repeated", "org_secret" not in result.stderr, result.stderr)
    equal("nothing is sent", 0, tool.requests())


@pytest.mark.parametrize("before", [["--options", "{}"], ["--timeout", "5"]], ids=["options", "timeout"])
@pytest.mark.parametrize("after", [["--options", "{}"], ["--options={}"]], ids=["two words", "one word"])
def test_exec_with_options_twice(tool, before, after):
    """Those after exec would replace those before it."""
    result = tool.run(*before, "exec", *after, "--device", "a", "--", "echo", "never")
    equal("it is refused", (2, ""), (result.returncode, result.stdout))
    wanted = f"{before[0]} before exec and --options after it set the same; put all into --options after exec"
    holds("and says why", wanted in result.stderr, result.stderr)
    equal("nothing is sent", 0, tool.requests())
    tool.operator("register", "a")
    own = tool.run(*before, "exec", "--device", "a", "--", "echo", "--options")
    equal("an argument of the program is not meant", "--options\n", own.stdout)


def test_emulator(tool):
    result = tool.run("emulator", "--version")
    equal("its version", (0, f"machineid-emulator {version()}\n"), (result.returncode, result.stdout))


@pytest.fixture
def elsewhere(tmp_path, library):
    """A copy of machineid beside which there is no other program."""
    (tmp_path / "bin").mkdir()
    return shutil.copy(TOOL, tmp_path / "bin/machineid")


@pytest.mark.parametrize("name", ["exec", "emulator"])
def test_where_the_other_program_is_not_installed(tool, elsewhere, library, name):
    environment = tool.environment | {"PATH": "/nowhere", "LD_LIBRARY_PATH": library}
    result = outcome(elsewhere, name, "--version", merged=False, environment=environment)
    equal("the exit status", 127, result.returncode)
    package = "machineid-tools" if name == "exec" else "machineid-emulator"
    wanted = f"machineid: machineid-{name} is not installed; the package {package} has it\n"
    equal("one sentence", wanted, result.stderr)
    environment["PATH"] = str(TOOL.parent)
    result = outcome(elsewhere, name, "--version", merged=False, environment=environment)
    holds("it is found in PATH", result.stdout.startswith(f"machineid-{name} "), result.stderr)


# Commands that touch every kind of what is allocated.
LEAKLESS = [
    ["validate", "a", "b", "c"],
    ["--json", "validate", "a", "b"],
    ["--json", "--options", '{"timeout_ms":5000}', "list", "--prefix", "a"],
    ["revoke", "--prefix", "a", "--yes"],
    ["usage", "--fail-over", "10"],
    ["wait", "b", "--timeout", "5", "--interval", "1"],
    ["doctor"],
    ["remove", "none", "--yes"],
]
LEAKLESS_TOO = [["validate", "--quite"], ["help", "validate"], ["completion", "zsh"]]


def test_no_leak(tool, long):
    tool.operator("register", "a", "b")
    tool.operator("revoke", "b")
    for words in LEAKLESS + (LEAKLESS_TOO if long else []):
        result = outcome(*MEMCHECK_STRICT, TOOL, *words, environment=tool.environment, seconds=300)
        holds(f"{' '.join(words)}: valgrind reports nothing", result.returncode != 99, result.stdout)
        holds("and it is valgrind that ran it", result.returncode in (0, 1, 2, 4), result.stdout)


def checks_of(tool, *words, **variables):
    """Returns what the doctor says of each check: its verdict and its message."""
    lines = tool.run("--json", "--options", '{"max_retries":0}', *words, "doctor", **variables).stdout.splitlines()
    return {line["check"]: (line["verdict"], line["message"]) for line in map(json.loads, lines)}


def test_doctor_and_tls(tool, authority):
    """With the authority's own certificate authority all is well, and without it TLS is at fault, and nothing else."""
    given = {"MACHINEID_BASE_URL": authority.url("https"), "MACHINEID_ORG_KEY": authority.org_key}
    found = checks_of(tool, **given, SSL_CERT_FILE=authority.ca_file)
    equal("it is from the variable", ("ok", f"{authority.ca_file}, from SSL_CERT_FILE"), found["certificates"])
    equal("TLS and usage are well", ("ok", "ok"), (found["tls"][0], found["usage"][0]))
    found = checks_of(tool, **given)
    equal("TLS is at fault", ("ok", "bad"), (found["tcp"][0], found["tls"][0]))


def test_doctor_and_proxies(tool):
    """A password in the URL of a proxy is not shown."""
    given = {"MACHINEID_BASE_URL": "https://authority.example", "https_proxy": "http://me:secret@127.0.0.1:1"}
    found = checks_of(tool, **given)
    equal("host, port and source", ("ok", "127.0.0.1 port 1, from https_proxy"), found["proxy"])
    equal("it is the proxy that is tried", "bad", found["tcp"][0])
    holds("no password", "secret" not in str(found), found)
    found = checks_of(tool, **given, no_proxy="example")
    equal("a host of no_proxy", ("ok", "none for authority.example, because of no_proxy"), found["proxy"])
    given["MACHINEID_BASE_URL"] = "http://127.0.0.1:1"
    equal("http takes none from the environment", ("ok", "none"), checks_of(tool, **given)["proxy"])


def test_doctor_without_a_key_and_a_name(tool):
    found = checks_of(tool, MACHINEID_ORG_KEY=None, MACHINEID_BASE_URL="https://authority.invalid")
    equal("the key is missing", "bad", found["key"][0])
    equal("the name is not found, so nothing is tried", ("bad", "skipped"), (found["name"][0], found["tcp"][0]))
    equal("and nobody is asked", ("skipped", "skipped"), (found["tls"][0], found["usage"][0]))

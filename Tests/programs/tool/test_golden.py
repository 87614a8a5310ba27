"""Compares what machineid prints with golden files: each command on a terminal, in a pipe and with --json, while the
authority allows, denies and refuses, and while it is out of reach.

RENEW=1 script/test Tests/programs/tool/test_golden.py writes the files anew; look at the difference before it is
committed."""

import os
import pathlib
import re
import signal
import subprocess

import pytest
from checks import equal, holds
from processes import first_line
from tooling import FORMS, NOWHERE, ORG_KEY, shown, without_progress

GOLDEN = pathlib.Path(__file__).parent / "golden"
# One is allowed, the other is revoked, and a third is not registered.
GOOD, BAD, NEW = "worker:prod:01", "worker:prod:02", "batch:prod:01"
ONCE = '{"max_retries":0}'
WORKERS = ["--prefix", "worker:", "--yes"]
SOON = ["--timeout", "0.3", "--interval", "0.1"]


def run_as(device):
    return ["exec", "--device", device, "--", "echo", "ran"]


# For each command: its arguments while the authority allows, while it denies, and for the last two situations.
CASES = {
    "validate": (["validate", GOOD], ["validate", GOOD, BAD, NEW], ["validate", GOOD, BAD]),
    "register": (["register", NEW, GOOD], ["register", BAD], ["register", NEW]),
    "unrevoke": (["unrevoke", BAD], ["unrevoke", NEW], ["unrevoke", BAD]),
    "revoke": (["revoke", GOOD], ["revoke", *WORKERS], ["revoke", *WORKERS]),
    "remove": (["remove", GOOD, "--yes"], ["remove", NEW, "--yes"], ["remove", GOOD, "--yes"]),
    "list": (["list"], ["list", "--revoked", "--prefix", "worker:"], ["list"]),
    "usage": (["usage"], ["usage", "--fail-over", "50"], ["usage"]),
    "wait": (["wait", GOOD], ["wait", BAD, *SOON], ["wait", GOOD, *SOON]),
    "watch": (["watch", GOOD], ["watch", GOOD, BAD, NEW], ["watch", GOOD, BAD]),
    "exec": (run_as(GOOD), run_as(BAD), run_as(GOOD)),
    "doctor": (["doctor"], ["doctor"], ["doctor"]),
}
SITUATIONS = ["allowed", "denied", "refused", "unreachable"]
# These need no authority. Their arguments, for each situation that there is of them.
ALONE = {
    "help": (["help", "validate"], ["help", "vali"]),
    "version": (["version"], ["version", "1"]),
    "completion": (["completion", "bash"], ["completion", "csh"]),
}


def prepare(tool, command, situation):
    tool.ask("/emulator/reset")
    tool.operator("register", GOOD, BAD)
    tool.operator("revoke", BAD)
    if situation == "denied" and command in ("usage", "doctor"):
        tool.ask("/emulator/plan", planState="frozen")


def variables(situation):
    if situation == "refused":
        return {"MACHINEID_ORG_KEY": "org_nobody"}
    return {"MACHINEID_BASE_URL": NOWHERE} if situation == "unreachable" else {}


def printed_meanwhile(tool, form, words, given):
    """Returns what machineid watch prints in a form at the beginning, a line for each device, and how ^C ends it."""
    count = sum(":" in word for word in words if not word.startswith("{"))
    if form == "terminal":
        with tool.on_terminal(*words, **given) as terminal:
            while terminal.text.count("\n") < count and terminal.read(60):
                pass
            terminal.type("\x03")
            return f"signal {-terminal.end()}\n{without_progress(terminal.text).replace('^C', '')}"
    words = ["--json", *words] if form == "json" else words
    with tool.in_background(*words, **given, stderr=subprocess.PIPE) as process:
        text = "".join(f"{first_line(process, 60)}\n" for _ in range(count))
        process.send_signal(signal.SIGINT)
        more, errors = process.communicate(timeout=60)
        return f"signal {-process.returncode}\n{text}{more}{errors}"


def printed(tool, form, words, given):
    """Returns what is printed in a form, and the exit status."""
    if "watch" in words:
        return printed_meanwhile(tool, form, words, given)
    if form == "terminal":
        with tool.on_terminal(*words, **given) as terminal:
            status = terminal.end()
            return f"status {status}\n{without_progress(terminal.text)}"
    result = tool.run(*(["--json"] if form == "json" else []), *words, **given)
    said = f"--- standard error\n{result.stderr}" if result.stderr else ""
    return f"status {result.returncode}\n{result.stdout}{said}"


def without_machine(text):
    """Replaces what the machine has, and not the authority."""
    text = re.sub(r"libmachineid [0-9].* on \w+; libcurl.*?(?=\r|\n|\")", "LIBRARY", text)
    text = re.sub(r'"library":\{.*\}(?=\})', '"library":LIBRARY', text)
    text = re.sub(r'"version":"[0-9.]*"|machineid"?:?"? ?"?\d+\.\d+\.\d+"?', "VERSION", text)
    # Whether a time server sets the clock is the machine's business.
    text = re.sub(r"[^\n]*\bclock\b[^\n]*TIME[^\n]*", "CLOCK", text)
    return text


def compare(name, lines):
    text = "\n".join(lines)
    file = GOLDEN / f"{name}.txt"
    if os.environ.get("RENEW"):
        file.write_text(text)
    equal(f"what {name} prints is in {file.name}", file.read_text() if file.exists() else "", text)


@pytest.mark.parametrize("command", [*CASES, *ALONE])
def test_golden(tool, command):
    lines = []
    situations = SITUATIONS if command in CASES else ["right", "wrong"]
    for number, situation in enumerate(situations):
        words = CASES[command][min(number, 2)] if command in CASES else ALONE[command][number]
        if situation == "unreachable":
            words = ["--options", ONCE, *words]
        for form in FORMS:
            if command in CASES:
                prepare(tool, command, situation)
            found = printed(tool, form, words, variables(situation))
            holds(f"{situation}, {form}: no key is printed", ORG_KEY not in found and "org_nobody" not in found)
            lines.append(f"=== {command}, {situation}, {form}\n{without_machine(shown(found)).rstrip()}\n")
    compare(command, lines)


def test_keys(tool, tmp_path):
    """What is said where there is no org key, or more than one."""
    prepare(tool, "validate", "allowed")
    file = tmp_path / "key"
    file.write_text(ORG_KEY)
    file.chmod(0o600)
    none, both = {"MACHINEID_ORG_KEY": " "}, {"MACHINEID_ORG_KEY_FILE": file}
    lines = []
    for name, words, given in (
        ("no key", ["validate", GOOD], none),
        ("two keys", ["validate", GOOD], both),
        ("two keys, doctor", ["doctor"], both),
        ("two keys, --key-file", ["--key-file", file, "validate", GOOD], both),
    ):
        for form in FORMS:
            found = printed(tool, form, words, given)
            holds(f"{name}, {form}: no key is printed", ORG_KEY not in found)
            lines.append(f"=== {name}, {form}\n{without_machine(shown(found)).rstrip()}\n")
    compare("keys", lines)

"""Tests machineid as the first process of a container, for which the kernel drops each signal without a handler."""

import signal
import subprocess

import pytest
from checks import equal, holds
from processes import await_true, first_line

pytestmark = pytest.mark.needs_root
AS_FIRST = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]


def first_process(unshare):
    """Returns the id, from outside, of the first process of the new namespace; None before there is one."""
    found = open(f"/proc/{unshare.pid}/task/{unshare.pid}/children").read().split()
    return int(found[0]) if found else None


def send(unshare, number):
    subprocess.run(["kill", f"-{int(number)}", str(first_process(unshare))], check=True)


@pytest.mark.parametrize("name", ["INT", "TERM", "HUP"])
@pytest.mark.parametrize("command", ["wait", "watch"])
def test_a_signal_ends_it(tool, command, name):
    tool.command = [*AS_FIRST, *tool.command]
    with tool.in_background(command, "a", "--interval", "0.05") as process:
        holds("it asks", await_true(lambda: tool.requests() > 1), process.poll())
        send(process, signal.Signals[f"SIG{name}"])
        equal("as a shell shows it", 128 + signal.Signals[f"SIG{name}"], process.wait(60))


def test_a_signal_that_is_ignored(tool):
    tool.operator("register", "a")
    tool.operator("revoke", "a")
    tool.command = ["env", "--ignore-signal=HUP", *AS_FIRST, *tool.command]
    before = tool.requests()
    with tool.in_background("wait", "a", "--interval", "0.05") as process:
        holds("it asks", await_true(lambda: tool.requests() > before), process.poll())
        send(process, signal.SIGHUP)
        before = tool.requests()
        holds("it goes on", await_true(lambda: tool.requests() > before + 1), process.poll())
        tool.operator("unrevoke", "a")
        equal("to its end", 0, process.wait(60))


def test_a_change_says_what_was_done(tool):
    stuck = {"device_prefix": "stuck:", "operation": "revoke", "hang": True}
    tool.ask("/emulator/scenario", steps=[stuck])
    tool.operator("register", "a", "stuck:1")
    tool.command = [*AS_FIRST, *tool.command]
    with tool.in_background("revoke", "a", "stuck:1", stderr=subprocess.PIPE) as process:
        equal("the first one", "a\trevoked", first_line(process, 60))
        send(process, signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
    equal("the status", 143, process.returncode)
    holds("and what was done", "interrupted: 1 of 2 devices is revoked" in errors, errors)

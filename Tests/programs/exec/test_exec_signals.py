"""Tests that each signal reaches the program once, and that machineid-exec and its program are one job of a shell."""

import contextlib
import os
import re
import signal

import pytest
from checks import equal, holds, said
from commands import environment_with
from supervised import EXEC, ORG_KEY, as_a_shell_has_it, await_true, children_of
from terminal import Terminal

RUNS = 50
NOTHING = {"INT": 0, "TERM": 0, "HUP": 0, "QUIT": 0, "CONT": 0, "WINCH": 0}


@pytest.fixture
def counts(program):
    return program("counts.c", is_linked=False)


@pytest.fixture
def terminal(supervised):
    """Runs a command with a terminal: terminal(COMMAND, NAME=VALUE...)."""
    with contextlib.ExitStack() as stack:

        def begin(command, **variables):
            return stack.enter_context(
                contextlib.closing(
                    Terminal(command, environment_with({**supervised.environment, "PS1": "$ ", **variables}))
                )
            )

        yield begin


def state_of(pid):
    with contextlib.suppress(FileNotFoundError):
        return re.search(r"^State:\s*(\w)", open(f"/proc/{pid}/status").read(), re.M)[1]


def gives_terminal_away(pid):
    """Whether another process group has the terminal of this process."""
    _, group, _, _, owner = open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[1:6]
    return group != owner


def counted(output):
    # The terminal sends the signal before it shows ^C, which may come as late as this line.
    found = re.search(r"INT=.*$", output, re.M)
    return dict((name, int(number)) for name, number in (pair.split("=") for pair in found[0].split())) if found else {}


def await_nothing_pending(pid):
    """Waits until a process has read all signals that it got, since SIGUSR1 would be read before SIGTERM."""
    assert await_true(lambda: not re.search(r"^S[ih][gd]Pnd:.*[1-9a-f]", open(f"/proc/{pid}/status").read(), re.M))


def ask_for_counts(supervised):
    assert await_true(lambda: "got" in supervised.output)
    await_nothing_pending(supervised.supervisor.pid)
    supervised.kill(signal.SIGUSR1)


@pytest.mark.parametrize("reads", [False, True], ids=["asks for nothing", "reads the terminal"])
def test_one_interrupt_at_a_terminal(terminal, counts, reads):
    """Until the program reads the terminal, its group does not have it, and ^C comes through machineid-exec. From then
    on it comes from the terminal."""
    for _ in range(RUNS):
        at = terminal([EXEC, "--", counts, *(["reads"] if reads else [])])
        if reads:
            at.type("hello\n")
            at.wait_for("read hello\n")
        at.wait_for("ready\n")
        at.type("\x03")
        at.wait_for("got\n")
        await_nothing_pending(at.pid)
        os.kill(at.pid, signal.SIGUSR1)
        status = as_a_shell_has_it(at.end())
        equal("^C arrives once", (NOTHING | {"INT": 1}, 0), (counted(at.text), status))
    said(f"^C arrived once in each of {RUNS} runs")


@pytest.mark.parametrize("name", ["TERM", "HUP", "QUIT", "CONT", "WINCH"])
def test_a_signal_to_the_whole_group(supervised, counts, name):
    for _ in range(RUNS if name == "TERM" else 1):
        supervised.launch("--", counts)
        os.killpg(supervised.supervisor.pid, signal.Signals[f"SIG{name}"])
        ask_for_counts(supervised)
        supervised.expect_end(0)
        equal("it arrives once", NOTHING | {name: 1}, counted(supervised.output))


def test_a_signal_to_the_whole_group_of_a_program_in_the_foreground(supervised, counts):
    supervised.launch("--foreground", "--", counts)
    os.killpg(supervised.supervisor.pid, signal.SIGTERM)
    ask_for_counts(supervised)
    supervised.expect_end(0)
    equal("it arrives once", NOTHING | {"TERM": 1}, counted(supervised.output))


def test_a_program_that_signals_its_own_group(supervised, counts):
    supervised.launch("--", counts, "group")
    supervised.kill(signal.SIGHUP)
    ask_for_counts(supervised)
    supervised.expect_end(0)
    equal("the signal does not come back", NOTHING | {"HUP": 1}, counted(supervised.output))


def test_a_program_in_a_script_reads_the_terminal(terminal):
    program = 'read -r l </dev/tty; echo "program: $l"'
    at = terminal(["sh", "-c", f"{EXEC} -- sh -c '{program}'; read -r l; echo \"script: $l\""])
    at.type("one\n")
    at.wait_for("program: one\n")
    at.type("two\n")
    at.wait_for("script: two\n")
    equal("and the script reads it after that", 0, as_a_shell_has_it(at.end()))


def test_a_program_that_writes_to_a_terminal_with_tostop(terminal):
    at = terminal(["sh", "-c", f"stty tostop; {EXEC} -- sh -c 'echo line >/dev/tty'"])
    at.wait_for("line\n")
    equal("it ends", 0, as_a_shell_has_it(at.end()))


@pytest.mark.parametrize("reads", ["", "read -r line </dev/tty; "], ids=["asks for nothing", "reads the terminal"])
def test_an_interrupt_ends_the_script_too(terminal, reads):
    at = terminal(["bash", "-c", f"{EXEC} -- bash -c '{reads}echo ready; exec sleep 1000'; echo never"])
    if reads:
        at.type("line\n")
    at.wait_for("ready\n")
    at.type("\x03")
    equal("the script ends by it", 130, as_a_shell_has_it(at.end()))
    equal("and does not go on", False, "never" in at.text)


def test_a_pipeline_whose_last_program_reads_the_terminal(terminal):
    pipeline = f'{EXEC} -- sh -c "echo line; exec sleep 1000" | {{ read -r a; read -r b </dev/tty; echo "$a, $b"; }}'
    at = terminal(["bash", "-c", pipeline])
    at.type("typed\n")
    at.wait_for("line, typed\n")
    at.type("\x03")
    equal("it ends", 130, as_a_shell_has_it(at.end()))


def test_stop_and_continue_in_a_shell(terminal, counts):
    """^Z, fg, and ^C, first while the program has not used the terminal, and then when it has."""
    for word in ("", "reads"):
        at = terminal(["bash", "--norc", "--noprofile", "-i"], HISTFILE="/dev/null")
        at.type(f"{EXEC} -- {counts} {word}\n")
        if word:
            assert await_true(lambda at=at: gives_terminal_away(at.pid))
            at.type("hello\n")
            at.wait_for("read hello\n")
        at.wait_for("ready\n")
        supervisor = children_of(at.pid)[0]
        program = children_of(supervisor)[0]
        at.type("\x1a")
        at.wait_for("Stopped")
        equal("both are stopped", ["T", "T"], [state_of(supervisor), state_of(program)])
        at.type("fg\n")
        at.wait_for("got\n")
        holds("both go on", await_true(lambda: state_of(program) == "S" and state_of(supervisor) == "S"))
        at.type("\x03")
        at.wait_for("got\n")
        await_nothing_pending(supervisor)
        os.kill(supervisor, signal.SIGUSR1)
        line = at.wait_for("WINCH=0\n") + "WINCH=0\n"
        equal("each signal arrived once", NOTHING | {"INT": 1, "CONT": 1}, counted(line))
        at.type("exit\n")
        equal("the shell has its terminal again", 0, as_a_shell_has_it(at.end()))


def test_stop_where_nobody_could_continue_it(terminal, counts):
    """As the first process of a terminal, machineid-exec cannot be stopped by ^Z, and neither is its program."""
    at = terminal([EXEC, "--foreground", "--", counts])
    at.wait_for("ready\n")
    program = children_of(at.pid)[0]
    at.type("\x1a")
    holds("it goes on", await_true(lambda: state_of(program) == "S"))
    at.type("\x03")
    at.wait_for("got\n")
    os.kill(at.pid, signal.SIGUSR1)
    equal("it ends", 0, as_a_shell_has_it(at.end()))


def test_revoked_while_it_waits_for_a_line(terminal, supervised):
    at = terminal([EXEC, "--interval", "0.1", "--max-age", "30", "--", "sh", "-c", "echo ready; read -r l </dev/tty"])
    at.wait_for("ready\n")
    supervised.emulator.ask(ORG_KEY, "/api/v1/devices/revoke", {"deviceId": "supervised"})
    equal("it is stopped", 124, as_a_shell_has_it(at.end()))

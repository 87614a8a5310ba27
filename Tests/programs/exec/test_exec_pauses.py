"""Tests that a program which stops itself does not get rid of machineid-exec, which stops with it as a job of a shell
does."""

import contextlib
import os
import signal

import pytest
from checks import holds
from commands import environment_with
from supervised import EXEC, await_true, children_of, ids_in, is_there
from terminal import Terminal

# A program that starts a child in a session of its own, or in the program's, and then stops itself.
STOPS = """{} sh -c 'echo $$ >>"$FOUND"; while :; do sleep 0.05; done' & echo $$ >"$THERE"
until [ -s "$FOUND" ]; do sleep 0.02; done; kill -{} $$; while :; do sleep 0.05; done"""
WORDS = ["--interval", "0.1", "--max-age", "0.3", "--grace", "0.2", "--kill-group", "--no-new-privileges"]
# Runs a command as a job of a shell without a terminal, so that a signal of a terminal stops it.
AS_JOB = ["bash", "-c", 'set -m; "$@" & echo $! >"$JOB"; wait $!', "bash"]
CHILDREN = pytest.mark.parametrize("starts", ["setsid", "env"], ids=["in its own session", "in the program's"])


def state_of(pid):
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return open(f"/proc/{pid}/stat").read().rpartition(") ")[2][0]
    return "gone"


@CHILDREN
@pytest.mark.parametrize("name", ["TSTP", "TTIN", "TTOU"])
def test_without_a_terminal(supervised, found, name, starts):
    """machineid-exec goes on asking, and stops the program and its child."""
    job = supervised.folder / "job"
    program = ["sh", "-c", STOPS.format(starts, name)]
    supervised.launch(command=[*AS_JOB, EXEC, *WORDS, "--", *program], FOUND=found, JOB=job)
    try:
        holds("the program is stopped", await_true(lambda: state_of(supervised.program) == "T"))
        supervised.operator("revoke")
        holds("both are ended", await_true(lambda: not is_there(supervised.program) and not is_there(ids_in(found)[0])))
        supervised.expect_end(124)
    finally:
        for pid in ids_in(job):
            if is_there(pid):
                os.kill(pid, signal.SIGKILL)


@pytest.fixture
def job(supervised, found):
    """Starts the program in an interactive shell, and lets it stop itself while it has the terminal. Returns the
    terminal and the id of machineid-exec."""
    with contextlib.ExitStack() as stack:

        def begin(starts):
            script = supervised.folder / "program"
            script.write_text("read -r line </dev/tty\n" + STOPS.format(starts, "TSTP"))
            variables = {**supervised.environment, "FOUND": found, "THERE": "/dev/null", "HISTFILE": "/dev/null"}
            shell = ["bash", "--norc", "--noprofile", "-i"]
            at = stack.enter_context(contextlib.closing(Terminal(shell, environment_with({**variables, "PS1": "$ "}))))
            at.type(f"{EXEC} {' '.join(WORDS)} -- sh {script}; echo \"its status: $?.\"\n")
            at.type("line\n")
            at.wait_for("Stopped")
            return at, children_of(at.pid)[0]

        yield begin


@CHILDREN
def test_at_a_terminal(supervised, found, job, starts):
    """machineid-exec stops too, but so does the child. When the job goes on after a denial, it is ended."""
    at, own = job(starts)
    everyone = [own, children_of(own)[0], children_of(own)[1], *ids_in(found)]
    are_stopped = await_true(lambda: sorted(map(state_of, everyone)) == ["S", "T", "T", "T"], 5)
    holds("all are stopped, except the second process", are_stopped, [*map(state_of, everyone)])
    supervised.operator("revoke")
    at.type("fg\n")
    holds("all are ended", await_true(lambda: not any(is_there(pid) for pid in everyone)))
    at.type("exit\n")
    at.end()


@pytest.mark.long
@CHILDREN
def test_somebody_continues_the_child(found, job, starts):
    """The second process sees it, and ends all, machineid-exec too."""
    at, own = job(starts)
    everyone = [own, *children_of(own), *ids_in(found)]
    os.kill(ids_in(found)[0], signal.SIGCONT)
    holds("all are ended", await_true(lambda: not any(is_there(pid) for pid in everyone)))
    at.type("exit\n")
    at.end()

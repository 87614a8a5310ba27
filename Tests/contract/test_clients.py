"""Tests how clients are made, from arguments and from the environment, and how they end."""

import subprocess
import sys

import checks
import pytest
from processes import first_line


def test_names(program, run_fresh):
    run_fresh(program("names.c"))


def test_build_info(program, run_fresh):
    run_fresh(program("build_info.c", "-ldl"))


def test_bad_arguments(program, run_fresh):
    run_fresh(program("bad_arguments.c"))


def test_environment(program, run_fresh):
    run_fresh(program("environment.c"))


def test_ownership(program, run_fresh):
    run_fresh(program("ownership.c"))


def test_cancel(program, run_fresh):
    run_fresh(program("cancel.c"))


@pytest.fixture
def forwarder(emulator, request):
    """A forwarder in front of an emulator, which counts connections."""
    started = emulator("--plan", "pro", "--org-key", "org_release_tests", "--quiet")
    command = [sys.executable, request.path.parent / "forwarder.py", *started.address.split(":")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        process.url = first_line(process, 30).removeprefix("listening on ")
        yield process
        process.kill()


def test_one_connection(program, run, forwarder):
    run([program("one_connection.c")], 200, MACHINEID_BASE_URL=forwarder.url, MACHINEID_ORG_KEY="org_release_tests")
    forwarder.kill()
    connections = forwarder.stdout.read().count(b"connection\n")
    checks.equal("10,000 validates on one thread make one connection", 1, connections)

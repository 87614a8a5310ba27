"""Tests how clients are made, from arguments and from the environment, and how they end."""

import os
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


def test_key_file(program, run_fresh, open_folder):
    run_fresh(program("key_file.c"), open_folder)


@pytest.mark.needs_root
@pytest.mark.parametrize("options, expected", [("rw", "MID_NO_ORG_KEY"), ("ro", "MID_OK")])
def test_key_file_of_a_container(program, library, open_folder, target, options, expected):
    """A secret of a container: a file that everyone may read, on a mount that nobody can write to."""
    mount = 'mount -t tmpfs none "$1" && echo org_secret >"$1/key" && chmod 644 "$1/key"'
    mount += f' && mount -o remount,{options} "$1"'
    command = ["unshare", "--mount", "sh", "-euc", f'{mount} && exec "$2" --is "$3/key"', "sh"]
    environment = {**os.environ, "LD_LIBRARY_PATH": str(library)}
    # What is mounted in a folder here is not seen at the same place of another root.
    mounted = [*command, target.in_root(open_folder), program("key_file.c"), open_folder]
    said = subprocess.run(mounted, capture_output=True, text=True, env=environment)
    if "permission denied" in said.stderr.lower() or "operation not permitted" in said.stderr.lower():
        pytest.skip("this root may not mount")
    checks.equal(f"world-readable on a mount that is {options}", f"{expected}\n", said.stdout + said.stderr)


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

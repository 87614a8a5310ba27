"""Tests a distant authority: a name with two addresses, connections that the network forgets, answers that come late or
twice, addresses that change. Each program runs in a network of its own, with its own authority."""

import sys

import checks
import pytest
from programs import line_with
from project import ROOT

SUPPORT = ROOT / "Tests/support"
ORG_KEY = "org_tests_of_distance"


@pytest.fixture
def run_there(run, tmp_path):
    """Runs a program in its own network, with the authority at {https}. Only the program itself gets the preloaded
    library."""

    def begin(command, seconds, preload=None, **variables):
        beside = [SUPPORT / "with_addresses", sys.executable, SUPPORT / "beside_authority.py", ORG_KEY]
        names = tmp_path / "names"
        where = ["env", "MACHINEID_BASE_URL={https}", "CA_FILE={ca_file}", f"RESOLVER_FILE={names}"]
        where += [f"LD_PRELOAD={preload}"] if preload else []
        return run([*beside, *where, *command], seconds, **variables)

    return begin


@pytest.fixture
def resolver(preload):
    return preload("distance/resolver.c")


def test_two_addresses(program, run_there, resolver):
    run_there([program("distance/two_addresses.c")], 100, resolver)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_dead_pools(program, run_there, scheme):
    run_there([program("distance/dead_pool.c"), f"{{{scheme}}}"], 100, CHILD_PATIENCE_MS=80000)


@pytest.mark.parametrize("ports", ["any", "same"])
def test_failover(program, run_there, resolver, preload, ports):
    libraries = f"{resolver}:{preload('distance/same_ports.c')}" if ports == "same" else resolver
    run_there([program("distance/failover.c")], 100, libraries, CHILD_PATIENCE_MS=80000)


def test_age(program, run_there, resolver):
    run_there([program("distance/age.c")], 100, resolver)


def test_answers(program, run_there):
    run_there([program("distance/answers.c")], 100)


def test_ends(program, run_there):
    run_there([program("distance/ends.c")], 100, CHILD_PATIENCE_MS=90000)


def test_exec(program, run_there, resolver):
    run_there([program("distance/exec.c")], 100, PRELOAD=resolver)


def test_busy(program, run_there, resolver):
    run_there([program("distance/busy.c")], 100, resolver)


def test_silence(program, run_there):
    run_there([program("distance/silence.c")], 100, CHILD_PATIENCE_MS=90000)


def test_weather(program, run_there, long):
    seconds = 600 if long else 15
    # All threads share one heap, so that growth means memory in use, and not what each heap keeps for itself.
    one_heap = "GLIBC_TUNABLES=glibc.malloc.arena_max=1"
    with_emulator = ["env", one_heap, "EMULATOR_URL={http}", "EMULATOR_PID={emulator_pid}"]
    output = run_there([*with_emulator, program("distance/weather.c"), seconds], seconds + 60)
    checks.said(line_with(output, " times forgotten, "))


@pytest.mark.long  # this takes longer than all the other tests together
@pytest.mark.parametrize("name, arguments", [("answers", [1, 4]), ("ends", ["--calm"])], ids=["answers", "ends"])
def test_under_valgrind(program, run_there, memcheck, name, arguments):
    run_there([*memcheck, program(f"distance/{name}.c"), *arguments], 300, CHECK_SLACK_MS=8000)

"""Tests mid_client_stats: its numbers are exact, whoever calls, in every process."""

import pytest


def test_calls(program, run_fresh):
    run_fresh(program("stats/calls.c"), plan="pro", under_valgrind=[1])


def test_outcomes(program, run_fresh):
    run_fresh(program("stats/outcomes.c"), under_valgrind=[1])


def test_guards(program, run_fresh):
    run_fresh(program("stats/guards.c"))


def test_children(program, run):
    run([program("stats/children.c")], 60, MACHINEID_ORG_KEY="org_release_tests")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_connections(program, run, authority, scheme):
    run([program("stats/connections.c")], 60, authority.over(scheme), IS_SECURE=int(scheme == "https"))

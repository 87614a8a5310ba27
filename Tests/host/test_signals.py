"""Tests that no signal cuts a call short, that the library raises none, and that it changes no handler and no mask."""

import pytest

SCHEMES = pytest.mark.parametrize("scheme", ["http", "https"])


@pytest.fixture
def times(long):
    return 200 if long else 20


@SCHEMES
def test_signals(program, run, authority, scheme, times):
    run([program("signals/signals.c"), times * 50], 120, authority.over(scheme))


def test_signals_frequent_new_connections(program, run, authority, times):
    run([program("signals/signals.c"), times * 10], 300, authority.over("churning"))


@SCHEMES
def test_dispositions(program, run, authority, scheme):
    run([program("signals/dispositions.c")], 60, authority.over(scheme))


def test_sigpipe(program, run, authority, times):
    run([program("signals/sigpipe.c"), times * 5], 300, authority.over("churning"))

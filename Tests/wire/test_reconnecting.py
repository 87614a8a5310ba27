"""Connections that are made again: after attempts that were given up, after one that was kept, that was idle, or that
is gone."""


def test_given_up(program, run, authority):
    run([program("reconnecting/given_up.c")], 60, authority.over("http"))


def test_reconnect(program, run, authority):
    run([program("reconnecting/reconnect.c")], 60, authority.over("http"))


def test_kept(program, run, authority):
    run([program("reconnecting/kept.c")], 60, authority.over("http"))


def test_idle(program, run, authority):
    """Takes 37 s, in which it sleeps."""
    run([program("reconnecting/idle.c")], 120, authority.over("http"))

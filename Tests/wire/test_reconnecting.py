"""Tests new connections: after attempts that timed out, and after a connection that was kept, was idle, or is lost."""


def test_given_up(program, run, authority):
    run([program("reconnecting/given_up.c")], 60, authority.over("http"))


def test_reconnect(program, run, authority):
    run([program("reconnecting/reconnect.c")], 60, authority.over("http"))


def test_kept(program, run, authority):
    run([program("reconnecting/kept.c")], 60, authority.over("http"))


def test_idle(program, run, authority):
    """Sleeps for 37 s."""
    run([program("reconnecting/idle.c")], 120, authority.over("http"))

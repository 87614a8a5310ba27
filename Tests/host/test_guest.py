"""Tests that a client leaves the state of its process unchanged."""


def test_guest(program, run_fresh):
    run_fresh(program("guest/guest.c"))

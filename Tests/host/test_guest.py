"""A good guest: the process around a client stays as it was."""


def test_guest(program, run_fresh):
    run_fresh(program("guest/guest.c"))

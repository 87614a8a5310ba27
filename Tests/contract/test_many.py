"""Tests many devices in one call: each gets its own answer, in order, whatever happens to the others."""


def test_many(program, run, authority):
    run([program("many.c")], 120, authority.over("http"))


def test_however_many(program, run, authority, long):
    run([program("many.c"), 200000 if long else 40000], 400, authority.over("http"))


def test_many_under_valgrind(program, run, authority, memcheck, long):
    run([*memcheck, program("many.c"), 10001 if long else 2000], 500, authority.over("http"), CHECK_SLACK_MS=5000)

"""Tests the operations: allowed, denied, refused, failing, in outages, and with repeated replies."""


def test_operations(program, run_fresh):
    run_fresh(program("operations.c"))


def test_failures(program, run_fresh):
    run_fresh(program("failures.c"))


def test_outages(program, run_fresh):
    run_fresh(program("outages.c"))


def test_repeated(program, run_fresh):
    run_fresh(program("repeated.c"))

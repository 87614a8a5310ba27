"""Tests that a call ends in time, or when it is cancelled, whatever it waits for, and that an answer that is too old
decides nothing."""

from project import ROOT

WITH_NAMESERVER = [ROOT / "Tests/support/with_nameserver", "--silent"]


def test_stalls(program, preload, run, authority):
    names = preload("../support/names.c")
    stalls = program("deadlines/stalls.c", "-ldl")
    run([stalls], 120, authority.over("http"), RESOLVER_STALL_MS=1000, LD_PRELOAD=names)


def test_stuck_driver(program, preload, run, authority):
    stuck_driver = program("deadlines/stuck_driver.c", "-ldl")
    run([stuck_driver], 120, authority.over("http"), LD_PRELOAD=preload("deadlines/stall.c"))


def test_nameserver_that_never_answers(program, run, authority):
    stalls = program("deadlines/stalls.c", "-ldl")
    run([*WITH_NAMESERVER, stalls, "resolving"], 120, authority.over("http"))


def test_lookups(program, run, authority):
    run([*WITH_NAMESERVER, program("deadlines/lookups.c", "-lcurl")], 120, authority.over("http"))


def test_stopped(program, run, authority):
    run([program("deadlines/stopped.c")], 60, authority.over("http"))


def test_suspend(program, preload, run, authority, tmp_path):
    moved = tmp_path / "clocks.moved"
    moved.write_bytes(bytes(32))
    preloaded = preload("guards/clocks_preload.c")
    suspend = program("deadlines/suspend.c", "-ITests/contract/guards")
    run([suspend], 60, authority.over("http"), CLOCKS_FILE=moved, LD_PRELOAD=preloaded)

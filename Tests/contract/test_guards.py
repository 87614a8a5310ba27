"""Tests guards: never 1 when it should be 0, and off for good after a denial. Tests/host tests guards with forks, exits
and closed descriptors."""

import pytest


def test_interface(program, run, authority):
    run([program("guards/interface.c")], 120, authority.over("http"))


def test_interface_under_valgrind(program, run, authority, memcheck):
    run([*memcheck, program("guards/interface.c")], 300, authority.over("http"), CHECK_SLACK_MS=5000)


def test_thread(program, run, authority):
    run([program("guards/thread.c")], 60, authority.over("http"))


def test_authorities(program, run, authority):
    run([program("guards/authorities.c")], 180, authority.over("http"))


@pytest.mark.long
@pytest.mark.alone  # because it counts checks per second that take all of eight connections
def test_numbers(program, run, authority):
    run([program("guards/numbers.c")], 120, authority.over("http"))


def test_clocks(program, preload, run, authority, tmp_path):
    moved = tmp_path / "clocks.moved"
    moved.write_bytes(bytes(4096))
    preloaded = preload("guards/clocks_preload.c")
    run([program("guards/clocks.c")], 60, authority.over("http"), CLOCKS_FILE=moved, LD_PRELOAD=preloaded)

"""Calls on and on: memory and descriptors stay where they were."""

import pytest

SCHEMES = pytest.mark.parametrize("scheme", ["http", "https"])


@SCHEMES
def test_64_threads(program, run, authority, scheme, long):
    seconds = 600 if long else 3
    # One heap for all threads, so that what grows is what is in use and not what sixteen heaps keep for themselves.
    one_heap = {"GLIBC_TUNABLES": "glibc.malloc.arena_max=1"}
    run([program("threads.c"), seconds], seconds + 60, authority.over(scheme), one_heap)

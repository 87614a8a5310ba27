"""Calls on and on: memory and descriptors stay where they were."""

import pytest

SCHEMES = pytest.mark.parametrize("scheme", ["http", "https"])


def test_calls(program, run, emulator, long):
    """Of every kind: memory and descriptors are what they were after the first 10,000."""
    started = emulator("--org-key", "org_soak", "--quiet")
    environment = {"MACHINEID_BASE_URL": started.url, "MACHINEID_ORG_KEY": "org_soak"}
    run([program("soak.c", "-O2"), 1_000_000 if long else 50_000], 3600 if long else 600, environment)


@SCHEMES
def test_64_threads(program, run, authority, scheme, long):
    seconds = 600 if long else 3
    # One heap for all threads, so that what grows is what is in use and not what sixteen heaps keep for themselves.
    one_heap = {"GLIBC_TUNABLES": "glibc.malloc.arena_max=1"}
    run([program("threads.c"), seconds], seconds + 60, authority.over(scheme), one_heap)

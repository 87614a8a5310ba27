"""Makes very many calls: memory and descriptors must stay at their level."""

import pytest

SCHEMES = pytest.mark.parametrize("scheme", ["http", "https"])


def test_calls(program, run, emulator, long):
    """Calls of every kind through one client: memory and descriptors stay at their level after the first 10,000."""
    started = emulator("--org-key", "org_soak", "--quiet")
    environment = {"MACHINEID_BASE_URL": started.url, "MACHINEID_ORG_KEY": "org_soak"}
    run([program("soak.c", "-O2"), 1_000_000 if long else 50_000], 3600 if long else 600, environment)


@SCHEMES
def test_64_threads(program, run, authority, scheme, long):
    seconds = 600 if long else 3
    # All threads share one heap, so that growth means memory in use, and not what sixteen heaps keep for themselves.
    one_heap = {"GLIBC_TUNABLES": "glibc.malloc.arena_max=1"}
    run([program("threads.c"), seconds], seconds + 60, authority.over(scheme), one_heap)

"""Tests processes that end, or unload the library, during calls of other threads or while guards run."""

import pytest

SCHEMES = pytest.mark.parametrize("scheme", ["http", "https"])


@pytest.fixture
def times(long):
    return 200 if long else 20


@SCHEMES
def test_busy(program, run, authority, scheme, times):
    run([program("exit/exits.c", "-lcurl"), "busy", times], 300, authority.over(scheme))


def test_silent(program, run, authority, times):
    run([program("exit/exits.c", "-lcurl"), "silent", times], 300, authority.over("http"))


def test_resolving(program, preload, run, authority, times):
    """From libcurl 8.20 on, a process that ends with its last thread waits two seconds for a resolver's."""
    stalling = {"RESOLVER_STALL_MS": 500, "LD_PRELOAD": preload("../support/names.c")}
    run([program("exit/exits.c", "-lcurl"), "resolving", times], 900, authority.over("http"), stalling)


@SCHEMES
def test_unloading(program, preload, run, authority, library, scheme, times):
    stalling = {"RESOLVER_STALL_MS": 500, "LD_PRELOAD": preload("../support/names.c")}
    unloading = program("exit/unloading.c", "-ldl", is_linked=False)
    run([unloading, library / "libmachineid.so.0", times * 2], 120, authority.over(scheme), stalling)


@SCHEMES
def test_guards(program, run, authority, scheme, long):
    run([program("exit/guards.c", "-lssl", "-lcrypto"), 1000 if long else 30], 400, authority.over(scheme))


def test_unload(program, run_fresh, library):
    run_fresh(program("exit/unload.c", "-ldl", is_linked=False), library / "libmachineid.so.0", plan="pro")

"""Tests refused allocations, one after the other, scarce memory, a small stack, and an allocator of the host."""

import pytest

SCHEMES = pytest.mark.parametrize("scheme", ["http", "https"])


@SCHEMES
def test_stack_of_32_kb(program, run, authority, scheme):
    run([program("memory/stack.c"), 32768], 60, authority.over(scheme))


def test_allocator(program, run, authority):
    run([program("memory/allocator.c", "-lcurl")], 60, authority.over("http"))


@pytest.fixture
def refused(program, preload, run, authority):
    """Runs a program whose allocations fail."""

    # Programs that refuse memory to their first call cannot register a device before it.
    authority.emulator.ask(authority.org_key, "/api/v1/devices/register", {"deviceId": "memory:yes"})

    def begin(source, seconds, scheme, *arguments):
        url = {"base_url": authority.url(scheme)}
        environment = authority.over(scheme, max_retries=0, **url)
        command = [program(f"memory/{source}", "-ldl"), *arguments]
        run(command, seconds, environment, LD_PRELOAD=preload("memory/refuse.c"))

    return begin


def test_build_info(refused):
    refused("build_info.c", 60, "http")


def test_clients(refused):
    refused("clients.c", 120, "http")


def test_first_call(refused, long):
    # Most allocations of the first call are OpenSSL's, which initialises itself.
    refused("first.c", 580, "http", 1 if long else 29)


def test_first_connection(refused):
    refused("operations.c", 300, "http", "cold")


@pytest.mark.long
def test_first_connection_over_tls_every_seventh_allocation(refused):
    refused("operations.c", 3000, "https", "cold", 7)


def test_kept_connection(refused):
    refused("operations.c", 300, "http", "warm")


def test_kept_connection_over_tls(refused, long):
    refused("operations.c", 580, "https", "warm", 1 if long else 3)


def test_many_devices(refused):
    refused("many.c", 300, "http")


def test_guards(refused):
    refused("guards.c", 300, "http")


@pytest.mark.long
def test_many_devices_over_tls(refused):
    refused("many.c", 1200, "https")


@pytest.mark.long
def test_guards_over_tls(refused):
    refused("guards.c", 1200, "https")


def test_little_memory_for_replies(refused):
    refused("scarce.c", 300, "http", "replies")


@SCHEMES
def test_little_memory_for_the_first_call(refused, scheme):
    refused("scarce.c", 120, scheme, "first")

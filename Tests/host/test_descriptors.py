"""Tests hosts that have no descriptor left, or that close the library's descriptors and reuse their numbers."""

import pytest

SCHEMES = pytest.mark.parametrize("scheme", ["http", "https"])


@SCHEMES
def test_descriptors(program, run, authority, scheme):
    without_retries = authority.over(scheme, max_retries=0)["CLIENT_OPTIONS"]
    environment = {"CLIENT_OPTIONS_NO_RETRIES": without_retries}
    run([program("descriptors/descriptors.c")], 60, authority.over(scheme), environment)


@SCHEMES
def test_robbed(program, run, authority, scheme):
    run([program("descriptors/robbed.c")], 120, authority.over(scheme))


@SCHEMES
def test_connection(program, run, authority, scheme):
    run([program("descriptors/connection.c")], 60, authority.over(scheme))


def test_guards(program, run, authority):
    run([program("descriptors/guards.c")], 120, authority.over("http"))

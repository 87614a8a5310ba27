"""Tests a libcurl that lacks a feature that the library needs."""

import pytest

BUILD = "was built without TLS, AsynchDNS or threadsafe"
LACKING = {
    "age": "libcurl 7.87.0 or later is needed, and this is 7.86.0",
    "TLS": BUILD,
    "AsynchDNS": BUILD,
    "threadsafe": BUILD,
}


@pytest.mark.parametrize("lacking", LACKING)
def test_unfit(program, preload, run, authority, lacking):
    other = {"OTHER_CURL": lacking, "LD_PRELOAD": preload("../support/other_curl.c")}
    run([program("libcurl/unfit.c"), LACKING[lacking]], 60, authority.over("http"), other)

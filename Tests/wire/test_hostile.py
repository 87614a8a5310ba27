"""A hostile authority, which breaks HTTP, JSON and its word in named ways: hostile/README.md. No behaviour of it ever
comes out as an allow that it must not be. --behaviours chooses some."""

import shutil

import pytest
import sanitizers


@pytest.mark.early
def test_hostile(hostile, long):
    hostile.run(7200 if long else 1200, is_long=long)


@pytest.mark.long
@pytest.mark.early
def test_hostile_with_address_sanitizer(hostile, programs, tmp_path):
    """Which looks for leaks too, and measures no time."""
    # Only Swift can build the library anew.
    if not shutil.which("swift"):
        pytest.skip("there is no swift")
    folder = tmp_path / "address-sanitizer"
    folder.mkdir()
    hostile.run(7200, watch="sanitizer", is_long=True, sanitizer=sanitizers.Sanitizer("address", folder, programs))


@pytest.mark.long
@pytest.mark.early
def test_hostile_under_valgrind(hostile):
    """With every behaviour, but not with every operation."""
    hostile.run(7200, watch="valgrind", is_long=True)

"""Tests the library with a hostile authority, which hostile/README.md explains. --behaviours selects behaviours."""

import shutil

import pytest
import sanitizers


@pytest.mark.early
def test_hostile(hostile, long):
    hostile.run(7200 if long else 1200, is_long=long)


@pytest.mark.on_request  # test_distros.py names it
def test_hostile_gates(hostile):
    """Only the operations whose answer is an allow or a denial, for the libcurl of another system."""
    hostile.run(1200, operations="validate,guard_start")


@pytest.mark.long
@pytest.mark.early
def test_hostile_with_address_sanitizer(hostile, programs, tmp_path):
    """AddressSanitizer also looks for leaks. No time is measured."""
    # Rebuilding the library needs Swift.
    if not shutil.which("swift"):
        pytest.skip("there is no swift")
    folder = tmp_path / "address-sanitizer"
    folder.mkdir()
    hostile.run(7200, watch="sanitizer", is_long=True, sanitizer=sanitizers.Sanitizer("address", folder, programs))


@pytest.mark.long
@pytest.mark.early
def test_hostile_under_valgrind(hostile):
    """Runs every behaviour, but not with every operation. No time is measured."""
    hostile.run(7200, watch="valgrind", is_long=True)

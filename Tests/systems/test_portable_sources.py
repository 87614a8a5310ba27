"""Tests where the portable build takes its sources from: that two builds in two folders are the same, without an
archive, and what it says where sources are missing. --long builds it."""

import hashlib
import re
import shutil

import pytest
from checks import equal, holds
from commands import refuses
from portable import PLATFORMS, build, built_folder, copy_with_downloads, folder_of, here
from project import ROOT, version

in_turn = pytest.mark.xdist_group("portable")
# A version that no archive has any more.
GONE = "2.14-1"
NOWHERE = "http://127.0.0.1:1"


@pytest.fixture
def unreachable(tmp_path):
    """The environment in which apt reaches no archive."""
    (tmp_path / "apt.conf").write_text(f'Acquire {{ http::Proxy "{NOWHERE}"; https::Proxy "{NOWHERE}"; }};')
    return {"APT_CONFIG": str(tmp_path / "apt.conf")}


def digests(platform, root=ROOT):
    names = [f"libmachineid.so.{version()}", "libmachineid.a"]
    files = [folder_of(platform, root) / "lib" / name for name in names]
    return [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]


@in_turn
@pytest.mark.long
@pytest.mark.parametrize("platform", PLATFORMS)
def test_two_folders(platform, tmp_path, unreachable):
    """A copy that has the sources and the compiler, and reaches no archive, builds the same library."""
    built_folder(platform)
    other = copy_with_downloads(tmp_path / "a-folder-of-another-name")
    result = build(platform, other, **unreachable)
    assert result.returncode == 0, result.stdout
    equal("the library and the archive are the same", digests(platform), digests(platform, other))
    shutil.rmtree(other)


def says(result, pattern):
    """Whether a build failed with a message that matches the pattern."""
    return result.returncode != 0 and re.search(pattern, result.stdout)


@in_turn
@pytest.mark.long
def test_sources_that_are_missing(tmp_path, unreachable):
    """Without the sources, and without an archive that has them, it says what to do."""
    built_folder(here())
    other = copy_with_downloads(tmp_path / "copy")
    pins = other / "packaging/portable/pins"
    pins.write_text(re.sub("(?m)^jansson .*$", f"jansson {GONE}", pins.read_text()))
    gone = build(here(), other)
    pattern = f"jansson {GONE} is neither in .* pin the version"
    holds("a pin that the archive does not have", says(gone, pattern), gone.stdout)
    away = build(here(), other, **unreachable)
    holds("an archive that is out of reach", says(away, "apt cannot read the archive .* try again"), away.stdout)
    damaged = next((other / "build/cache/portable/sources").glob("curl_*/*.dsc"))
    damaged.write_text(damaged.read_text() + "\n")
    result = build(here(), other)
    holds("sources that are damaged", says(result, "is damaged; remove it"), result.stdout)


def test_refuses():
    script = ROOT / "script/build"
    refuses("an unknown C library", "--libc uclibc is none .* glibc or musl", script, "--portable", "--libc", "uclibc")
    refuses("an unknown processor", "--arch mips is none .* amd64 or arm64", script, "--portable", "--arch", "mips")
    refuses("a C library that is not named", "--libc takes glibc or musl", script, "--portable", "--libc")
    refuses("a C library without --portable", "add --portable", script, "--libc", "musl")

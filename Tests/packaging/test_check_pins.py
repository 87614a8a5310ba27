"""Tests script/check-pins on archives that are folders here: what it says of a pin that is current, of one that lacks a
security revision, and of one that is gone, and that it says nothing good where it could not ask."""

import hashlib
import re

import pytest
from checks import equal, holds
from commands import outcome
from project import ROOT

PINNED = {"curl": "8.14.1-2+deb13u2", "openssl": "3.5.7-1~deb13u2", "jansson": "2.14-2"}
SOURCE = """\
Package: {name}
Binary: lib{name}-dev
Version: {version}
Maintainer: Nobody <nobody@example.com>
Architecture: any
Format: 3.0 (quilt)
Directory: pool/main/{name}
Checksums-Sha256:
 {digest} {size} {name}_{version}.dsc

"""
RELEASE = """\
Origin: Debian
Label: Debian
Suite: {suite}
Codename: {suite}
Date: Thu, 01 Jan 2026 00:00:00 UTC
Architectures: amd64
Components: main
SHA256:
 {digest} {size} main/source/Sources
"""
# Fetches the sources of curl as a build does, by the pins and the sources.list in a folder.
FETCH = """
. script/lib/portable/sources.sh
cache=$1/cache pins=$1/pins list=$1/sources.list
sources_list() { cat "$list"; }
fetch_sources curl
"""
MISSING, UPSTREAM = "SECURITY revision missing", "newer upstream"
GONE = "; the archive no longer has the pin"
WITHHELD = "; the archive does not give its files"

# What the release and its security suite have beside the pins, or instead of one; what must be said of curl; the newest
# curl; and the exit status.
ARCHIVES = {
    "nothing newer": ({}, {}, "current", PINNED["curl"], 0),
    "a security suite with the pin": ({}, {"curl": ["8.14.1-2+deb13u2"]}, "current", PINNED["curl"], 0),
    "an older version": ({"curl": ["8.14.1-2"]}, {}, "current", PINNED["curl"], 0),
    "a newer security revision": ({}, {"curl": ["8.14.1-2+deb13u3"]}, MISSING, "8.14.1-2+deb13u3", 1),
    "a tenth security revision": ({}, {"curl": ["8.14.1-2+deb13u10"]}, MISSING, "8.14.1-2+deb13u10", 1),
    "one that has moved to the release": ({"curl": ["8.14.1-2+deb13u5"]}, {}, MISSING, "8.14.1-2+deb13u5", 1),
    "one of a newer version": ({"curl": ["8.16.0-1~deb13u1"]}, {}, MISSING, "8.16.0-1~deb13u1", 1),
    "a plain version in the security suite": ({}, {"curl": ["8.15.0-1"]}, MISSING, "8.15.0-1", 1),
    "a newer version": ({"curl": ["8.15.0-1"]}, {}, UPSTREAM, "8.15.0-1", 0),
    "a newer version beside a security revision": (
        {"curl": ["8.15.0-1"]},
        {"curl": ["8.14.1-2+deb13u3"]},
        MISSING,
        "8.15.0-1",
        1,
    ),
    "a security revision in place of the pin": (
        {"curl": ["instead", "8.14.1-2+deb13u3"]},
        {},
        MISSING + GONE,
        "8.14.1-2+deb13u3",
        1,
    ),
    "an older version in place of the pin": ({"curl": ["instead", "8.14.1-2"]}, {}, "current" + GONE, "8.14.1-2", 0),
    "no such package": ({"curl": ["instead"]}, {}, "the archive has no such package", "-", 2),
}


def make_suite(folder, suite, packages, withheld=()):
    """Makes a suite of an archive with source packages alone. It has no files of those that it withholds."""
    text = ""
    for name, version in packages:
        pool = folder / "pool/main" / name
        pool.mkdir(parents=True, exist_ok=True)
        content = f"{name} {version}\n"
        if version not in withheld:
            (pool / f"{name}_{version}.dsc").write_text(content)
        digest = hashlib.sha256(content.encode()).hexdigest()
        text += SOURCE.format(name=name, version=version, digest=digest, size=len(content))
    place = folder / "dists" / suite
    (place / "main/source").mkdir(parents=True)
    (place / "main/source/Sources").write_text(text)
    digest = hashlib.sha256(text.encode()).hexdigest()
    (place / "Release").write_text(RELEASE.format(suite=suite, digest=digest, size=len(text)))
    return f"deb-src [trusted=yes] file:{folder} {suite} main\n"


@pytest.fixture
def check_pins(tmp_path):
    """Runs check-pins on a sources.list and PINNED."""
    (tmp_path / "pins").write_text(
        "# Pins.\nrelease trixie\n" + "".join(f"{name} {version}\n" for name, version in PINNED.items()) + "ziglang 1\n"
    )

    def begin(sources):
        (tmp_path / "sources.list").write_text("".join(sources))
        words = ["--pins", tmp_path / "pins", "--sources-list", tmp_path / "sources.list"]
        return outcome("script/check-pins", *words, merged=False)

    return begin


def suites(folder, release, security, withheld=()):
    packages = []
    for name, version in PINNED.items():
        others = release.get(name, [])
        packages += [] if "instead" in others else [(name, version)]
        packages += [(name, other) for other in others if other != "instead"]
    urgent = [(name, version) for name in security for version in security[name]]
    return [
        make_suite(folder, "trixie", packages, withheld),
        make_suite(folder, "trixie-security", urgent, withheld),
    ]


@pytest.mark.parametrize("archive", ARCHIVES)
def test_archive(check_pins, tmp_path, archive):
    release, security, verdict, newest, status = ARCHIVES[archive]
    result = check_pins(suites(tmp_path, release, security))
    rows = [re.split("  +", line.strip()) for line in result.stdout.splitlines()]
    expected = [["package", "pin", "newest", "status"], ["curl", PINNED["curl"], newest, verdict]]
    expected += [[name, version, version, "current"] for name, version in PINNED.items() if name != "curl"]
    print(result.stdout, result.stderr)
    equal(f"an archive with {archive}", (status, expected), (result.returncode, rows))


NEWER = "8.14.1-2+deb13u3"


def test_listed_without_its_files(check_pins, tmp_path):
    """An archive may list a version before it has its files: then a pin cannot be raised from it."""
    result = check_pins(suites(tmp_path, {}, {"curl": [NEWER]}, withheld=[NEWER]))
    print(result.stdout, result.stderr)
    holds("the table says so", re.search(rf"^curl .* {re.escape(NEWER)} +{MISSING}{WITHHELD}$", result.stdout, re.M))
    equal("the revision is missing all the same", 1, result.returncode)
    sentence = f"does not give the files of curl {re.escape(NEWER)}, which it lists; .* later, or .* another archive"
    holds("the error says what to do", re.search(sentence, result.stderr))


@pytest.mark.parametrize("what", ["unknown", "withheld"])
def test_fetching(tmp_path, what):
    """What a build says of a pin whose sources it cannot have."""
    pinned, withheld = ("8.14.1-9", []) if what == "unknown" else (NEWER, [NEWER])
    (tmp_path / "sources.list").write_text("".join(suites(tmp_path / "a", {}, {"curl": [NEWER]}, withheld)))
    (tmp_path / "pins").write_text(f"curl {pinned}\n")
    result = outcome("bash", "-euc", FETCH, "bash", tmp_path)
    said = {"unknown": "nor in the archive; pin the version", "withheld": "does not give its files; try again later"}
    print(result.stdout)
    holds(f"a version that is {what}", result.returncode != 0 and said[what] in result.stdout)
    equal("nothing is kept of it", [], list((tmp_path / "cache/sources").iterdir()))


def test_what_cannot_be_asked(check_pins, tmp_path):
    whole = suites(tmp_path / "whole", {}, {})
    gone = [whole[0], whole[1].replace("file:", "file:/nowhere")]
    for what, sources in {"a suite that is out of reach": gone, "no security suite": whole[:1]}.items():
        result = check_pins(sources)
        equal(f"{what}: the status, and that no table is printed", (2, ""), (result.returncode, result.stdout))
        holds(f"{what}: the error says so", re.search("could not be asked|no security suite", result.stderr))


def test_the_pins():
    """The list of the project has what check-pins compares."""
    lines = (ROOT / "packaging/portable/pins").read_text().splitlines()
    names = [line.split()[0] for line in lines if line and not line.startswith("#")]
    equal("what is pinned", {"release", "curl", "openssl", "jansson", "ziglang"}, set(names))

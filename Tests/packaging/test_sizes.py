"""Tests that no file of the project is too long to be read at once, and counts those that are longer than most."""

import checks
import pytest
from checks import equal
from commands import outcome
from project import ROOT

MOST_LINES = 400
USUAL_LINES = 250
# The files that may be longer, and why.
LONGER = {
    "include/machineid.h": "cffi, LuaJIT, PHP and Fiddle read it as it stands, so it has to be one file",
}


def line_counts(folder, names):
    """Returns how many lines each text file has."""
    texts = {name: (folder / name).read_bytes() for name in names if (folder / name).is_file()}
    return {name: text.count(b"\n") for name, text in texts.items() if b"\0" not in text}


def over(most, counts):
    return [f"{name}: {count} lines" for name, count in sorted(counts.items()) if count > most]


@pytest.fixture(scope="module")
def counts():
    """The lines of each file that git knows, or would know."""
    listed = outcome("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", merged=False)
    if listed.returncode != 0:
        pytest.skip("this is no clone, so there is no list of the project's files")
    return line_counts(ROOT, set(listed.stdout.split("\0")) - {""})


def test_no_file_is_too_long(counts):
    others = {name: count for name, count in counts.items() if name not in LONGER}
    equal(f"no file has more than {MOST_LINES} lines", [], over(MOST_LINES, others))
    checks.said(f"{len(over(USUAL_LINES, counts))} of {len(counts)} files have more than {USUAL_LINES} lines")


def test_the_exceptions_are_needed(counts):
    short = [name for name in LONGER if counts.get(name, 0) <= MOST_LINES]
    equal("every file that may be longer is longer", [], short)


def test_a_file_that_is_too_long(tmp_path):
    (tmp_path / "longest").write_text("line\n" * MOST_LINES)
    (tmp_path / "too-long").write_text("line\n" * (MOST_LINES + 1))
    (tmp_path / "no-text").write_bytes(b"\0" + b"\n" * (MOST_LINES + 1))
    found = over(MOST_LINES, line_counts(tmp_path, ["longest", "too-long", "no-text", "gone"]))
    equal("only the one that is too long is found", ["too-long: 401 lines"], found)

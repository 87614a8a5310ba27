"""Tests that no file of the project is too long to be read at once, counts those that are longer than most, and tests
that the header stays short, and that no line is too wide to be read beside another file."""

import checks
import pytest
from checks import equal, holds
from commands import outcome
from project import ROOT

MOST_LINES = 400
USUAL_LINES = 250
# The header is read from its beginning to its end by whoever uses the library, so what only some need is elsewhere.
MOST_WORDS = {"include/machineid.h": 3250}

MOST_COLUMNS = 120
# The files whose lines may be wider, and why.
WIDER = {
    "abi/baseline/libmachineid.so.0.abi": "abidw wrote it",
    "docs/pictures/layer-uses.svg": "graphviz drew it",
    "Tests/fuzz/corpus/options/all": "the fuzzer reads each byte of it, so that a line feed would be another input",
    "Tests/fuzz/corpus/reply/register": "the same",
}


def texts_of(folder, names):
    """Returns the bytes of each text file."""
    texts = {name: (folder / name).read_bytes() for name in names if (folder / name).is_file()}
    return {name: text for name, text in texts.items() if b"\0" not in text}


def line_counts(texts):
    """Returns how many lines each file has."""
    return {name: text.count(b"\n") for name, text in texts.items()}


def wide_lines(texts):
    """Yields each line that is too wide, as FILE:LINE: COLUMNS. In Markdown, the rows of tables and what programs print
    cannot be broken."""
    for name, text in sorted(texts.items()):
        is_code = False
        for number, line in enumerate(text.decode(errors="replace").split("\n"), 1):
            if name.endswith(".md"):
                is_code ^= line.lstrip().startswith("```")
                if is_code or line.lstrip().startswith("|") or line.startswith("    "):
                    continue
            if len(line) > MOST_COLUMNS:
                yield f"{name}:{number}: {len(line)} columns"


def over(most, counts):
    return [f"{name}: {count} lines" for name, count in sorted(counts.items()) if count > most]


@pytest.fixture(scope="module")
def texts():
    """The text of each file that git knows, or would know."""
    listed = outcome("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", merged=False)
    if listed.returncode != 0:
        pytest.skip("this is no clone, so there is no list of the project's files")
    return texts_of(ROOT, set(listed.stdout.split("\0")) - {""})


@pytest.fixture(scope="module")
def counts(texts):
    return line_counts(texts)


def test_no_file_is_too_long(counts):
    equal(f"no file has more than {MOST_LINES} lines", [], over(MOST_LINES, counts))
    checks.said(f"{len(over(USUAL_LINES, counts))} of {len(counts)} files have more than {USUAL_LINES} lines")


@pytest.mark.parametrize("name", MOST_WORDS)
def test_no_file_has_too_many_words(texts, name):
    words = len(texts[name].split())
    holds(f"{name} has at most {MOST_WORDS[name]} words", 0 < words <= MOST_WORDS[name], f"{words} words")


def test_a_file_that_is_too_long(tmp_path):
    (tmp_path / "longest").write_text("line\n" * MOST_LINES)
    (tmp_path / "too-long").write_text("line\n" * (MOST_LINES + 1))
    (tmp_path / "no-text").write_bytes(b"\0" + b"\n" * (MOST_LINES + 1))
    found = over(MOST_LINES, line_counts(texts_of(tmp_path, ["longest", "too-long", "no-text", "gone"])))
    equal("only the one that is too long is found", ["too-long: 401 lines"], found)


def test_no_line_is_too_wide(texts):
    # What programs print is as wide as it is.
    ours = {name: text for name, text in texts.items() if not name.startswith("Tests/programs/tool/golden/")}
    others = {name: text for name, text in ours.items() if name not in WIDER}
    equal(f"no line has more than {MOST_COLUMNS} columns", [], list(wide_lines(others)))


def test_the_wide_files_are_needed(texts):
    narrow = [name for name in WIDER if not list(wide_lines({name: texts.get(name, b"")}))]
    equal("every file that may be wider is wider", [], narrow)


def test_a_line_that_is_too_wide():
    wide, most = b"\xc3\xbc" * (MOST_COLUMNS + 1), b"\xc3\xbc" * MOST_COLUMNS
    page = b"\n".join([b"| " + wide, b"    " + wide, b"```", wide, b"```", most, wide])
    found = list(wide_lines({"page.md": page, "code.c": b"| " + wide, "short.c": most}))
    equal("those that are too wide are found", ["code.c:1: 123 columns", "page.md:7: 121 columns"], found)

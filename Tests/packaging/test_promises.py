"""Tests that Tests/README.md lists every promise of machineid.h, and a test that exists for each."""

import ast
import os
import re

import pytest
from checks import equal, holds
from project import HEADER, ROOT, functions

README = ROOT / "Tests/README.md"
ROW = re.compile(r"^\| (P\d+) \| (.*) \| `([^`]*)` \| `([^`]*)` \|$", re.M)
ROWS = ROW.findall(README.read_text())
PYTEST = re.compile(r"script/test (Tests/[\w/]+\.py)::(test_\w+)(?: --behaviours '(\w+)/[\w/*-]+')?")
SWIFT = re.compile(r"swift test --filter (\w+)")


def text_of(path, test):
    """Returns the text of a test's file without the other tests in it, or None if there is no such test."""
    text = path.read_text()
    functions = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    if test not in [node.name for node in functions]:
        return None
    lines = text.splitlines()
    for node in functions:
        if node.name.startswith("test_") and node.name != test:
            lines[node.lineno - 1 : node.end_lineno] = [""] * (node.end_lineno - node.lineno + 1)
    return "\n".join(lines)


def test_the_list_is_whole():
    text = README.read_text()
    rows = [line for line in text.splitlines() if line.startswith("| P")]
    equal("every promise has a file and a command", [], [line for line in rows if not ROW.fullmatch(line)])
    numbers = [int(number[1:]) for number, *_ in ROWS]
    twice = sorted({number for number in numbers if numbers.count(number) > 1})
    equal("no number is there twice", [], twice)
    highest = re.findall(r"^The highest number so far: P(\d+)\.$", text, re.M)
    holds("the page names the highest number", len(highest) == 1 and int(highest[0]) >= max(numbers), highest)
    holds("there are promises", len(ROWS) > 60, len(ROWS))


def runs(text, module, path, behaviours):
    """Whether a test with this text uses the file. It names a C program by the path from the module's folder, or by the
    last part of it where a fixture adds the folder. Of other files it names the folder beside the module."""
    if path == module:
        return True
    if path.suffix == ".c":
        name = os.path.relpath(path, module.parent)
        return f'"{name}"' in text or (f'"{path.name}"' in text and f'"{path.parent.name}/{{' in text)
    is_chosen = "behaviours" not in path.parts or behaviours == path.stem
    if not is_chosen or not path.is_relative_to(module.parent):
        return False
    return re.search(rf"\b{path.relative_to(module.parent).parts[0]}\b", text)


def fault(file, command):
    """Returns why the command does not run the test in the file, or None if it does."""
    path = ROOT / file
    if not path.exists():
        return f"there is no {file}"
    if found := PYTEST.fullmatch(command):
        module, test = ROOT / found[1], found[2]
        text = text_of(module, test) if module.exists() else None
        if text is None:
            return f"{found[1]} has no {test}"
        return None if runs(text, module, path, found[3]) else f"{test} does not use {file}"
    if found := SWIFT.fullmatch(command):
        is_there = re.search(rf"\b(func|struct) {found[1]}\b", path.read_text())
        return None if is_there else f"{file} has no {found[1]}"
    return f"this runs no test alone: {command}"


@pytest.mark.parametrize(
    ("file", "command"),
    [
        ("Tests/host/fork/guards.c", "script/test Tests/host/test_exit.py::test_guards"),
        ("Tests/contract/operations.c", "script/test Tests/host/test_memory.py::test_kept_connection"),
        ("Tests/wire/hostile/judge.py", "script/test Tests/host/test_exit.py::test_guards"),
        (
            "Tests/wire/hostile/behaviours/reuse.py",
            "script/test Tests/wire/test_hostile.py::test_hostile --behaviours 'retries/*'",
        ),
    ],
)
def test_a_wrong_row_is_noticed(file, command):
    holds("a file that the test does not use is a fault", fault(file, command) is not None, command)


def test_every_promise_has_its_test():
    for number, promise, file, command in ROWS:
        equal(f"{number}, {promise}", None, fault(file, command))


def test_nothing_of_the_header_is_left_out():
    promised = "\n".join(promise for _, promise, _, _ in ROWS)
    header = HEADER.read_text()
    words = functions() + re.findall(r"^ *(MID_[A-Z_]+) = \d+", header, re.M)
    # The header lists its options in quotes or in backticks, at the beginning of a line.
    words += re.findall(r"""^ \*(?: {12,}"| - `)([a-z_]+)["`]""", header, re.M)
    # The rows about names and about all options cover these.
    known = {"mid_version", "mid_status_name", "timeout_ms"}
    missing = [word for word in words if not re.search(rf"\b{word}\b", promised) and word not in known]
    equal("each function, status and option is in a promise", [], missing)

"""Tests the form of the pages: each has one title, the examples of the first page and of the header fit where they are
shown, and the pages that the header leaves the members of its reports to have each of them."""

import json
import re
import sys

import pytest
from checks import equal, holds
from commands import said
from project import HEADER, ROOT

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("Tests/*.md"), *ROOT.glob("bindings/**/*.md")])
FENCED = re.compile(r"^ *```\w*\n(.*?)^ *```", re.M | re.S)
# The site shows so many columns of an example beside its lists of pages and of headings. Wider ones are cut off.
MOST_COLUMNS = 80


def titles(text):
    return re.findall("^# .*", FENCED.sub("", text), re.M)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_one_title(page):
    text = page.read_text()
    equal(f"{page.relative_to(ROOT)} has one title, at its head", text.splitlines()[:1], titles(text))


def test_a_second_title():
    equal("it is found, but no comment in code", ["# One", "# Two"], titles("# One\n```sh\n# code\n```\n# Two\n"))


def wide(examples):
    """Returns the lines of examples that are cut off on the site."""
    assert examples, "there are examples"
    return [line for example in examples for line in example.splitlines() if len(line) > MOST_COLUMNS]


def test_examples_fit():
    equal("those of README.md", [], wide(FENCED.findall((ROOT / "README.md").read_text())))
    examples = re.findall(r"^ \* @code\n(.*?)^ \* @endcode", HEADER.read_text(), re.M | re.S)
    equal("those of the header", [], wide(examples))


# Prints a report of a library that has asked nothing.
REPORTS = """
import ctypes, sys
library, name = ctypes.CDLL(sys.argv[1]), sys.argv[2]
if name == "mid_build_info":
    library.mid_build_info.restype = ctypes.c_char_p
    print(library.mid_build_info().decode())
else:
    client, json = ctypes.c_void_p(), ctypes.c_char_p()
    assert library.mid_client_new(b"org_pages", None, ctypes.byref(client), None) == 0
    assert library.mid_client_stats(client, ctypes.byref(json)) == 0
    print(json.value.decode())
"""


def members(report):
    """Returns the names of all members of a report, and of the objects in it."""
    if not isinstance(report, dict):
        return set()
    return {*report, *(name for value in report.values() for name in members(value))}


@pytest.mark.parametrize("function, page, more", [
    # The object that is null here until there is an answer has a member that no other one has.
    ("mid_client_stats", "docs/observability.md", {"request_id"}),
    ("mid_build_info", "docs/security-updates.md", set()),
])
def test_members(library, function, page, more):
    printed = said(sys.executable, "-c", REPORTS, library / "libmachineid.so.0", function)
    names = members(json.loads(printed)) | more
    holds(f"{function} reports", len(names) > 5, printed)
    comment = re.split(rf"\b{function}\(\w", HEADER.read_text())[0]
    holds(f"the comment of {function} says that {page} has them", page in comment[comment.rindex("/**") :])
    told = set(re.findall("`([^`]*)`", FENCED.sub("", (ROOT / page).read_text())))
    lost = [name for name in sorted(names - told) if not name.startswith("MID_")]
    equal(f"{page} tells of each member, but for the statuses", [], lost)

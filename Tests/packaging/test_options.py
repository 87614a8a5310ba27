"""Tests that every place with a list of the options has all of them, so that a new one cannot be forgotten."""

import re

from checks import equal, holds
from project import HEADER, ROOT

SOURCES = ROOT / "Sources/MachineIDC"
# Only mid_client_from_env() takes this one, so that mid_client_new() refuses it.
FROM_ENV = "env_var"
DESCRIBED = re.compile(r"^ \* - (`[a-z_`, ]+)", re.M)
RANGE = re.compile(r"^ \* - `([a-z_]+)`, (\d+) to (\d+),? ", re.M)


def described(function):
    """Returns the options that the comment above a function lists."""
    return re.findall("`([a-z_]+)`", " ".join(DESCRIBED.findall(comment_of(function))))


def comment_of(function):
    """Returns the comment above a function in the header."""
    before = HEADER.read_text().partition(f"mid_status {function}(")[0]
    return before[before.rindex("/**") :]


def section(file, begin, end):
    """Returns the part of a file from one text to the next place of another; all of it without these."""
    text = (ROOT / file).read_text()
    assert begin in text, f"{file} has no {begin}"
    return text[text.index(begin) :].partition(end)[0] if end else text


def read_by(name):
    """Returns the options that a file of Sources reads, and for each number its range."""
    text = (SOURCES / name).read_text()
    keys = re.findall(r'key == "([a-z_]+)"', text)
    ranges = re.findall(r'key == "([a-z_]+)" \{\s+\w+ = try option\.integer\(([\w.()]+), ([\w.()]+)\)', text)
    known = {"Int(Int32.max)": "2147483647"}
    return keys, {key: tuple(known.get(end, end.replace("_", "")) for end in ends) for key, *ends in ranges}


def clients():
    """Returns the options of a client, as the header describes them, without the one of mid_client_from_env()."""
    return described("mid_client_new")


def absent(options, text):
    """Returns the options that are no key in a text: in quotes, or in quotes that stand in a string of C."""
    return [option for option in options if not re.search(rf'"{option}\\?"', text)]


def ranges_of(function):
    return {name: (least, most) for name, least, most in RANGE.findall(comment_of(function))}


def test_header_and_sources():
    keys, ranges = read_by("Input/Options.swift")
    holds("a client has options", len(clients()) > 10, clients())
    equal("the options of a client", sorted([*clients(), FROM_ENV]), sorted(keys))
    equal("the ranges of its numbers", ranges_of("mid_client_new"), ranges)
    holds("mid_client_from_env() describes its own", f"`{FROM_ENV}`" in comment_of("mid_client_from_env"))
    keys, ranges = read_by("Guard/GuardOptions.swift")
    equal("the options of a guard", sorted(described("mid_guard_start")), sorted(keys))
    equal("the ranges of its numbers", ranges_of("mid_guard_start"), ranges)


# The file, from which text to which, and what of it must hold all options.
C, SWIFT = "Tests/contract/bad_arguments.c", "Tests/unit/MachineIDCTests/SettingsTests.swift"
LISTS = {
    "values that are refused, from outside": (C, "static void bad_options(void)", "\n}\n", [FROM_ENV]),
    "values that are taken, from outside": (C, "static void good_options(void)", "\n}\n", []),
    "values that are refused": (SWIFT, '("", "options: the text is not JSON")', "func aBadOptionIs", [FROM_ENV]),
    "values that are taken": (SWIFT, "func everyOptionIsRead()", "\n    }\n", []),
    "words for the fuzzer": ("Tests/fuzz/json.dict", "", "", [FROM_ENV]),
    "the fuzzer's input with all options": ("Tests/fuzz/corpus/options/all", "", "", []),
}


def test_lists():
    for name, (file, begin, end, more) in LISTS.items():
        equal(f"{name}: {file}", [], absent([*clients(), *more], section(file, begin, end)))


# The files of bindings/, or folders of them, that list the options of clients and of guards.
BINDINGS = [
    "cpp/include/machineid/options.hpp",
    "csharp/MachineID/Options.cs",
    "go/machineid/options.go",
    "java/src/main/java",
    "node/lib/index.d.ts",
    "python/libmachineid/_client.py",
    "python/libmachineid/_options.py",
    "ruby/lib/libmachineid/client.rb",
    "rust/machineid/src/options.rs",
]


def text_of(binding):
    place = ROOT / "bindings" / binding
    files = [place] if place.is_file() else sorted(place.rglob("*Options.*")) + sorted(place.rglob("*Builder.*"))
    return "\n".join(file.read_text() for file in files)


def unnamed(options, text):
    """Returns the options that a text does not name, in the header's spelling or as JavaScript spells names."""
    words = set(re.findall(r"\w+", text))
    return [option for option in options if not words & {option, re.sub("_([a-z])", lambda m: m[1].upper(), option)}]


def test_bindings():
    for binding in BINDINGS:
        equal(f"bindings/{binding}", [], unnamed(clients() + described("mid_guard_start"), text_of(binding)))
    languages = {path.parent.name for path in (ROOT / "bindings").glob("*/package")}
    equal("all languages are looked at", sorted(languages), sorted({binding.split("/")[0] for binding in BINDINGS}))


def test_an_option_that_was_forgotten():
    for binding in BINDINGS:
        found = unnamed([*clients(), "max_new_option"], text_of(binding))
        equal(f"bindings/{binding}: it is found", ["max_new_option"], found)
    for name, (file, begin, end, _) in LISTS.items():
        found = absent([*clients(), "max_new_option"], section(file, begin, end))
        equal(f"{name}: {file}: it is found", ["max_new_option"], found)

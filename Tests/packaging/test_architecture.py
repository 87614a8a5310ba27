"""Checks ARCHITECTURE.md against the sources: the names that it uses are there, its table of atomics has every one of
them, and its table of rules names the mutants of Tests/wire/test_mutations.py."""

import ast
import re

from checks import equal, holds
from project import ROOT

PAGE = (ROOT / "ARCHITECTURE.md").read_text()
LIBRARY = ROOT / "Sources/MachineIDC"
FILES = {path.stem: path.read_text() for path in sorted(LIBRARY.rglob("*.swift"))}
NAME = r"[A-Za-z_]\w*"
MEMBER = r"^ *(?:private )?(?:static )?(?:let|var) "


def section(title):
    return re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S)[1]


def rows(text, columns):
    """Returns the cells of a table's rows, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    equal(f"each row has {columns} columns", [], [row for row in cells if len(row) != columns])
    return cells[2:]


def quoted(text):
    return re.findall(r"`([^`\n]*)`", text)


def mutants():
    """Returns the name of each mutant and the file that it breaks. The module is read and not imported, since it brings
    the marks of its own tests."""
    tree = ast.parse((ROOT / "Tests/wire/test_mutations.py").read_text())
    for node in tree.body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "RULES":
            return {name: rule[0] for name, rule in ast.literal_eval(node.value).items()}
    return {}


RULES = rows(section("Where the fail-closed reading stands"), 3)


def test_every_name_is_in_the_sources():
    """Each name in backticks occurs in the sources. Commands, paths and the names of mutants are left out."""
    known = set()
    for path in [*(ROOT / "Sources").rglob("*"), *(ROOT / "include").glob("*.h")]:
        if path.suffix in (".swift", ".c", ".h"):
            known.update(re.findall(NAME, path.read_text()), [path.stem])
    spans = {span for span in quoted(PAGE) if "/" not in span} - set(mutants())
    # "a `mid_` function" is any of them.
    names = {name for span in spans for name in re.findall(NAME, span)} - {"mid_"}
    holds("there are names", len(names) > 150, len(names))
    equal("each of them is in the sources", [], sorted(names - known))


def test_the_table_of_atomics_is_whole():
    """The table has each atomic as TYPE.NAME, or as .NAME after another one of the type."""
    declared = {
        f"{stem.rpartition('+')[2]}.{name}"
        for stem, text in FILES.items()
        for name in re.findall(rf"{MEMBER}({NAME})(?:: | = )(?:UnsafeMutablePointer<)?Atomic<", text, re.M)
    }
    every = sum(len(re.findall(rf"{MEMBER}.*\bAtomic<", text, re.M)) for text in FILES.values())
    equal("each declaration of an atomic is understood", every, len(declared))
    listed, kind = set(), ""
    for cell, *_ in rows(section("Atomics"), 4):
        for span in quoted(cell):
            if "." in span:
                kind = span.partition(".")[0] or kind
                listed.add(f"{kind}.{span.rpartition('.')[2]}")
    equal("each atomic is in the table", [], sorted(declared - listed))
    equal("the table has nothing else", [], sorted(listed - declared))


def test_the_files_of_the_rules():
    """A rule's files exist, and have the functions that follow their names in parentheses."""
    for rule, files, _ in RULES:
        named = re.findall(r"[A-Z][\w+]*", re.sub(r"\(.*?\)", "", files))
        equal(f"{rule}: its files exist", [], [name for name in named if name not in FILES])
        for name, functions in re.findall(r"([A-Z][\w+]*) \((.*?)\)", files):
            missing = [function for function in quoted(functions) if function not in FILES.get(name, "")]
            equal(f"{rule}: {name} has {functions}", [], missing)


def test_every_rule_has_a_mutant_or_says_why_not():
    broken = mutants()
    holds("there are mutants", len(broken) > 30, len(broken))
    for rule, files, cell in RULES:
        if cell.startswith("none: "):
            holds(f"{rule}: it says why it has no mutant", len(cell) > len("none: because"), cell)
            continue
        names = quoted(cell)
        holds(f"{rule}: it names a mutant", names and cell == ", ".join(f"`{name}`" for name in names), cell)
        equal(f"{rule}: its mutants exist", [], [name for name in names if name not in broken])
        elsewhere = [name for name in names if name in broken and not is_in(broken[name], files)]
        equal(f"{rule}: they break one of its files", [], elsewhere)
    named = [name for _, _, cell in RULES if not cell.startswith("none: ") for name in quoted(cell)]
    equal("each mutant is in one row", sorted(broken), sorted(named))


def is_in(path, files):
    """Whether a cell names the file."""
    stem = path.rpartition("/")[2].removesuffix(".swift")
    return bool(re.search(rf"(?<![\w+]){re.escape(stem)}(?![\w+])", files))

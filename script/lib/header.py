#!/usr/bin/env python3
"""What include/machineid.h declares, as clang reads it: the one home of the lists of functions and statuses.

    script/lib/header.py WHAT [HEADER]

    functions   the names of the functions
    prototypes  VERSION  PROTOTYPE, a line for each function, as in abi/symbols.txt
    statuses    VERSION  NAME NUMBER, a line for each status, as in abi/statuses.txt
    exports     exports.map, the version script of the linker
    faults      what the comments lack, and what is wrong with the versions; nothing when all is well
"""

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, List, Optional

HEADER = Path(__file__).resolve().parents[2] / "include" / "machineid.h"
FIRST_RELEASE = "0.1.0"  # what a constant without @since has been there from


@dataclass
class Comment:
    """A documentation comment, as clang takes it apart."""

    text: str
    parameters: List[str]
    tells_result: bool
    since: Optional[str]


@dataclass
class Function:
    name: str
    result: str
    types: List[str]
    parameters: List[str]
    comment: Optional[Comment]

    @property
    def prototype(self) -> str:
        space = "" if self.result.endswith("*") else " "
        return f"{self.result}{space}{self.name}({', '.join(self.types) or 'void'})"

    @property
    def since(self) -> str:
        return (self.comment and self.comment.since) or "?"


@dataclass
class Constant:
    name: str
    number: int
    comment: Optional[Comment]

    @property
    def since(self) -> str:
        return (self.comment and self.comment.since) or FIRST_RELEASE


class Header:
    def __init__(self, path: Path = HEADER):
        self.path = path
        tree = json.loads(_clang(path, "-fsyntax-only", "-Xclang", "-ast-dump=json"))
        declarations = [node for node in tree["inner"] if _is_here(node)]
        self.functions = [_function(node) for node in declarations if node["kind"] == "FunctionDecl"]
        enums = [node for node in declarations if node["kind"] == "EnumDecl"]
        self.constants = [_constant(node) for enum in enums for node in _inner(enum, "EnumConstantDecl")]
        self.types = {
            node["name"]: _comment(node) for node in declarations if node["kind"] == "TypedefDecl" and "name" in node
        }
        defined = re.findall(r"^#define (MID_\w+) (.*)$", _clang(path, "-E", "-dM"), re.M)
        self.macros = dict(defined)

    @property
    def version(self) -> str:
        return self.macros.get("MID_VERSION", "").strip('"')

    def faults(self) -> Iterator[str]:
        yield from self._version_faults()
        for function in self.functions:
            yield from _function_faults(function)
        for constant in self.constants:
            if not constant.comment:
                yield f"{constant.name} has no comment"
        for name, comment in self.types.items():
            if not comment:
                yield f"{name} has no comment"

    def _version_faults(self) -> Iterator[str]:
        numbers = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)", self.version)
        if not numbers:
            yield "MID_VERSION is not of the form MAJOR.MINOR.PATCH"
            return
        major, minor, patch = map(int, numbers.groups())
        number = str(major * 10000 + minor * 100 + patch)
        if self.macros.get("MID_VERSION_NUMBER") != number:
            yield f"MID_VERSION_NUMBER must be {number} for version {self.version}"


def _function_faults(function: Function) -> Iterator[str]:
    name, comment = function.name, function.comment
    if not comment or not comment.text:
        yield f"{name} has no comment"
        return
    if comment.parameters != function.parameters:
        given = ", ".join(comment.parameters) or "none"
        yield f"{name} has the parameters {', '.join(function.parameters)}, and its comment tells of {given}"
    if comment.tells_result != (function.result != "void"):
        yield f"{name} returns {function.result}, and its comment has {'a' if comment.tells_result else 'no'} @return"
    if not comment.since:
        yield f"{name} has no @since"


def _clang(path: Path, *options: str) -> str:
    command = ["clang", "-std=c11", "-x", "c", *options, str(path)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout


def _is_here(node: dict) -> bool:
    """Whether it stands in the header itself, and not in one that it includes or in the compiler."""
    place = node.get("loc", {})
    place = place.get("expansionLoc", place)
    return bool(place) and "includedFrom" not in place and not node.get("isImplicit", False)


def _inner(node: dict, kind: str) -> List[dict]:
    return [child for child in node.get("inner", []) if child.get("kind") == kind]


def _function(node: dict) -> Function:
    parameters = _inner(node, "ParmVarDecl")
    types = [parameter["type"]["qualType"] for parameter in parameters]
    # "mid_status (mid_client *, char **)": the result is what stands before the parameters.
    whole = node["type"]["qualType"]
    result = whole[: -len(f"({', '.join(types) or 'void'})")].strip()
    names = [parameter.get("name", "") for parameter in parameters]
    return Function(node["name"], result, types, names, _comment(node))


def _constant(node: dict) -> Constant:
    value = _inner(node, "ConstantExpr")
    return Constant(node["name"], int(value[0]["value"]) if value else -1, _comment(node))


def _comment(node: dict) -> Optional[Comment]:
    comments = _inner(node, "FullComment")
    if not comments:
        return None
    commands = _inner(comments[0], "BlockCommandComment")
    named = {command["name"]: _words(command) for command in commands}
    return Comment(
        text=" ".join(_words(paragraph) for paragraph in _inner(comments[0], "ParagraphComment")).strip(),
        parameters=[command["param"] for command in _inner(comments[0], "ParamCommandComment")],
        tells_result=bool({"return", "retval"} & set(named)),
        since=named.get("since"),
    )


def _words(node: dict) -> str:
    text = node.get("text", "") + " ".join(_words(child) for child in node.get("inner", []))
    return " ".join(text.split())


def _map(header: Header) -> str:
    names = "".join(f"        {name};\n" for name in sorted(function.name for function in header.functions))
    return f"{{\n    global:\n{names}    local:\n        *;\n}};\n"


def main() -> None:
    what, *rest = sys.argv[1:] or ["--help"]
    if what == "--help" or len(rest) > 1:
        sys.exit(__doc__)
    header = Header(*map(Path, rest))
    answers = {
        "functions": lambda: "".join(f"{function.name}\n" for function in header.functions),
        "prototypes": lambda: "".join(f"{function.since}  {function.prototype}\n" for function in header.functions),
        "statuses": lambda: "".join(f"{c.since}  {c.name} {c.number}\n" for c in header.constants),
        "exports": lambda: _map(header),
        "faults": lambda: "".join(f"{fault}\n" for fault in header.faults()),
    }
    if what not in answers:
        sys.exit(f"header.py: unknown argument {what}")
    sys.stdout.write(answers[what]())


if __name__ == "__main__":
    main()

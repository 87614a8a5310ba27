"""What include/machineid.h declares, as libclang reads it: the one home of the lists of functions and statuses.

    script/lib/python --reference script/lib/header.py WHAT [HEADER]
    script/lib/python --reference script/lib/header.py --into FOLDER [HEADER]   every list, into a file of its name

    functions   the names of the functions
    parameters  FUNCTION PARAMETER, a line for each parameter
    prototypes  VERSION  PROTOTYPE, a line for each function, as in abi/symbols.txt
    statuses    VERSION  NAME NUMBER, a line for each status, as in abi/statuses.txt
    exports     exports.map, the version script of the linker
    faults      what the comments lack, and what is wrong with the versions; nothing when all is well
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterator, List, Optional

from clang.cindex import Cursor, CursorKind, Diagnostic, Index, TranslationUnit
from hawkmoth.util import compiler

HEADER = Path(__file__).resolve().parents[2] / "include" / "machineid.h"
FIRST_RELEASE = "0.1.0"  # the version of what has no @since


class Comment:
    """A documentation comment: its text before the first command, and what the commands say."""

    def __init__(self, raw: str):
        inside = re.sub(r"^/\*\*<?|\*/$", "", raw)
        text = "\n".join(re.sub(r"^\s*\*? ?", "", line) for line in inside.split("\n"))
        self.text = " ".join(re.split(r"^@", text, maxsplit=1, flags=re.M)[0].split())
        self.parameters = re.findall(r"^@param (\w+)", text, re.M)
        self.tells_result = bool(re.search(r"^@(return|retval) ", text, re.M))
        self.sections = set(re.findall(r"\b[Ss]ee (Texts|Operations)\b", text))
        since = re.search(r"^@since (\S+)", text, re.M)
        self.since = since and since[1]


@dataclass
class Declaration:
    """A function, a constant with its number, or a type."""

    cursor: Cursor
    comment: Optional[Comment]

    @property
    def name(self) -> str:
        return self.cursor.spelling

    @property
    def since(self) -> str:
        return (self.comment and self.comment.since) or FIRST_RELEASE


class Function(Declaration):
    @property
    def parameters(self) -> List[str]:
        return [argument.spelling for argument in self.cursor.get_arguments()]

    @property
    def result(self) -> str:
        return self.cursor.result_type.spelling

    @property
    def prototype(self) -> str:
        types = ", ".join(argument.type.spelling for argument in self.cursor.get_arguments())
        space = "" if self.result.endswith("*") else " "
        return f"{self.result}{space}{self.name}({types or 'void'})"

    def faults(self) -> Iterator[str]:
        if not self.comment or not self.comment.text:
            yield f"{self.name} has no comment"
            return
        if self.comment.parameters != self.parameters:
            given = ", ".join(self.comment.parameters) or "none"
            yield f"{self.name} has the parameters {', '.join(self.parameters)}, and its comment tells of {given}"
        if self.comment.tells_result != (self.result != "void"):
            has = "has a" if self.comment.tells_result else "has no"
            yield f"{self.name} returns {self.result}, and its comment {has} @return"


class Header:
    def __init__(self, path: Path = HEADER):
        options = ["-xc", "-std=c11", *compiler.get_include_args("cc", "c")]
        record = TranslationUnit.PARSE_DETAILED_PROCESSING_RECORD
        unit = Index.create().parse(str(path), options, options=record)
        errors = [d for d in unit.diagnostics if d.severity >= Diagnostic.Error]
        if errors:
            sys.exit("\n".join(map(str, errors)))
        here = [c for c in unit.cursor.get_children() if c.location.file and c.location.file.name == str(path)]
        enums = [c for c in here if c.kind == CursorKind.ENUM_DECL]
        self.functions = [_declared(Function, c) for c in here if c.kind == CursorKind.FUNCTION_DECL]
        self.constants = [_declared(Declaration, c) for enum in enums for c in enum.get_children()]
        self.types = [_declared(Declaration, c) for c in here if c.kind == CursorKind.TYPEDEF_DECL]
        macros = (list(c.get_tokens()) for c in here if c.kind == CursorKind.MACRO_DEFINITION)
        self.macros = {name.spelling: value[0].spelling for name, *value in macros if value}

    @property
    def version(self) -> str:
        return self.macros.get("MID_VERSION", "").strip('"')

    def faults(self) -> Iterator[str]:
        yield from self._version_faults()
        for function in self.functions:
            yield from function.faults()
        for constant in self.constants:
            if not constant.comment or "|" not in constant.comment.text:
                yield f"{constant.name} has no comment of the form: when | what to do"
        for declared in self.types:
            if not declared.comment:
                yield f"{declared.name} has no comment"

    def _version_faults(self) -> Iterator[str]:
        numbers = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)", self.version)
        if not numbers:
            yield "MID_VERSION is not of the form MAJOR.MINOR.PATCH"
            return
        major, minor, patch = map(int, numbers.groups())
        number = str(major * 10000 + minor * 100 + patch)
        if self.macros.get("MID_VERSION_NUMBER") != number:
            yield f"MID_VERSION_NUMBER must be {number} for version {self.version}"

    def lists(self) -> Dict[str, List[str]]:
        functions = self.functions
        exports = sorted(f"        {function.name};" for function in functions)
        return {
            "functions": [function.name for function in functions],
            "parameters": [f"{f.name} {parameter}" for f in functions for parameter in f.parameters],
            "prototypes": [f"{f.since}  {f.prototype}" for f in functions],
            "statuses": [f"{c.since}  {c.name} {c.cursor.enum_value}" for c in self.constants],
            "exports": ["{", "    global:", *exports, "    local:", "        *;", "};"],
            "faults": list(self.faults()),
        }


def _declared(kind, cursor: Cursor):
    return kind(cursor, Comment(cursor.raw_comment) if cursor.raw_comment else None)


def main() -> None:
    what, *rest = sys.argv[1:] or ["--help"]
    folder = Path(rest.pop(0)) if what == "--into" and rest else None
    if what in ("--help", "--into") and not folder or len(rest) > 1:
        sys.exit(__doc__)
    lists = Header(*map(Path, rest)).lists()
    if folder:
        for name, lines in lists.items():
            (folder / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    elif what in lists:
        print(*lists[what], sep="\n")
    else:
        sys.exit(f"header.py: unknown argument {what}")


if __name__ == "__main__":
    main()

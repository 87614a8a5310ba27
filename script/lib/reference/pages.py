"""The pages that are made from the header: one for each function, and machineid, with what holds for all."""

import re
import subprocess
from pathlib import Path
from typing import List, Tuple

from header import Function, Header
from markup import inline, table

# The guides in the order in which they are read; any others follow.
GUIDES = """
installing security-updates fail-closed troubleshooting guards machineid machineid-exec networks tls-and-proxies hosts
forking-servers fleets org-key observability ffi operating testing reliability
""".split()

MACHINEID = """\
machineid
=========

.. c:autosection:: file machineid
   :file: machineid.h

Statuses
--------

.. c:autotype:: mid_status
   :file: machineid.h

The numbers and names, when a call comes to them, and what to do then:

{statuses}

Types and constants
-------------------

{types}

Functions
---------

{functions}
"""

FUNCTION = """\
{name}
{underline}

.. c:autofunction:: {name}
   :file: machineid.h
"""

SECTION = """
.. c:autosection:: {section}
   :file: machineid.h
"""

SEE_ALSO = """
.. seealso:: {functions}
"""

# What stands below README.md on the first page: the tables of contents at the side.
CONTENTS = """
```{{toctree}}
:hidden:
:caption: Guides
:glob:

{guides}
docs/*
```

```{{toctree}}
:hidden:
:caption: Reference

machineid
{functions}
```

{programs}```{{toctree}}
:hidden:
:caption: Project
:glob:

[A-Z]*
Tests/README
bindings/README
```
"""


PROGRAMS = """\
```{toctree}
:hidden:
:caption: Programs
:glob:

programs/*
```

"""


def groups(function: Function) -> List[str]:
    """Returns the groups of a function: sections of the header that hold for it besides its own comment, or others."""
    in_sections = [("Guards", function.name.startswith("mid_guard_")), ("Operations", asks(function))]
    named = [name for name, is_in in in_sections if is_in]
    return named or ["Clients" if function.name.startswith("mid_client_") else "The library"]


def asks(function: Function) -> bool:
    return bool(function.comment) and "Operations" in function.comment.sections


def related(function: Function, header: Header) -> List[str]:
    """Returns the functions that are in a group with this one, and the one that frees what it gives."""
    if function.name == "mid_free":
        return []
    others = [other for other in header.functions if other.name not in (function.name, "mid_free")]
    made = [other.name for other in others if set(groups(other)) & set(groups(function))]
    return made + (["mid_free"] if "json" in function.parameters else [])


def brief(function: Function) -> str:
    """Returns the first sentence of a function's comment."""
    text = function.comment.text if function.comment else ""
    return re.split(r"(?<=[.?:;])\s", text.replace("`", ""), maxsplit=1)[0].rstrip(".:;")


def man_pages(header: Header) -> List[Tuple[str, str, str, List[str], int]]:
    """Returns what Sphinx must know of each man page: the document, the name, what it is about, authors, section."""
    made = [("machineid", "machineid", "the client of the MachineID execution authority", [], 3)]
    for function in header.functions:
        about = brief(function).rstrip("?")
        made.append((function.name, function.name, about[:1].lower() + about[1:], [], 3))
    return made


def write(header: Header, folder: Path, programs: List[Path]) -> None:
    names = [function.name for function in header.functions]
    for function in header.functions:
        _write(folder / f"{function.name}.rst", _function_page(function, header))
    _write(folder / "machineid.rst", _machineid_page(header))
    for program in programs:
        _write(folder / "programs" / f"{program.name}.rst", _program_page(program))
    guides = "\n".join(f"docs/{name}" for name in GUIDES if (folder / "docs" / f"{name}.md").exists())
    index = (folder / "README.md").read_text(encoding="utf-8")
    contents = CONTENTS.format(guides=guides, functions="\n".join(names), programs=PROGRAMS if programs else "")
    _write(folder / "index.md", index + contents)


def _function_page(function: Function, header: Header) -> str:
    page = FUNCTION.format(name=function.name, underline="=" * len(function.name))
    page += "".join(SECTION.format(section=group) for group in groups(function) if group in ("Guards", "Operations"))
    others = ", ".join(f":c:func:`{name}`" for name in related(function, header))
    return page + (SEE_ALSO.format(functions=others) if others else "")


def _machineid_page(header: Header) -> str:
    rows = [("Number", "Name", "When", "What to do")]
    for constant in header.constants:
        cells = [inline(cell.strip()) for cell in constant.comment.text.split("|")]
        # The name, with a label that links lead to.
        name = f".. _{constant.name}:\n\n       ``{constant.name}``"
        rows.append((str(constant.cursor.enum_value), name, *cells))
    types = [f".. c:automacro:: {name}\n   :file: machineid.h\n" for name in header.macros]
    types += [f".. c:autotype:: {t.name}\n   :file: machineid.h\n" for t in header.types if t.name != "mid_status"]
    functions = [f":c:func:`{f.name}`\n   {brief(f)}\n" for f in header.functions]
    statuses = table(rows, widths="8 26 40 26")
    return MACHINEID.format(statuses=statuses, types="\n".join(types), functions="\n".join(functions))


def _program_page(program: Path) -> str:
    """Returns the page of a program: what it says to --help, and what its commands say."""
    said = _help(program)
    page = f"{program.name}\n{'=' * len(program.name)}\n\n{_block(said)}"
    listed = re.search(r"^Commands:$(.*?)^Options", said, re.M | re.S)
    for command in re.findall(r"^  ([a-z]+) ", listed[1] if listed else "", re.M):
        title = f"{program.name} {command}"
        page += f"\n{title}\n{'-' * len(title)}\n\n"
        other = program.with_name(f"{program.name}-{command}")
        behind = f":doc:`{other.name}` is the program behind it.\n"
        page += behind if other.exists() else _block(_help(program, command))
    return page


def _help(*command: object) -> str:
    return subprocess.run([*command, "--help"], check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout


def _block(said: str) -> str:
    lines = "\n".join(f"   {line}".rstrip() for line in said.splitlines())
    return f".. code-block:: text\n\n{lines}\n"


def _write(path: Path, text: str) -> None:
    """Writes a file only if its text has changed, so that Sphinx reads again only what has changed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")

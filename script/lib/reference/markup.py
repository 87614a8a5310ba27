"""Converts the Markdown in the comments of the header to reStructuredText."""

import re
from typing import List, Tuple

# Literals come first, so that nothing in them becomes a link. A name in quotes does not become one either.
INLINE = re.compile(
    r"""
    `(?P<literal>[^`]+)`
    | \b(?P<function>mid_\w+)\(\)
    | (?<!")\b(?P<constant>MID_\w+)
    | \bdocs/(?P<guide>[\w-]+)\.md
    | (?<=[Ss]ee\ )(?P<section>Texts|Operations)
    """,
    re.X,
)


def inline(text: str) -> str:
    """Converts literals, and makes links to functions, statuses, guides and sections. A literal may span two lines."""
    return INLINE.sub(_markup, text)


def _markup(match) -> str:
    if match["literal"]:
        return f"``{' '.join(match['literal'].split())}``"
    if match["function"]:
        return f":c:func:`{match['function']}`"
    if match["guide"]:
        return f":doc:`docs/{match['guide']}.md </docs/{match['guide']}>`"
    if match["section"]:
        # Texts is on another page, and Operations on the same one.
        return ":ref:`Texts <Texts>`" if match["section"] == "Texts" else f"{match['section']}_"
    if match.string[: match.start()].endswith("@retval "):
        return match["constant"]
    role = "c:macro" if match["constant"].startswith("MID_VERSION") else "status"
    return f":{role}:`{match['constant']}`"


def table(rows: List[Tuple[str, ...]], widths: str = "auto") -> str:
    """Returns a table whose first row is its head."""
    lines = [".. list-table::", "   :header-rows: 1", f"   :widths: {widths}", ""]
    for row in rows:
        lines += [f"   {'*' if n == 0 else ' '} - {cell}" for n, cell in enumerate(row)]
    return "\n".join(lines)

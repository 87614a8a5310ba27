"""Markdown, as the comments of the header have it, to reStructuredText."""

import re
from typing import List, Tuple

# Literals first, so that nothing in them is a link. Nor is a name in quotes, which is a text.
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
    """Literals, and links to functions, statuses, guides and sections. A literal may go on in the next line."""
    return INLINE.sub(_markup, text)


def _markup(match) -> str:
    if match["literal"]:
        return f"``{' '.join(match['literal'].split())}``"
    if match["function"]:
        return f":c:func:`{match['function']}`"
    if match["guide"]:
        return f":doc:`docs/{match['guide']}.md </docs/{match['guide']}>`"
    if match["section"]:
        # That one is on another page.
        return ":ref:`Texts <Texts>`" if match["section"] == "Texts" else f"{match['section']}_"
    if match.string[: match.start()].endswith("@retval "):
        return match["constant"]
    role = "c:macro" if match["constant"].startswith("MID_VERSION") else "status"
    return f":{role}:`{match['constant']}`"


def table(rows: List[Tuple[str, ...]], widths: str = "auto") -> str:
    """The first row is its head."""
    lines = [".. list-table::", "   :header-rows: 1", f"   :widths: {widths}", ""]
    for row in rows:
        lines += [f"   {'*' if n == 0 else ' '} - {cell}" for n, cell in enumerate(row)]
    return "\n".join(lines)

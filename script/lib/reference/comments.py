"""Converts the comments of the header from Markdown with Doxygen's commands to reStructuredText, which Sphinx reads.

hawkmoth.ext.javadoc, which runs after this, converts most commands. This converts the rest: headings, tables, examples,
@retval, literals, and links to functions, statuses and guides. It gives a function without @since the version of the
first release. It also turns links of the guides to folders into text.
"""

import os
import re
from pathlib import Path

from docutils import nodes
from sphinx.addnodes import pending_xref

from header import FIRST_RELEASE
from markup import inline, table


def process(app, lines, transform, options) -> None:
    made, rows, in_code = [], [], False
    for line in "\n".join(_marked_up(lines)).split("\n") + [""]:
        if rows and not line.startswith("|"):
            made += ["", *table(rows).split("\n"), ""]
            rows = []
        if line.strip() == "@code":
            made += ["", ".. code-block:: c", ""]
            in_code = True
        elif line.strip() == "@endcode":
            made.append("")
            in_code = False
        elif in_code:
            made.append(f"   {line}")
        elif line.startswith("|"):
            cells = tuple(cell.strip() for cell in line.strip("|").split("|"))
            if not re.fullmatch(r"[-|]+", line):
                rows.append(cells)
        elif line.startswith("## "):
            title = line[3:]
            made += ["", *([f".. _{title}:", ""] if title == "Texts" else []), title, "-" * len(title), ""]
        elif line.startswith("@retval "):
            _, constant, text = line.split(" ", 2)
            made += ["", f":retval {constant}: {text}"]
        else:
            made.append(line)
    commands = {line.split(" ")[0] for line in lines}
    if commands & {"@param", "@return", "@retval"} and "@since" not in commands:
        made.append(f"@since {FIRST_RELEASE}")
    lines[:] = made


def _marked_up(lines):
    """Yields the parts of the text: examples as they are, and everything else with its inline markup converted."""
    for part in re.split(r"(@code\n.*?@endcode)", "\n".join(lines), flags=re.S):
        yield part if part.startswith("@code") else inline(part)


def status(name, source, text, line, inliner, options=None, content=None):
    """Makes a link to a status in the table of statuses."""
    target = {"refdomain": "std", "reftype": "ref", "reftarget": text.lower(), "refexplicit": True, "refwarn": True}
    target["refdoc"] = inliner.document.settings.env.docname
    return [pending_xref(source, nodes.literal(text, text), **target)], []


def read(app, page, source) -> None:
    """Turns links to folders, which have no page, into text. A link to README.md leads to the first page."""
    root = Path(app.srcdir)
    folder = (root / page).parent

    def link(match):
        if (folder / match[2]).is_dir():
            return match[1]
        is_first = os.path.normpath(folder / match[2]) == str(root / "README.md")
        return match[0].replace("README.md", "index.md") if is_first else match[0]

    source[0] = re.sub(r"\[([^\]]*)\]\(([^)#:]+)\)", link, source[0])


def setup(app):
    app.setup_extension("hawkmoth.ext.javadoc")
    app.connect("hawkmoth-process-docstring", process, priority=400)
    app.connect("source-read", read)
    app.add_role("status", status)

"""Gives the man page of a function the sections that man pages have: Sphinx would put all of it into one."""

import textwrap

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform


class ManSections(SphinxPostTransform):
    default_priority = 5  # before references are resolved
    builders = ("man",)

    def run(self, **options):
        title = next(iter(self.document.findall(nodes.title)), None)
        page = title.astext() if title else ""
        mentioned = _name_pages(self.document, page, self.env.found_docs) | {"machineid"}
        for related in list(self.document.findall(addnodes.seealso)):
            related.parent.remove(related)  # these are in the section at the end
        for table in list(self.document.findall(nodes.table)):
            table.replace_self(_rows(table))
        if page == "machineid":
            before = [child for child in title.parent.children[1:] if not isinstance(child, nodes.section)]
            title.parent[1 : 1 + len(before)] = list(_head("", before))
        for described in list(self.document.findall(addnodes.desc)):
            if described.get("objtype") != "function":
                continue
            fields, text = _content(described)
            described.replace_self(list(_sections(described[0].astext(), fields, text)))
            if "Since" in fields:
                title.parent += _section("History", nodes.paragraph("", f"Since version {fields['Since'].astext()}."))
            title.parent += _section("See also", _see_also(mentioned - {page}))


def _name_pages(document, page, pages):
    """Writes the functions that a page mentions as mid_free(3), and returns their names."""
    mentioned = set()
    for reference in list(document.findall(addnodes.pending_xref)):
        name = reference["reftarget"]
        if reference["refdomain"] == "c" and reference["reftype"] == "func" and name in pages and name != page:
            mentioned.add(name)
            reference.replace_self(_page(name))
        elif name == "texts" and page != "machineid":
            reference.replace_self([nodes.Text("Texts in "), *_page("machineid")])
    return mentioned


def _rows(table):
    """Makes a list of definitions from a table, which may be too wide for a terminal."""
    head, *rows = [[" ".join(entry.astext().split()) for entry in row] for row in table.findall(nodes.row)]
    made = nodes.definition_list()
    for name, *cells in rows:
        if head[0] == "Number":
            name, text = f"{cells[0]} ({name})", ": ".join(cells[1:])
        else:
            text = "; ".join(f"{title} {cell}" for title, cell in zip(head[1:], cells))
        term = nodes.term("", "", nodes.strong("", name))
        made += nodes.definition_list_item("", term, nodes.definition("", nodes.paragraph("", text)))
    return made


def _content(described):
    """Returns the fields of a function's comment by their names, and the text before them."""
    fields, text = {}, []
    for node in described[-1].children:
        if isinstance(node, nodes.field_list):
            fields.update((field[0].astext(), field[1]) for field in node)
        else:
            text.append(node)
    return fields, text


def _head(prototype, text):
    yield _section("Library", nodes.paragraph("", "libmachineid (libmachineid.so.0, -lmachineid)"))
    yield _section("Synopsis", nodes.literal_block("", f"#include <machineid.h>\n\n{prototype}".rstrip()))
    yield _section("Description", *text)


def _sections(signature, fields, text):
    yield from _head(_prototype(signature), text)
    if "Parameters" in fields:
        yield _section("Parameters", _definitions(fields["Parameters"]))
    result = [_definitions(fields["Return values"])] if "Return values" in fields else []
    result += fields["Returns"].children if "Returns" in fields else []
    if result:
        yield _section("Return value", *result)


def _prototype(signature):
    """Breaks a prototype into lines for a terminal, between parameters only."""
    before, parameters = signature.split("(", 1)
    whole = ", ".join(parameter.replace(" ", "\xa0") for parameter in parameters.split(", "))
    filled = textwrap.fill(whole, 71 - len(before), break_on_hyphens=False).replace("\xa0", " ")
    return f"{before}({filled};".replace("\n", "\n" + " " * (len(before) + 1))


def _section(title, *content):
    return nodes.section("", nodes.title(title, title), *content, ids=[title.lower().replace(" ", "-")])


def _definitions(body):
    """Makes a list of definitions from a field, whose paragraphs are each a name, a dash and a text."""
    made = nodes.definition_list()
    for paragraph in body.findall(nodes.paragraph):
        name, _, *text = paragraph.children
        if text and isinstance(text[0], nodes.Text):
            text[0] = nodes.Text(text[0].lstrip())
        term = nodes.term("", "", nodes.strong("", name.astext()))
        made += nodes.definition_list_item("", term, nodes.definition("", nodes.paragraph("", "", *text)))
    return made


def _see_also(names):
    made = nodes.paragraph()
    for n, name in enumerate(sorted(names)):
        made += [nodes.Text(", ")] if n else []
        made += _page(name)
    return made


def _page(name):
    return [nodes.strong(name, name), nodes.Text("(3)")]


class Dashes(SphinxPostTransform):
    """Sets the dash between a parameter and its text. Sphinx leaves that to smart quotes, which are switched off."""

    default_priority = 5
    builders = ("html",)

    def run(self, **options):
        for text in list(self.document.findall(nodes.Text)):
            if text == " -- ":
                text.parent.replace(text, nodes.Text(" \N{EN DASH} "))


def setup(app):
    app.add_post_transform(ManSections)
    app.add_post_transform(Dashes)

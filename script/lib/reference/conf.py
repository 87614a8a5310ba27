"""Sphinx's settings for the reference. script/reference lays out the sources that this reads."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path[:0] = [str(HERE), str(HERE.parent)]

import pages  # noqa: E402
from header import Header  # noqa: E402

_header = Header()

project = "libmachineid"
author = "The libmachineid authors"
version = release = _header.version
extensions = ["hawkmoth", "comments", "man_sections", "myst_parser"]
include_patterns = ["*.md", "*.rst", "docs/*.md", "Tests/README.md", "bindings/README.md", "programs/*.rst"]
exclude_patterns = ["README.md"]  # it is the first half of index.md
nitpicky = True
smartquotes = False
nitpick_ignore = [("c:identifier", name) for name in ("int32_t", "size_t")]
highlight_language = "text"
myst_heading_anchors = 3

# hawkmoth takes the header from here, and what it includes from where the compiler has it.
hawkmoth_root = str(ROOT / "include")
hawkmoth_compiler = "cc"
hawkmoth_transform_default = "javadoc"

man_pages = pages.man_pages(_header)
man_make_section_directory = True
today_fmt = "%B %-d, %Y"

html_theme = "furo"
html_title = f"libmachineid {version}"
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_theme_options = {
    "navigation_with_keys": True,
    "light_css_variables": {"color-brand-primary": "#0b5a7a", "color-brand-content": "#0b5a7a"},
    "dark_css_variables": {"color-brand-primary": "#6cc7ea", "color-brand-content": "#6cc7ea"},
}


def setup(app):
    pages.write(_header, Path(app.srcdir), [p for p in sorted(ROOT.glob("build/bin/machineid*")) if not p.suffix])

"""Finds the links of a site that lead nowhere: to no file, or to no place in one."""

from functools import lru_cache
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.links, self.places = [], set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in ("href", "src") and value:
                self.links.append(value)
            elif name in ("id", "name") and value:
                self.places.add(value)


@lru_cache(maxsize=None)
def page(path):
    return Page(path)


def is_dead(path, link):
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return False
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if not target.exists():
        return True
    if not parts.fragment or target.suffix != ".html":
        return False
    return unquote(parts.fragment) not in page(target).places


def dead_links(folder):
    """Returns a line for each link of the site in the folder that leads nowhere."""
    folder = folder.resolve()
    pages = sorted(folder.rglob("*.html"))
    return [f"{path.relative_to(folder)}: {link}" for path in pages for link in page(path).links if is_dead(path, link)]

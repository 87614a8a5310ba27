"""Tests that script/reference makes pages of all that machineid.h and the programs document, without faults and with
valid references, also of declarations that machineid.h does not have yet."""

import re
import shutil

import pytest
from checks import equal
from commands import outcome, said
from project import HEADER, ROOT, functions, version

pytestmark = pytest.mark.xdist_group("build")

MAN, HTML = ROOT / "build/man", ROOT / "build/html"


@pytest.fixture(scope="module", autouse=True)
def reference():
    assert shutil.which("mandoc"), "there is no mandoc; script/bootstrap --tests installs it"
    said("script/reference")


def lint(*pages):
    """mandoc does not find the pages that ours refer to; test_references checks them."""
    lines = outcome("mandoc", "-T", "lint", "-W", "style", *pages).stdout.splitlines()
    return [line for line in lines if "referenced manual not found" not in line]


def pages():
    return sorted(MAN.glob("man?/*"))


def test_pages():
    programs = [path.name for path in (ROOT / "build/bin").glob("machineid-*")]
    expected = [f"{name}.3" for name in ("machineid", *functions())] + [f"{name}.1" for name in programs]
    equal("each function and each program has its page", sorted(expected), sorted(path.name for path in pages()))
    html = sorted(path.name for path in HTML.glob("*.html"))
    equal("each page has its HTML", sorted(f"{name}.html" for name in expected), html)
    equal("mandoc has nothing to say against them", [], lint(*pages()))
    other = [path.name for path in pages() if f".Os libmachineid {version()}\n" not in path.read_text()]
    equal("all are of this version", [], other)


def test_references():
    text = "".join(path.read_text() for path in pages())
    referred = set(re.findall(r"^\.(?:It )?Xr ([^ ]*) ([1-8])", text, re.M))
    missing = [
        f"{name}.{section}" for name, section in referred if not (MAN / f"man{section}/{name}.{section}").exists()
    ]
    equal("the pages that pages refer to are there", [], missing)
    links = {link for path in HTML.glob("*.html") for link in re.findall(r'href="([^"#:]+)', path.read_text())}
    equal("the links of the HTML lead somewhere", [], [link for link in links if not (HTML / link).exists()])


def test_everything_is_there():
    text = "".join(path.read_text() for path in MAN.glob("man3/*"))
    words = re.findall(r'^ \*.* ("[a-z_]*")  ', HEADER.read_text(), re.M)
    words += re.findall(r"^ *(MID_[A-Z_]*) =", HEADER.read_text(), re.M)
    lost = [word for word in words if word.replace('"', r"\(dq") not in text]
    equal("every option and every status of machineid.h is in a page", [], lost)
    for program in (ROOT / "build/bin").glob("machineid-*"):
        page = (MAN / f"man1/{program.name}.1").read_text()
        options = re.findall(r"^  *(?:-[a-z], )?(--[a-z-]*)", said(program, "--help"), re.M)
        lost = [option for option in options if "Sy " + option.replace("-", r"\-") not in page]
        equal(f"every option of {program.name} is in its page", [], lost)


@pytest.fixture(scope="module")
def other_header(tmp_path_factory):
    """The pages that are made of another header."""
    folder = tmp_path_factory.mktemp("other")
    scripts = [
        part for name in ("mdoc", "read-header", "header-pages") for part in ("-f", f"script/lib/reference/{name}.awk")
    ]
    settings = [part for value in ("version=1.2.3", "date=May 1, 2025", f"folder={folder}") for part in ("-v", value)]
    header = "Tests/packaging/reference/other.h"
    said("awk", *settings, *scripts, header, environment={"LC_ALL": "C"})
    return folder


def test_other_header(other_header):
    found = sorted(path.name for path in other_header.glob("*.3"))
    expected = ["machineid.3", "mid_other.3", "mid_set.3", "mid_set_again.3"]
    equal("functions without a comment are told of with those before", expected, found)
    words = lint(*other_header.glob("*.3"))
    equal("mandoc has nothing to say against the pages of another header", [], words)


@pytest.mark.parametrize("page", ["machineid", "mid_set_again", "mid_other"])
def test_other_page(other_header, page):
    expected = (ROOT / f"Tests/packaging/reference/expected/{page}.txt").read_text()
    found = re.sub(".\b", "", said("mandoc", "-T", "ascii", other_header / f"{page}.3"))
    equal(f"{page}.3 of another header reads as it should", expected.strip("\n"), found.strip("\n"))

"""Tests that script/reference says all that machineid.h, docs and the programs say, in man pages and in a site whose
links lead somewhere; that it does nothing when nothing has changed, and fails on faults of the header."""

import re

import pytest
from checks import equal, holds
from commands import outcome, said
from project import ROOT, commands, version
from site_links import dead_links
from trees import copy_project

pytestmark = [pytest.mark.xdist_group("build"), pytest.mark.early]

MAN, HTML = ROOT / "build/man", ROOT / "build/html"


@pytest.fixture(scope="module", autouse=True)
def reference():
    """For Sphinx a warning is an error."""
    said("script/reference", seconds=1800)


def header(what):
    """Returns a list of what machineid.h declares."""
    return said("script/lib/python", "--reference", "script/lib/header.py", what).splitlines()


def programs():
    return sorted((ROOT / "build/bin").glob("machineid*"))


def man_pages():
    return sorted(path for path in MAN.rglob("*") if path.is_file())


def text(name):
    """Returns a man page as a person sees it."""
    return re.sub(".\b", "", said("mandoc", "-T", "utf8", "-O", "width=100", MAN / f"man3/{name}.3"))


# ---- What there is


def test_pages():
    names = [path.name for path in programs()]
    expected = [f"{name}.3" for name in ["machineid", *header("functions")]] + [f"{name}.1" for name in names]
    expected += [f"machineid-{name}.1" for name in commands()]
    found = sorted(path.name for path in man_pages())
    equal("each function and each program has its man page", sorted(expected), found)
    sites = ["index", "search", "machineid", "Tests/README", *header("functions")]
    sites += [f"programs/{name}" for name in names] + [f"docs/{path.stem}" for path in (ROOT / "docs").glob("*.md")]
    missing = [site for site in sites if not (HTML / f"{site}.html").exists()]
    equal("each of them and each guide has its place in the site", [], missing)


def test_site():
    equal("the links of the site lead somewhere", [], dead_links(HTML))
    index = (HTML / "searchindex.js").read_text()
    unfound = [name for name in header("functions") if f'"{name}"' not in index]
    equal("its search knows each function", [], unfound)
    files = [*man_pages(), *(path for path in HTML.rglob("*") if path.is_file())]
    telling = [str(path) for path in files if str(ROOT).encode() in path.read_bytes()]
    equal("no page has the path of this folder in it", [], telling)


# ---- The man pages


def test_names_are_whole():
    """A person searches for them and copies them, so none is hyphenated, and an example in JSON keeps its lines."""
    equal("hyphens are switched off", [], [page.name for page in man_pages() if "\n.nh\n" not in page.read_text()])
    shown = said("mandoc", "-T", "utf8", "-O", "width=78", MAN / "man1/machineid-emulator.1")
    lines = [line.strip() for line in re.sub(".\b", "", shown).splitlines()]
    help_text = said(ROOT / "build/bin/machineid-emulator", "--help")
    example = re.search(r'^  (\{"steps".*?\]\})$', help_text, re.M | re.S)[1]
    missing = [line.strip() for line in example.splitlines() if line.strip() not in lines]
    equal("the lines of the scenario", [], missing)


def warnings(page):
    """Returns what groff has to say, but for a long word that leaves a line ragged."""
    settings = {"LC_ALL": "C.UTF-8", "MANROFFSEQ": "", "MANWIDTH": 80}
    command = ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page]
    lines = outcome(*command, merged=False, environment=settings).stderr.splitlines()
    return [line for line in lines if "cannot adjust line" not in line]


def test_form():
    pages = man_pages()
    equal("mandoc finds no error in them", "", outcome("mandoc", "-T", "lint", "-W", "error", *pages).stdout)
    equal("groff has nothing to say against them", [], [line for page in pages for line in warnings(page)])
    head = re.compile(rf'^\.TH .*"(libmachineid )?{re.escape(version())}"', re.M)
    equal("all are of this version", [], [page.name for page in pages if not head.search(page.read_text())])


def test_sections():
    lost = []
    for prototype in header("prototypes"):
        result, name = re.match(r"\S+ +(.*[ *])(mid_[a-z_0-9]+)\(", prototype).groups()
        sections = ["NAME", "LIBRARY", "SYNOPSIS", "DESCRIPTION", "HISTORY", "SEE ALSO"]
        sections += ["RETURN VALUE"] if result.strip() != "void" else []
        page = text(name)
        lost += [f"{name}: {section}" for section in sections if section not in page.splitlines()]
        if not re.search(f"^ *{name} - .*[a-z]", page, re.M):
            lost.append(f"{name}: what it does, in a line")
    equal("each page of a function has its sections", [], lost)


def see_also(name):
    """Returns the pages that the last section of a page leads to."""
    return re.findall(r"([a-z_]+)\(3\)", text(name).partition("\nSEE ALSO\n")[2])


def test_see_also():
    sought = {"machineid", "mid_register", "mid_validate_many", "mid_guard_start", "mid_free"}
    equal("mid_validate leads to what is used with it", set(), sought - set(see_also("mid_validate")))
    alone = [name for name in header("functions") if len(set(see_also(name)) - {"machineid"}) == 0]
    equal("every page but that of mid_free leads to another function", ["mid_free"], alone)
    equal("none leads to itself", [], [name for name in header("functions") if name in see_also(name)])
    site = (HTML / "mid_validate.html").read_text()
    told = re.search(r'class="admonition seealso".*?</div>', site, re.S)
    holds("the site has the same", told and all(f"{name}.html" in told[0] for name in sought - {"machineid"}))
    holds("mid_build_info is no question to the authority", "Operations" not in text("mid_build_info"))


def test_parameters():
    lost = []
    for line in header("parameters"):
        name, parameter = line.split()
        told = re.search(r"^PARAMETERS$.*?^(?=[A-Z])", text(name), re.M | re.S)
        if not told or not re.search(rf"^ *{parameter}( |$)", told[0], re.M):
            lost.append(line)
    equal("each parameter is in the page of its function", [], lost)


def test_references():
    whole = re.sub(r"\\f[BP]", "", "".join(page.read_text() for page in man_pages()))
    referred = set(re.findall(r"(mid_[a-z_]*|machineid[a-z-]*)\(([13])\)", whole))
    holds("pages refer to others", referred)
    missing = [f"{name}.{number}" for name, number in referred if not (MAN / f"man{number}/{name}.{number}").exists()]
    equal("the pages that pages refer to are there", [], missing)


def test_everything_is_there():
    page = text("machineid")
    words = [line.split()[1] for line in header("statuses")]
    words += ["MID_VERSION", "MID_VERSION_NUMBER", "mid_client", "mid_guard"]
    lost = [word for word in words if not re.search(rf"^ *(type )?{word}( \(.*\))?$", page, re.M)]
    equal("machineid.3 has every status, type and constant", [], lost)
    sources = "".join(path.read_text() for path in (ROOT / "Sources/MachineIDC").rglob("*.swift"))
    options = set(re.findall('key == "([a-z_]*)"', sources))
    holds("the library knows options", options)
    whole = "".join(page.read_text() for page in MAN.glob("man3/*"))
    equal("every option that the library knows is in a page", [], [name for name in options if name not in whole])
    helps = {program.name: [program] for program in programs()}
    helps |= {f"machineid-{name}": [ROOT / "build/bin/machineid", name] for name in commands()}
    for name, command in helps.items():
        page = (MAN / f"man1/{name}.1").read_text()
        options = re.findall(r"^  *(?:-[a-z], )?(--[a-z-]*)", said(*command, "--help"), re.M)
        holds(f"{name} --help has options", options)
        lost = [option for option in options if option.replace("-", r"\-") not in page]
        equal(f"every option of {name} is in its page", [], lost)


# ---- When it works, and when it fails


def test_nothing_has_changed():
    def made():
        files = [path for folder in (MAN, HTML) for path in folder.rglob("*") if path.is_file()]
        return {str(path): path.stat().st_mtime_ns for path in files}

    before = made()
    said("script/reference")
    equal("when nothing has changed it makes nothing", before, made())


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    return copy_project(tmp_path_factory.mktemp("reference") / "tree")


# How the header changes, and what is said then.
FAULTS = {
    "links that lead nowhere": (
        {r"mid_unrevoke\(\)": "mid_unrevok()", "docs/hosts.md": "docs/host.md"},
        ["mid_unrevok\\b", "docs/host\\b"],
    ),
    "functions without comments": ({r"^/\*\*$": "/*"}, ["mid_remove.*does not match documented symbols"]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_refuses(copy, fault):
    changes, messages = FAULTS[fault]
    header = (ROOT / "include/machineid.h").read_text()
    for pattern, replacement in changes.items():
        before = header
        header = re.sub(pattern, replacement, before, flags=re.M)
        assert header != before, "the test changes the header"
    (copy / "include/machineid.h").write_text(header)
    python = said("script/lib/python", "--reference", "-c", "import sys; print(sys.executable)").strip()
    result = outcome(copy / "script/reference", "--man", environment={"MACHINEID_PYTHON": python})
    equal(f"it refuses {fault}", (True, False), (result.returncode != 0, (copy / "build/man").exists()))
    unsaid = [message for message in messages if not re.search(message, result.stdout)]
    equal("and names each", [], unsaid)

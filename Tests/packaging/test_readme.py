"""Checks that the documents are true: their code blocks are the files that they name, links have targets, files that
are named exist, and in every language the gate compiles and works, with build/ and an emulator."""

import os
import re
import shutil

import pytest
from checks import equal, holds
from commands import outcome, passes, said
from project import ROOT

# The languages of the programs that a page shows. Each program is the file that the line above it links to.
SHOWN = {"README.md": ["c", "python", "rust", "go"]}
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("Tests/*.md")])
FOLDERS = "Sources|Tests|abi|benchmarks|examples|include|packaging|script"
GO = {"GO111MODULE": "off", "GOTOOLCHAIN": "local"}


def name_of(page):
    return str(page.relative_to(ROOT))


def blocks(text):
    """Yields for each block of code its language, its text, and the first link in the line above it."""
    for match in re.finditer(r"([^\n]*)\n+```(\w*)\n(.*?)^```", text, re.M | re.S):
        link = re.search(r"\]\(([^)]*)\)", match[1])
        yield match[2], match[3], link[1] if link else None


def shell(text):
    """Returns the shell commands of a page."""
    return "".join(code for language, code, _ in blocks(re.sub("^ +", "", text, flags=re.M)) if language == "sh")


@pytest.mark.parametrize("page", SHOWN)
def test_programs_shown(page):
    shown = [block for block in blocks((ROOT / page).read_text()) if block[0] not in ("sh", "mermaid", "")]
    equal(f"{page} shows a program in each language", SHOWN[page], [language for language, _, _ in shown])
    for language, code, link in shown:
        file = (ROOT / page).parent / (link or "-")
        if not file.is_file():
            holds(f"{page}: the {language} block names its file in the line above", False, f"found there: {link}")
        else:
            equal(f"{page} shows {link} as it is", file.read_text(), code)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links(page):
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text())
    dead = [link for link in links if not re.match("https?:", link) and not (page.parent / link).exists()]
    equal(f"the links of {name_of(page)} lead somewhere", [], dead)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_names(page):
    """Paths in backticks or in shell commands that begin with a folder of the project exist. NAME and VERSION are
    placeholders; CHANGELOG.md may name files that are gone."""
    text = page.read_text()
    code = "\n".join([*re.findall(r"`([^`\n]*)`", text), shell(text)])
    paths = {path.rstrip(".:") for path in re.findall(rf"(?<![\w./-])((?:{FOLDERS})/[\w./+-]*)", code)}
    missing = [path for path in sorted(paths) if not re.search("NAME|VERSION", path) and not (ROOT / path).exists()]
    if page.name != "CHANGELOG.md":
        equal(f"the files that {name_of(page)} names are there", [], missing)
    scripts = [path for path in paths if re.fullmatch("script/[a-z-]+", path)]
    equal("its scripts can be started", [], [path for path in scripts if not os.access(ROOT / path, os.X_OK)])


# ---- The gates


@pytest.fixture(scope="module")
def flags(tmp_path_factory):
    """The flags that pkg-config prints for the library in build/."""
    folder = tmp_path_factory.mktemp("pkg-config")
    text = (ROOT / "packaging/machineid.pc.in").read_text()
    for mark, value in {"@PREFIX@": ROOT, "@LIBDIR@": ROOT / "build/lib", "@VERSION@": "0"}.items():
        text = text.replace(mark, str(value))
    (folder / "machineid.pc").write_text(text)
    environment = {"PKG_CONFIG_PATH": folder}
    return said("pkg-config", "--cflags", "--libs", "machineid", environment=environment).split(), environment


@pytest.fixture
def fleet(flags, tmp_path):
    said("cc", "-o", tmp_path / "fleet", "examples/c/fleet.c", *flags[0])
    return tmp_path / "fleet"


def made(language, folder, flags):
    """Compiles the gate of a language, and returns the command that runs it."""
    gate = folder / f"gate.{language}"
    if language == "py":
        return ["python3", "-W", "error", "examples/python/gate.py"]
    compiler = {"c": "cc", "rs": "rustc", "go": "go"}[language]
    if not shutil.which(compiler):
        pytest.skip(f"there is no {compiler}")
    commands = {
        "c": [["cc", "-Wall", "-Wextra", "-pedantic", "-Werror", "-o", gate, "examples/c/gate.c", *flags[0]]],
        "rs": [
            ["rustc", "--edition", "2021", "-D", "warnings", "-L", "build/lib", "-o", gate, "examples/rust/gate.rs"],
        ],
        "go": [["go", "vet", "examples/go/gate.go"], ["go", "build", "-o", gate, "examples/go/gate.go"]],
    }
    for command in commands[language]:
        environment = {**flags[1], **GO, "LD_LIBRARY_PATH": ROOT / "build/lib"}
        passes(f"gate.{language} compiles without a warning", *command, environment=environment)
    return [gate]


@pytest.mark.parametrize("language", ["c", "py", "rs", "go"])
def test_gate(flags, fleet, emulator, tmp_path, language):
    command = made(language, tmp_path, flags)
    started = emulator("--plan", "pro", "--org-key", "org_readme")
    usual = {
        "LD_LIBRARY_PATH": ROOT / "build/lib",
        "MACHINEID_ORG_KEY": "org_readme",
        "MACHINEID_BASE_URL": started.url,
        "MACHINEID_DEVICE_ID": f"readme:gate.{language}",
    }

    def situation(what, status, words, pattern, **changed):
        result = outcome(*command, merged=False, environment=usual | changed, seconds=60)
        is_right = result.returncode == status and result.stdout.strip() == words
        is_right = is_right and re.fullmatch(pattern, result.stderr.strip())
        details = f"status {result.returncode}, expected {status}\nstdout: {result.stdout}\nstderr: {result.stderr}"
        holds(f"gate.{language}: {what}", is_right, details)

    situation("allowed, it works", 0, "working", "")
    said(fleet, "revoke", usual["MACHINEID_DEVICE_ID"], environment=usual)
    denied = r'not allowed: MID_OK \{.*"code":"DEVICE_REVOKED".*"request_id":"[0-9a-f-]{36}".*\}'
    situation("revoked, it does not work, and says the code and the request id", 1, "", denied)
    refused = r"not allowed: MID_REFUSED \{.*\}"
    situation("an unknown org key is refused", 1, "", refused, MACHINEID_ORG_KEY="org_unknown")
    no_key = r'not allowed: MID_NO_ORG_KEY \{.*"CLIENT_NO_ORG_KEY".*\}'
    situation("no org key", 1, "", no_key, MACHINEID_ORG_KEY="")
    invalid = r"not allowed: MID_INVALID_ARGUMENT \{.*\}"
    situation("an empty device id", 1, "", invalid, MACHINEID_DEVICE_ID="")
    started.stop()
    gone = r'not allowed: MID_CONNECT_FAILED \{.*"CLIENT_CONNECT_FAILED".*\}'
    situation("no authority, it does not work", 1, "", gone)

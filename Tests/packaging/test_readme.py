"""Checks that the documents are true: the programs in README.md and docs/ffi.md are the files they name, and in every
language the gate compiles and works, with build/ and an emulator; the shell commands of README.md work; links have
targets; files and tests that are named exist; and the messages in docs/troubleshooting.md are those of the library."""

import os
import re
import shlex
import shutil
import sys

import pytest
from checks import equal, holds
from commands import outcome, passes, said
from pkgconfig import describe_library
from project import ROOT

# The languages of the programs that a page shows. Each program is the file that the line above it links to.
SHOWN = {
    "README.md": ["c"],
    "docs/ffi.md": ["lua"],
    "docs/observability.md": ["python", "go", "python"],
}
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("Tests/*.md"), *ROOT.glob("bindings/**/*.md")])
FOLDERS = "Sources|Tests|abi|benchmarks|bindings|examples|include|packaging|script"


def name_of(page):
    return str(page.relative_to(ROOT))


# ---- Their text


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
    shown = [block for block in blocks((ROOT / page).read_text()) if block[0] != "sh"]
    equal(f"{page} shows a program in each language", SHOWN[page], [language for language, _, _ in shown])
    for language, code, link in shown:
        file = (ROOT / page).parent / (link or "-")
        if not file.is_file():
            holds(f"{page}: the {language} block names its file in the line above", False, f"found there: {link}")
        else:
            equal(f"{page} shows {link} as it is", file.read_text(), code)


def anchors(page):
    """Returns the names of a page's headings, as hosts of Markdown make them."""
    headings = re.findall("^#+ (.*)", page.read_text(), re.M)
    return [re.sub("[^a-z0-9 _-]", "", heading.lower()).replace(" ", "-") for heading in headings]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links(page):
    dead = []
    # In code such brackets are something else.
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.M | re.S)
    for link in re.findall(r"\]\(([^)]*)\)", text):
        file, _, anchor = link.partition("#")
        target = page.parent / file if file else page
        if re.match("https?:", link):
            continue
        if not target.exists() or (anchor and anchor not in anchors(target)):
            dead.append(link)
    equal(f"the links of {name_of(page)} have targets", [], dead)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_names(page):
    """Paths in backticks or in shell commands that begin with a folder of the project exist. NAME and VERSION are
    placeholders; CHANGELOG.md may name files that are gone."""
    text = page.read_text()
    code = "\n".join([*re.findall(r"`([^`\n]*)`", text), shell(text)])
    paths = {path.rstrip(".:") for path in re.findall(rf"(?<![\w./-])((?:{FOLDERS})/[\w./+-]*)", code)}
    missing = [path for path in sorted(paths) if not re.search("NAME|VERSION", path) and not (ROOT / path).exists()]
    if page.name != "CHANGELOG.md":
        equal(f"the files that {name_of(page)} names exist", [], missing)
    scripts = [path for path in paths if re.fullmatch("script/[a-z-]+", path)]
    equal("its scripts can be started", [], [path for path in scripts if not os.access(ROOT / path, os.X_OK)])


@pytest.fixture(scope="module")
def tests():
    """The names of all tests, in lower case: FILE::TEST for those under pytest, and the Swift ones' declarations."""
    collect = ["--collect-only", "--long", "-k", "test", "-p", "no:cacheprovider", "-p", "no:xdist"]
    variables = {name: None for name in os.environ if name.startswith("PYTEST_")}
    listed = said(sys.executable, "-m", "pytest", *collect, "Tests", environment=variables)
    swift = "".join(path.read_text() for path in sorted((ROOT / "Tests/unit").rglob("*.swift")))
    names = [line.lower() for line in listed.splitlines() if "::" in line]
    assert names, listed
    return names, re.findall(r"\b(?:func|struct) (\w+)", swift)


def fault(command, tests):
    """Returns why a command runs no test, or None if it runs one. The words of -k are looked for in the names of the
    tests in its places."""
    words = shlex.split(command)
    if words[:2] == ["swift", "test"]:
        wanted = words[words.index("--filter") + 1] if "--filter" in words else ""
        return None if any(wanted in name for name in tests[1]) else f"there is no {wanted}"
    places = [word for word in words[1:] if word.startswith("Tests/")] or ["Tests/"]
    chosen = [name for name in tests[0] if any(name.startswith(place.lower()) for place in places)]
    for place in places:
        if not any(name.startswith(place.lower()) for name in tests[0]):
            return f"there is no test in {place}"
    wanted = re.findall(r"[\w-]+", words[words.index("-k") + 1]) if "-k" in words else []
    for word in wanted:
        if word not in ("and", "or", "not") and not any(word.lower() in name for name in chosen):
            return f"{' '.join(places)} has no {word}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_tests(page, tests):
    """The tests exist that commands in backticks, in shell commands or in indented lines run. A word in capitals is a
    placeholder."""
    text = page.read_text()
    code = "\n".join([*re.findall(r"`([^`\n]*)`", text), shell(text), *re.findall("^ {4,}(.*)", text, re.M)])
    commands = re.findall("^(?:script/test(?= |$)|swift test).*", code, re.M)
    commands = {re.sub("  .*| #.*| &&.*", "", command).strip() for command in commands}
    faults = [f"{command}: {fault(command, tests)}" for command in sorted(commands) if fault(command, tests)]
    equal(f"the tests that {name_of(page)} names exist", [], faults)


def test_messages():
    """In the tables of messages in docs/troubleshooting.md an ellipsis stands for what is not constant."""
    tables = re.findall(r"^\| the message .*\n(?:\|.*\n)*", (ROOT / "docs/troubleshooting.md").read_text(), re.M)
    messages = re.findall(r"^\| `([^`]*)` \|", "".join(tables), re.M)
    holds("docs/troubleshooting.md quotes messages", messages)
    sources = "".join(path.read_text() for path in (ROOT / "Sources/MachineIDC").rglob("*.swift"))
    # In Swift a backslash at the end of a line joins it with the next one.
    sources = re.sub(r"\\\n *", "", sources)
    parts = [(message, part.strip()) for message in messages for part in message.split("…")]
    unsaid = [f"{message}: {part}" for message, part in parts if part not in sources]
    equal("the messages that docs/troubleshooting.md quotes are the library's", [], unsaid)


# ---- Their programs


@pytest.fixture(scope="module")
def flags(tmp_path_factory):
    """The flags that pkg-config prints for the library in build/."""
    environment = {"PKG_CONFIG_PATH": describe_library(tmp_path_factory.mktemp("pkg-config"), ROOT / "build/lib")}
    return said("pkg-config", "--cflags", "--libs", "machineid", environment=environment).split(), environment


@pytest.fixture
def fleet(flags, tmp_path):
    said("cc", "-o", tmp_path / "fleet", "examples/c/fleet.c", *flags[0])
    return tmp_path / "fleet"


def made(language, folder, flags):
    """Compiles the gate of a language where that is needed, and returns the command that runs it."""
    if language == "lua":
        if not shutil.which("luajit"):
            pytest.skip("there is no luajit")
        return ["luajit", "examples/luajit/gate.lua"]
    command = ["cc", "-Wall", "-Wextra", "-pedantic", "-Werror", "-o", folder / "gate", "examples/c/gate.c", *flags[0]]
    passes("gate.c compiles without a warning", *command)
    return [folder / "gate"]


@pytest.mark.parametrize("language", ["c", "lua"])
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


# ---- What README.md and docs/building.md tell a shell


def test_a_program_without_installing(emulator, tmp_path):
    """The command compiles the gate, which finds the library by itself."""
    lines = shell((ROOT / "docs/building.md").read_text()).splitlines()
    compilation = next(line for line in lines if line.startswith("cc "))
    here = compilation.replace("build/gate", str(tmp_path / "gate"))
    passes(f"docs/building.md: {compilation}", "sh", "-euc", here, environment={"LD_LIBRARY_PATH": None})
    started = emulator("--org-key", "org_ci")
    variables = {"LD_LIBRARY_PATH": None, "MACHINEID_ORG_KEY": "org_ci", "MACHINEID_BASE_URL": started.url}
    printed = outcome(tmp_path / "gate", environment=variables, seconds=60).stdout
    equal("the program works", "working", printed.strip())


def test_commands_of_the_readme(flags, emulator, tmp_path):
    """The commands run as they stand, but for the port, which may be taken."""
    lines = [re.sub(" *&* *#.*", "", line) for line in shell((ROOT / "README.md").read_text()).splitlines()]
    compilation, emulation, gate = (
        next(line for line in lines if re.search(pattern, line))
        for pattern in ("^cc ", "^machineid-emulator ", r" \./gate$")
    )
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    library = {**flags[1], "LD_LIBRARY_PATH": ROOT / "build/lib"}
    passes(f"README.md: {compilation}", "sh", "-euc", compilation, cwd=tmp_path, environment=library)
    holds("it makes gate", (tmp_path / "gate").exists())
    port = re.search(r"--port N.*Default: (\d+)", said("build/bin/machineid-emulator", "--help"))[1]
    started = emulator(*emulation.split()[1:])
    here = gate.replace(f"http://127.0.0.1:{port}", started.url)
    holds("README.md names the emulator's port", here != gate, gate)
    unset = {"MACHINEID_DEVICE_ID": None, "MACHINEID_BASE_URL": None}
    printed = outcome("sh", "-euc", here, cwd=tmp_path, environment={**library, **unset}, seconds=60).stdout
    equal(f"README.md: {gate}", "working", printed.strip())

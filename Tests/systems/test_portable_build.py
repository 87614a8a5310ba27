"""Tests what script/build --portable makes for each C library and processor: what the library needs, has and hides, and
what comes with it. --long builds it."""

import hashlib
import json
import os
import re

import pytest
from checks import equal, holds
from commands import outcome, passes, said
from portable import PLATFORMS, built_folder, here
from project import ROOT, functions, version

# What the library may need: the C library, and what belongs to it.
NEEDED = {
    "amd64-glibc": {"libc.so.6", "libpthread.so.0", "libdl.so.2"},
    "arm64-glibc": {"libc.so.6", "libpthread.so.0", "libdl.so.2", "ld-linux-aarch64.so.1"},
    "amd64-musl": {"libc.so"},
    "arm64-musl": {"libc.so"},
}
LARGEST = 3_500_000
GLIBC_FLOOR = (2, 17)
MACHINES = {"amd64": "Advanced Micro Devices X86-64", "arm64": "AArch64"}
FILES = ["include/machineid.h", "lib/libmachineid.a", f"lib/libmachineid.so.{version()}", "lib/pkgconfig/machineid.pc"]
FILES += ["share/doc/machineid/NOTICES", "share/doc/machineid/machineid.cdx.json"]
FILES += [f"symbols/libmachineid.so.{version()}"]

in_turn = pytest.mark.xdist_group("portable")


@pytest.fixture(scope="module")
def built(request):
    return built_folder(request.param)


each = pytest.mark.parametrize("built", PLATFORMS, indirect=True)
native = pytest.mark.parametrize("built", [here()], indirect=True)


def readelf(*words):
    return said("readelf", "-W", *words)


def names(file, table):
    """Returns the names of the symbols of a file that are seen from outside: those that it has, and those that it
    takes from others."""
    found = {True: set(), False: set()}
    for line in readelf(table, file).splitlines():
        word = line.split()
        if len(word) >= 8 and word[4] in ("GLOBAL", "WEAK"):
            found[word[6] != "UND"].add(word[7].split("@")[0])
    return found[True], found[False]


# ---- The files


@in_turn
@pytest.mark.long
@each
def test_files(built):
    links = {"libmachineid.so": "libmachineid.so.0", "libmachineid.so.0": f"libmachineid.so.{version()}"}
    paths = [path for path in built.rglob("*") if not path.is_dir()]
    found = sorted(str(path.relative_to(built)) for path in paths if not path.is_symlink())
    equal("the files", sorted(FILES), found)
    equal("the links", links, {path.name: os.readlink(path) for path in paths if path.is_symlink()})
    equal("the header is the project's", (ROOT / "include/machineid.h").read_bytes(), (built / FILES[0]).read_bytes())


@in_turn
@pytest.mark.long
@each
def test_library(built):
    library = built / f"lib/libmachineid.so.{version()}"
    arch, libc = built.name.split("-")
    dynamic = readelf("-d", library)
    needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic))
    holds("it needs the C library alone", needed and needed <= NEEDED[built.name], needed)
    equal("its soname", ["libmachineid.so.0"], re.findall(r"\(SONAME\).*\[(.*)\]", dynamic))
    holds("it binds all when it is loaded, and stays", "NOW" in dynamic and "NODELETE" in dynamic, dynamic)
    holds("it has no text relocations and no path", not re.search("TEXTREL|RPATH|RUNPATH", dynamic), dynamic)
    holds("it is for this processor", MACHINES[arch] in readelf("-h", library))
    segments = readelf("-l", library)
    holds("its stack is not executable", re.search(r"GNU_STACK.* RW ", segments), segments)
    equal("its functions", sorted(functions()), sorted(names(library, "--dyn-syms")[0]))
    versions = {tuple(map(int, found.split("."))) for found in re.findall(r"GLIBC_([0-9.]+)", readelf("-V", library))}
    if libc == "glibc":
        holds("it runs with glibc 2.17", versions and max(versions) <= GLIBC_FLOOR, versions)
    else:
        equal("it names no version of glibc", set(), versions)
    size = library.stat().st_size
    holds(f"it has at most {LARGEST} bytes", size <= LARGEST, size)
    identifier = r"Build ID: ([0-9a-f]+)"
    marks = [re.findall(identifier, readelf("-n", built / place)) for place in (library, f"symbols/{library.name}")]
    holds("the file with the symbols belongs to it", marks[0] and marks[0] == marks[1], marks)
    holds("and has them", ".symtab" in readelf("-S", built / f"symbols/{library.name}"))


@in_turn
@pytest.mark.long
@each
def test_archive(built):
    archive = built / "lib/libmachineid.a"
    equal("the archive has one object", ["machineid.o"], said("ar", "t", archive).split())
    has, takes = names(archive, "--syms")
    equal("only the functions of the header are seen", sorted(functions()), sorted(has))
    inside = sorted(name for name in takes if re.match("curl_|SSL_|CRYPTO_|OPENSSL_|json_|platform_|swift_", name))
    equal("it takes nothing of what is inside", [], inside)


@in_turn
@pytest.mark.long
@each
def test_bill_of_materials(built):
    bill = json.loads((built / "share/doc/machineid/machineid.cdx.json").read_text())
    lines = [line.split() for line in (ROOT / "packaging/portable/pins").read_text().splitlines()]
    pins = {line[0]: line[1] for line in lines if line and line[0] != "#" and len(line) == 2}
    compiler = pins.pop("ziglang")
    release = pins.pop("release")
    equal("its format", ("CycloneDX", "1.6"), (bill["bomFormat"], bill["specVersion"]))
    equal("the pins", pins, {part["name"]: part["version"] for part in bill["components"]})
    tools = bill["metadata"]["tools"]["components"]
    equal("the compiler", [("ziglang", compiler)], [(tool["name"], tool["version"]) for tool in tools])
    for part in bill["components"]:
        name = part["name"]
        address = f"pkg:deb/debian/{name}@{part['version'].replace('+', '%2B')}?arch=source&distro={release}"
        equal(f"{name}: its address", address, part["purl"])
        cached = ROOT / f"build/cache/portable/sources/{name}_{part['version']}"
        sums = {line.split()[1]: line.split()[0] for line in (cached / "SHA256SUMS").read_text().splitlines()}
        given = [reference for reference in part["externalReferences"] if reference["type"] == "source-distribution"]
        found = {reference["url"].replace("%2B", "+"): reference["hashes"][0]["content"] for reference in given}
        equal(f"{name}: the files of its source package", sums, found)
        patches = [patch["diff"]["url"] for patch in part["pedigree"].get("patches", [])]
        there = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob(f"packaging/portable/patches/{name}/*"))
        equal(f"{name}: the project's patches", there, patches)
    for file in bill["metadata"]["component"]["components"]:
        digest = hashlib.sha256((built / "lib" / file["name"]).read_bytes()).hexdigest()
        equal(f"the sum of {file['name']}", digest, file["hashes"][0]["content"])


@in_turn
@pytest.mark.long
@each
def test_notices(built):
    text = (built / "share/doc/machineid/NOTICES").read_text()
    for words in ("Daniel Stenberg", "The OpenSSL Project Authors", "Apache License", "Petri Lehtinen", "libmachineid"):
        holds(f"the notices name {words}", words in text)


# ---- Its use on this machine


def pkg_config(prefix, *words):
    return said("pkg-config", *words, "machineid", environment={"PKG_CONFIG_PATH": prefix / "lib/pkgconfig"}).split()


@in_turn
@pytest.mark.long
@native
def test_static_program(built, tmp_path):
    """A program has the library inside, and needs no other."""
    flags = [flag for flag in pkg_config(built, "--static", "--cflags", "--libs") if flag != "-lmachineid"]
    program = tmp_path / "quickstart"
    said("cc", ROOT / "examples/c/quickstart.c", "-o", program, built / "lib/libmachineid.a", *flags)
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", readelf("-d", program))
    equal("it needs no library but libc", [], [name for name in needed if not name.startswith(("libc.", "ld-linux"))])
    result = outcome(program, environment={"MACHINEID_ORG_KEY": None})
    holds("it runs, and misses its key", result.returncode == 2, f"status {result.returncode}: {result.stdout}")


@in_turn
@pytest.mark.long
@native
def test_install(built, tmp_path):
    arch, libc = built.name.split("-")
    below = [f"DESTDIR={tmp_path / 'a stage'}", "PREFIX=/usr", "LIBDIR=/usr/lib/multi"]
    passes("installs below DESTDIR", "script/install", "--portable", "--libc", libc, "--arch", arch, *below)
    stage = tmp_path / "a stage/usr"
    for name in ("libmachineid.a", f"libmachineid.so.{version()}"):
        same = (stage / "lib/multi" / name).read_bytes() == (built / "lib" / name).read_bytes()
        holds(f"{name} is the one that was built", same)
    for name in ("NOTICES", "machineid.cdx.json"):
        holds(f"{name} is there", (stage / "share/doc/machineid" / name).exists())
    text = (stage / "lib/multi/pkgconfig/machineid.pc").read_text()
    holds("machineid.pc says what a static program needs", "Libs.private: -pthread -ldl\n" in text, text)
    holds("no program is installed", not (stage / "bin").exists())
    passes("uninstalls", "script/install", "--uninstall", *below)
    equal("and leaves nothing", [], list((tmp_path / "a stage").rglob("*")))

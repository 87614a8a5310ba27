"""Tests script/check-abi: it must pass a correct library and header, and fail each of several libraries and headers
with one fault for exactly that reason."""

import re
import shutil

import pytest
from checks import equal
from commands import outcome, said
from project import ROOT, version

FLAGS = ["-s", "-Wl,--version-script=exports.map", "-Wl,-soname,libmachineid.so.0"]
FLAGS += ["-Wl,-z,now", "-Wl,-z,relro", "-Wl,-z,nodelete", "-Wl,-z,noexecstack"]

EXPORTS = "the library exports exactly the functions of machineid.h"
MAPPED = "exports.map lists exactly the functions of machineid.h"
LISTED = "abi/symbols.txt lists exactly the prototypes of machineid.h"
WHOLE = "every comment of machineid.h is complete, and MID_VERSION and MID_VERSION_NUMBER agree"
KEPT = "machineid.h keeps the types of abi/baseline/libmachineid.so.0.abi"

# "no:FLAG" leaves out a default flag. {work} is the folder of the fixture materials.
WITHOUT_MAP = "no:-Wl,--version-script=exports.map"
FEWER = [WITHOUT_MAP, "-Wl,--version-script={work}/fewer.map"]
MORE = [WITHOUT_MAP, "-Wl,--version-script={work}/more.map"]
NEW = [WITHOUT_MAP, "-Wl,--version-script={work}/new.map"]
NEW += ["-DFAULT=void mid_new(mid_client *c); void mid_new(mid_client *c) { (void)c; }"]

# For each library: what check-abi reports, and how it is linked.
LIBRARIES = {
    "passes a correct library": ("", []),
    "finds a missing function": (EXPORTS, FEWER),
    "finds an extra function": (EXPORTS, MORE),
    "finds another library": ("it needs libc, libcurl and libjansson, and nothing else", ["-lm"]),
    "finds another soname": (
        "its soname is libmachineid.so.0",
        ["no:-Wl,-soname,libmachineid.so.0", "-Wl,-soname,libmachineid.so"],
    ),
    "finds an RPATH": ("it has no RPATH", ["-Wl,--disable-new-dtags,-rpath,/tmp"]),
    "finds a RUNPATH": ("it has no RUNPATH", ["-Wl,--enable-new-dtags,-rpath,/tmp"]),
    "finds lazy binding": ("it binds all symbols when it is loaded", ["no:-Wl,-z,now", "-Wl,-z,lazy"]),
    "finds a library that can be unmapped": ("dlclose does not unmap it", ["no:-Wl,-z,nodelete"]),
    "finds an executable stack": (
        "it asks for no executable stack",
        ["no:-Wl,-z,noexecstack", "-Wl,-z,execstack"],
    ),
    "finds writable tables": ("its tables are read-only once it is loaded", ["no:-Wl,-z,relro", "-Wl,-z,norelro"]),
    "finds a library that is too large": ("stripped it is at most 144 KB large", ["-DFAULT=char large[200000] = {1};"]),
    "finds a library that would change its host": (
        "it imports no function that would change or disturb its host",
        ['-DFAULT=void f(void); void f(void) { setenv("A", "B", 1); }'],
    ),
}

# One line of the report about an unstripped library. abi/traps.allow does not fit that library, so other lines fail.
TRAPS = {
    "finds a trap": (r" *\+1 f", "void f(void); void f(void) { __builtin_trap(); }"),
    "passes a trap that no exported function can reach": (
        "ok .*no exported function can reach a trap",
        "void f(void); void f(void) { __builtin_trap(); }",
    ),
    "finds the way to a trap": (
        " *found: *g -> f",
        "void f(void); void f(void) { abort(); } __attribute__((constructor)) void g(void); void g(void) { f(); }",
    ),
}


def function(since):
    """Returns a new function, as a replacement: with its comment, and the version in it."""
    told = f"\\n * @since {since}" if since else ""
    return f"/**\\n * New.\\n * @param client Any.{told}\\n */\\nvoid mid_new(mid_client *client);"


def added(since):
    """Returns the change that adds a function to the header."""
    return r"^void mid_free.*", f"\\g<0>\\n{function(since)}"


# check-abi --update-lists, instead of a change of abi/symbols.txt by the test.
LISTS = "--update-lists"
# For each header: how it changes, a pattern and its replacement; how abi/symbols.txt changes with it; what check-abi
# reports; and how the library is linked.
HEADERS = {
    "finds a function that only the header has": (added(version()), None, f"{EXPORTS}\n{MAPPED}\n{LISTED}", []),
    "passes a new function": (added(version()), LISTS, "", NEW),
    "finds a new function that is said to be old": (
        added("0.0.9"),
        LISTS,
        f"abi/symbols.txt gives new functions the version {version()}",
        NEW,
    ),
    "finds a function taken away": ((r"^mid_status mid_usage.*\n", ""), LISTS, KEPT, FEWER),
    # The symbols of a changed type stay the same, and abi/symbols.txt is changed with it.
    "finds a parameter of another type": ((r"int \*allowed", "short *allowed"), (r"int \*", "short *"), KEPT, []),
    "finds a parameter taken away": (
        (r"^mid_status mid_usage\(mid_client \*client, *", "mid_status mid_usage("),
        (r"mid_usage\(mid_client \*, ", "mid_usage("),
        f"clang finds no fault in the comments of machineid.h\n{WHOLE}\n{KEPT}",
        [],
    ),
    "finds a typedef of another size": ((r"^typedef int32_t mid_status", "typedef int64_t mid_status"), None, KEPT, []),
    "finds a const taken away": (
        (r"^const char \*mid_version", "char *mid_version"),
        (r"const char \*mid_version", "char *mid_version"),
        KEPT,
        [],
    ),
    # Comments, and the version as a number.
    "finds a parameter without a comment": ((r"^ \* @param timeout_ms.*\n", ""), None, WHOLE, []),
    # What has no version is of the first release.
    "finds a function of a later release without a version": (
        (
            r'(?s)^#define MID_VERSION "\S+"(.*?)VERSION_NUMBER \d+(.*?void mid_free[^\n]*)',
            rf'#define MID_VERSION "0.2.0"\1VERSION_NUMBER 200\2\n{function(None)}',
        ),
        LISTS,
        "abi/symbols.txt gives new functions the version 0.2.0",
        NEW,
    ),
    "finds a number that is not that of the version": (
        (r"^#define MID_VERSION_NUMBER .*", "#define MID_VERSION_NUMBER 99"),
        None,
        WHOLE,
        [],
    ),
}


@pytest.fixture(scope="module")
def materials(tmp_path_factory):
    """The source of a C library that has the right functions, made from abi/symbols.txt, and does nothing; and maps of
    its exports."""
    work = tmp_path_factory.mktemp("check-abi")
    text = ["#include <curl/curl.h>", "#include <jansson.h>", "#include <stdlib.h>", '#include "machineid.h"']
    # Without a use of each library the linker would leave it out of NEEDED.
    text += ["void *used(void); void *used(void) { curl_free(0); json_delete(0); return malloc(1); }"]
    text += ["#ifdef FAULT", "FAULT", "#endif"]
    for line in (ROOT / "abi/symbols.txt").read_text().splitlines():
        if not line.startswith("#"):
            prototype = line.split(maxsplit=1)[1]
            text.append(f"{prototype} {{}}" if prototype.startswith("void ") else f"{prototype} {{ return 0; }}")
    (work / "good.c").write_text("\n".join(text) + "\n")
    exports = (ROOT / "exports.map").read_text()
    (work / "fewer.map").write_text(exports.replace("mid_usage;", ""))
    (work / "more.map").write_text(exports.replace("global:", "global: used;"))
    (work / "new.map").write_text(exports.replace("global:", "global: mid_new;"))
    return work


@pytest.fixture(scope="module")
def check_abi():
    """Runs the check-abi of a tree with the Python that reads headers. A copy of the tree needs no other."""
    python = said("script/lib/python", "--reference", "-c", "import sys; print(sys.executable)").strip()
    return lambda tree, *words: outcome(tree / "script/check-abi", *words, environment={"MACHINEID_PYTHON": python})


@pytest.fixture
def report(materials, check_abi, tmp_path):
    """Runs the check-abi of a tree on a library that is linked with these flags too."""

    def begin(flags, tree=ROOT):
        left_out = [flag.removeprefix("no:") for flag in flags if flag.startswith("no:")]
        linked = [flag for flag in FLAGS if flag not in left_out]
        linked += [
            flag.format(work=materials) if "{work}" in flag else flag for flag in flags if not flag.startswith("no:")
        ]
        library = tmp_path / "libmachineid.so"
        command = ["gcc", "-std=gnu2x", "-shared", "-fPIC", "-Iinclude", materials / "good.c", "-o", library]
        made = outcome(*command, "-Wl,--no-as-needed", "-lcurl", "-ljansson", *linked)
        assert made.returncode == 0, made.stdout
        return check_abi(tree, "--against", library)

    return begin


def expect(result, failures):
    """check-abi must report exactly these failures, one per line."""
    found = "\n".join(re.findall("^FAILED  (.*)", result.stdout, re.M))
    assert (found, result.returncode) == (failures, 1 if failures else 0), result.stdout


@pytest.mark.parametrize("fault", LIBRARIES)
def test_library(report, fault):
    failure, flags = LIBRARIES[fault]
    expect(report(flags), failure)


@pytest.mark.parametrize("fault", TRAPS)
def test_trap(report, fault):
    line, code = TRAPS[fault]
    result = report(["no:-s", f"-DFAULT={code}"])
    assert re.search(f"^{line}$", result.stdout, re.M), result.stdout


@pytest.fixture
def tree(tmp_path):
    """A copy of what check-abi reads, which the test changes."""
    copy = tmp_path / "tree"
    for name in ("abi", "include", "script"):
        shutil.copytree(ROOT / name, copy / name)
    shutil.copy(ROOT / "exports.map", copy)
    return copy


@pytest.fixture
def change(tree, check_abi):
    """Changes the header of the tree, and abi/symbols.txt with it."""

    def begin(in_header, in_symbols):
        header, symbols = tree / "include/machineid.h", tree / "abi/symbols.txt"
        before = header.read_text()
        header.write_text(re.sub(*in_header, before, flags=re.M))
        assert header.read_text() != before, "the test changes the header"
        if in_symbols == LISTS:
            result = check_abi(tree, LISTS)
            assert result.returncode == 0, result.stdout
        elif in_symbols:
            symbols.write_text(re.sub(*in_symbols, symbols.read_text(), flags=re.M))

    return begin


@pytest.mark.parametrize("fault", HEADERS)
def test_header(report, tree, change, fault):
    in_header, in_symbols, failures, flags = HEADERS[fault]
    change(in_header, in_symbols)
    expect(report(flags, tree), failures)


def test_update_lists(tree, change):
    """check-abi --update-lists adds what is new, and nothing else."""
    names = ("exports.map", "abi/symbols.txt", "abi/statuses.txt")
    before = {name: (tree / name).read_text() for name in names}
    change(added(version()), LISTS)
    exports, symbols, statuses = ((tree / name).read_text() for name in names)
    equal("exports.map has the new function, and nothing else", before["exports.map"], removed(exports, "mid_new;"))
    line = f"{version()}  void mid_new(mid_client *)"
    equal("abi/symbols.txt has its prototype, and nothing else", before["abi/symbols.txt"], removed(symbols, line))
    equal("abi/statuses.txt is as it was", before["abi/statuses.txt"], statuses)


def removed(text, line):
    """Returns the text without a line that must be there."""
    assert line in [found.strip() for found in text.splitlines()]
    return "".join(found for found in text.splitlines(keepends=True) if found.strip() != line)


def test_symbols_of_another_build(report, check_abi, tree, tmp_path):
    """check-abi must fail because the right symbols are missing, and for no other reason."""
    report(["no:-s"])
    shutil.copytree(ROOT / "build/lib", tree / "build/lib", symlinks=True)
    shutil.copytree(ROOT / "build/symbols", tree / "build/symbols")
    (tree / "Sources/MachineIDC/ABI").mkdir(parents=True)
    shutil.copy(ROOT / "Sources/MachineIDC/ABI/Exports.swift", tree / "Sources/MachineIDC/ABI")
    for symbols in (tree / "build/symbols").iterdir():
        shutil.copy(tmp_path / "libmachineid.so", symbols)
    missing = "its symbols are there, to find what can trap"
    for what in ("finds symbols of another build", "finds that there are no symbols"):
        result = check_abi(tree)
        found = re.findall("^FAILED  (.*)", result.stdout, re.M)
        equal(f"check-abi {what}", (1, [missing]), (result.returncode, found))
        shutil.rmtree(tree / "build/symbols", ignore_errors=True)

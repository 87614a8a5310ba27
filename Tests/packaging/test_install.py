"""Tests that script/install puts the right files into the right places, that the usual ways to use them from C work,
and that --uninstall leaves nothing."""

import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import pytest
from checks import equal, holds
from commands import files, outcome, passes, refuses, said
from processes import await_true
from project import ROOT, commands, functions, version

pytestmark = [pytest.mark.xdist_group("build"), pytest.mark.early]

INSTALL = ROOT / "script/install"
UNINSTALL = [INSTALL, "--uninstall"]
CONSUMER = ROOT / "Tests/packaging/consumer"
PROGRAMS = ["gate", "quickstart", "kill_switch", "fleet"]
STRICT = ["-Wall", "-Wextra", "-pedantic", "-Werror"]


@pytest.fixture(autouse=True)
def settings(monkeypatch):
    for name in ("PREFIX", "LIBDIR", "DESTDIR", "PKG_CONFIG_PATH"):
        monkeypatch.delenv(name, raising=False)


def built():
    """Returns the names of the programs that script/build makes."""
    return sorted(path.name for path in (ROOT / "build/bin").iterdir())


# ---- For a package


@pytest.fixture
def stage(tmp_path):
    return tmp_path / "a stage"  # a DESTDIR may contain a space


def expected_files():
    """The number of these files follows build/bin and the functions of the header."""
    regular = ["include/machineid.h", f"lib/libmachineid.so.{version()}", "lib/pkgconfig/machineid.pc"]
    regular += [f"lib/cmake/machineid/machineid-config{name}.cmake" for name in ("", "-version")]
    regular += [f"share/man/man3/{name}.3" for name in ("machineid", *functions())]
    regular += [f"share/man/man1/{name}.1" for name in (*built(), *(f"machineid-{name}" for name in commands()))]
    regular += ["share/bash-completion/completions/machineid", "share/zsh/site-functions/_machineid"]
    regular += ["share/fish/vendor_completions.d/machineid.fish"]
    links = ["lib/libmachineid.so libmachineid.so.0", f"lib/libmachineid.so.0 libmachineid.so.{version()}"]
    found = [f"-rw-r--r-- usr/{path}" for path in regular] + [f"lrwxrwxrwx usr/{link}" for link in links]
    # What reads the org key is not readable itself: see test_the_key_at_the_start.
    modes = {"machineid-emulator": "-rwxr-xr-x"}
    return sorted(found + [f"{modes.get(name, '-rwx--x--x')} usr/bin/{name}" for name in built()])


def test_stage(stage):
    expected = expected_files()
    below = [f"DESTDIR={stage}", "PREFIX=/usr"]
    passes("installs below DESTDIR", INSTALL, *below)
    equal("the files, their modes and links are those of a package", expected, files(stage))
    texts = [path for path in stage.rglob("*") if path.is_file() and b"\0" not in path.read_bytes()]
    equal("DESTDIR appears in no text file", [], [path for path in texts if str(stage) in path.read_text()])
    marks = [path for path in texts if "usr/lib" in str(path) and re.search("@[A-Z]*@", path.read_text())]
    equal("no placeholder is left", [], marks)
    passes("installs over itself", INSTALL, environment={"DESTDIR": stage, "PREFIX": "/usr/"})
    equal("and changes nothing", expected, files(stage))
    library = f"lib/libmachineid.so.{version()}"
    same = (ROOT / "build" / library).read_bytes() == (stage / "usr" / library).read_bytes()
    holds("the library is the one that was built", same)
    passes("uninstalls", *UNINSTALL, *below)
    equal("and leaves nothing", [], list(stage.rglob("*")))
    passes("uninstalls when nothing is installed", *UNINSTALL, *below)


def test_libdir(stage):
    settings = ["PREFIX=/usr", "LIBDIR=/usr/lib/multi", f"DESTDIR={stage}"]
    passes("LIBDIR is another folder for the library", INSTALL, *settings)
    usual = said("pkg-config", "--variable", "pc_path", "pkg-config").strip()
    environment = {
        "PKG_CONFIG_LIBDIR": f"{stage}/usr/lib/multi/pkgconfig:{usual}",
        "PKG_CONFIG_ALLOW_SYSTEM_CFLAGS": 1,
        "PKG_CONFIG_ALLOW_SYSTEM_LIBS": 1,
    }
    flags = said("pkg-config", "--cflags", "--libs", "machineid", environment=environment)
    flags = re.sub(" -I/usr/include/[^ ]*", "", flags).strip()
    equal("machineid.pc uses that folder", "-I/usr/include -L/usr/lib/multi -lmachineid", flags)
    passes("uninstalls from LIBDIR", *UNINSTALL, *settings)
    equal("and leaves nothing there", [], list(stage.rglob("*")))


def test_refuses(tmp_path):
    refuses("a relative PREFIX is refused", "PREFIX=usr: must begin with /", INSTALL, "PREFIX=usr")
    refuses("a PREFIX with a space is refused", "PREFIX=/a b: ", INSTALL, "PREFIX=/a b")
    refuses("a misspelt setting is refused", "unknown argument PREFX=/usr", INSTALL, "PREFX=/usr")
    file = tmp_path / "file"
    file.touch()
    message = re.escape(f"{file}/lib; use sudo, or another PREFIX")
    refuses("a folder that cannot be made is refused", message, INSTALL, f"PREFIX={file}")


# ---- For use


@pytest.fixture(scope="module")
def prefix():
    with tempfile.TemporaryDirectory(prefix="machineid-install.") as work:
        installed = pathlib.Path(work) / "prefix"
        said(INSTALL, f"PREFIX={installed}", environment={"LIBDIR": None, "DESTDIR": None})
        yield installed


AS_NOBODY = {"user": 65534, "group": 65534, "extra_groups": []}


@pytest.mark.needs_root
@pytest.mark.parametrize("name", ["machineid", "machineid-exec"])
def test_the_key_at_the_start(prefix, open_folder, name):
    """Another process of the same user cannot read the environment of an installed program while the loader is still at
    work, which comes before the program can forbid it. A full pipe, into which the loader writes, makes it wait."""
    shutil.copy(prefix / "bin" / name, open_folder / name)
    shutil.copy(prefix / "bin" / name, open_folder / "readable")
    (open_folder / "readable").chmod(0o755)
    found = {}
    for program in (name, "readable"):
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        with contextlib.suppress(BlockingIOError):
            while os.write(writer, bytes(4096)):
                pass
        os.set_blocking(writer, True)
        environment = {"LD_DEBUG": "all", "MACHINEID_ORG_KEY": "org_at_the_start"}
        path = open_folder / program
        with subprocess.Popen([path], env=environment, stderr=writer, **AS_NOBODY) as process:
            environ = f"/proc/{process.pid}/environ"
            state = pathlib.Path(f"/proc/{process.pid}/stat")
            holds("the loader waits", await_true(lambda: f"({program}) S" in state.read_text()), state.read_text())
            found[program] = outcome("cat", environ, **AS_NOBODY).stdout
            process.kill()
        os.close(reader)
        os.close(writer)
    holds("a program that its user may read is open", "org_at_the_start" in found["readable"], found)
    holds("the installed one is not", "Permission denied" in found[name] and "org_at" not in found[name], found)


@pytest.fixture
def moved(prefix):
    """The installed tree, moved to another folder for one test."""
    elsewhere = prefix.parent / "moved"
    prefix.rename(elsewhere)
    yield elsewhere
    elsewhere.rename(prefix)


@pytest.fixture
def packages(prefix, monkeypatch):
    """Lets pkg-config find the installed library."""
    monkeypatch.setenv("PKG_CONFIG_PATH", str(prefix / "lib/pkgconfig"))


def pkg_config(*options):
    return said("pkg-config", *options, "machineid").strip()


def run_all(what, folder, **environment):
    """The programs in the folder must start with the installed library, which LD_LIBRARY_PATH or their own path
    finds."""
    for program in PROGRAMS:
        result = outcome(folder / program, environment=environment)
        # Without an org key the library returns MID_NO_ORG_KEY, and fleet prints its usage. A failing loader exits with
        # 127.
        right = 1 if program == "gate" else 2
        holds(f"{what}: {program} runs", result.returncode == right, f"status {result.returncode}: {result.stdout}")


def test_prefix(tmp_path):
    """Installing works, and uninstalling leaves nothing."""
    prefix = tmp_path / "prefix"
    passes("installs below PREFIX", INSTALL, f"PREFIX={prefix}")
    for name in built():
        passes(f"{name} runs from there", prefix / "bin" / name, "--version")
    passes("uninstalls from PREFIX", *UNINSTALL, f"PREFIX={prefix}")
    holds("and leaves nothing in PREFIX", not prefix.exists())


def test_pkg_config(prefix, packages):
    equal("pkg-config knows the version", version(), pkg_config("--modversion"))
    equal("and asks for no other package", "", pkg_config("--print-requires-private"))
    equal("programs link only the library", f"-L{prefix}/lib -lmachineid", pkg_config("--libs"))


def test_pkg_config_of_a_moved_tree(moved, monkeypatch):
    monkeypatch.setenv("PKG_CONFIG_PATH", str(moved / "lib/pkgconfig"))
    found = pkg_config("--define-prefix", "--libs")
    equal("the tree can be moved", f"-L{moved}/lib -lmachineid", found)


def test_cc(prefix, packages, tmp_path):
    flags = pkg_config("--cflags", "--libs").split()
    for program in PROGRAMS:
        what = f"cc {program}.c $(pkg-config --cflags --libs machineid)"
        passes(what, "cc", *STRICT, "-o", tmp_path / program, f"examples/c/{program}.c", *flags)
    run_all("cc", tmp_path, LD_LIBRARY_PATH=prefix / "lib")


def test_make(prefix, packages, tmp_path):
    make = ["make", "-C", "examples/c", f"BUILD={tmp_path}/make"]
    passes("make", *make, "CFLAGS=-O2 -Werror", f"LDFLAGS=-Wl,-rpath,{prefix}/lib")
    run_all("make", tmp_path / "make")
    passes("make clean", *make, "clean")
    equal("make clean leaves nothing", [], list((tmp_path / "make").iterdir()))
    without = {"PKG_CONFIG_PATH": None, "PKG_CONFIG_LIBDIR": "/nowhere"}
    refuses("make without the library says what to do", "run script/install", *make, environment=without)


def block(language):
    """Returns the code in this language that docs/installing.md shows."""
    text = (ROOT / "docs/installing.md").read_text()
    return "".join(re.findall(rf"^```{language}\n(.*?)^```", text, re.M | re.S))


def test_what_installing_md_shows(prefix, packages, tmp_path):
    shutil.copy(ROOT / "examples/c/gate.c", tmp_path)
    command = next(line for line in block("sh").splitlines() if line.startswith("cc "))
    passes(f"docs/installing.md: {command}", "sh", "-euc", command, cwd=tmp_path)
    project = "cmake_minimum_required(VERSION 3.16)\nproject(agent LANGUAGES C)\nadd_executable(agent gate.c)\n"
    (tmp_path / "CMakeLists.txt").write_text(project + block("cmake"))
    configure = ["cmake", "-S", tmp_path, "-B", tmp_path / "build", f"-DCMAKE_PREFIX_PATH={prefix}"]
    passes("docs/installing.md: its CMake code configures", *configure)
    passes("and builds", "cmake", "--build", tmp_path / "build")


def test_consumer_with_make(prefix, packages, tmp_path):
    make = ["make", "-C", CONSUMER, f"BUILD={tmp_path}", f"CFLAGS={' '.join(STRICT)}"]
    passes("a project builds with make and pkg-config", *make)
    for program in ("consumer", "consumer++"):
        passes(f"its {program} runs", tmp_path / program, environment={"LD_LIBRARY_PATH": prefix / "lib"})


def consumer(what, where, folder):
    configure = ["cmake", "-S", CONSUMER, "-B", folder, f"-DCMAKE_PREFIX_PATH={where}"]
    passes(f"{what}: a project configures with find_package", *configure, "-DCMAKE_C_FLAGS=-Wall -Wextra -Werror")
    passes(f"{what}: it builds", "cmake", "--build", folder)
    passes(f"{what}: its C program runs", folder / "consumer")
    passes(f"{what}: its C++ program runs", folder / "consumer++")


def test_consumer_with_cmake(prefix, tmp_path):
    consumer("in place", prefix, tmp_path)


def test_consumer_with_cmake_of_a_moved_tree(moved, tmp_path):
    consumer("moved", moved, tmp_path)


def is_found(prefix, folder, request):
    """Returns whether find_package finds the requested version."""
    folder.mkdir()
    (folder / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.16)\nproject(request NONE)\n"
        f'find_package(machineid {request})\nmessage("found=${{machineid_FOUND}}")\n'
    )
    result = outcome("cmake", "-S", folder, "-B", folder / "build", f"-DCMAKE_PREFIX_PATH={prefix}")
    return re.findall("^found=(.*)", result.stdout, re.M)


def test_versions_with_cmake(prefix, tmp_path):
    major = int(version().split(".")[0])
    cases = {
        "finds the same version": (f"{version()} EXACT", "1"),
        "finds a version later than the one asked for": (f"{major}.0", "1"),
        "does not find an earlier one": (f"{major}.999", "0"),
        "does not find one of another soname": (str(major + 1), "0"),
    }
    for number, (what, (request, found)) in enumerate(cases.items()):
        equal(f"find_package {what}", [found], is_found(prefix, tmp_path / f"request-{number}", request))


def test_examples_with_cmake(prefix, tmp_path):
    configure = ["cmake", "-S", "examples/c", "-B", tmp_path, f"-DCMAKE_PREFIX_PATH={prefix}"]
    passes("cmake configures", *configure, "-DCMAKE_C_FLAGS=-Werror")
    passes("cmake builds", "cmake", "--build", tmp_path)
    run_all("cmake", tmp_path)

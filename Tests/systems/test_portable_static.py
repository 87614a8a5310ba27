"""Programs in C and in Rust that are linked to libmachineid.a, and have a libcurl of another version beside it: the
system's, as a shared library; and one that is linked into the program too, with glibc and with musl."""

import json
import re
import shutil

import pytest
from checks import equal, holds
from commands import outcome, said
from portable import built_folder, copy_with_downloads, here
from project import ROOT
from small_roots import SmallRoot

ORG_KEY = "org_ci"
BESIDE = ROOT / "Tests/systems/beside"

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("portable")]
# Builds libcurl and what it needs, with the scripts of the portable build, and prints its folder.
DEPENDENCIES = """
. script/lib/arguments.sh
. script/lib/progress.sh
. script/lib/portable/sources.sh
. script/lib/portable/compiler.sh
. script/lib/portable/dependencies.sh
mkdir -p "$cache"
export ZIG_GLOBAL_CACHE_DIR=$PWD/$cache/zig ZIG_LOCAL_CACHE_DIR=$PWD/$cache/zig
install_compiler
make_first "$1" "$2"
make_dependency curl "$1" "$2"
dependencies_of "$1" "$2"
"""
in_c_and_rust = pytest.mark.parametrize("language", ["c", "rust"])


def environment(authority):
    url = authority.url("https")
    variables = {"MACHINEID_ORG_KEY": ORG_KEY, "MACHINEID_BASE_URL": url, "ASK_URL": f"{url}/"}
    return variables | {"SSL_CERT_FILE": authority.ca_file}


def rust(*words):
    if not shutil.which("rustc"):
        pytest.skip("there is no rustc; script/bootstrap --tests installs it")
    return said("rustc", "--edition", "2018", "-O", BESIDE / "two.rs", *words)


def expect(result, version):
    """Checks that both libcurls worked, and that the program's own has this version."""
    holds("both have their answers", result.returncode == 0, f"status {result.returncode}: {result.stdout}")
    own, inside = (result.stdout + "\n\n").splitlines()[:2]
    holds(f"its own libcurl is {version}", own.startswith(f"libcurl/{version} "), own)
    equal("the other is inside", "inside", json.loads(inside or "{}").get("libcurl", {}).get("where"))
    holds("and has another version", f'"version":"{version}"' not in inside, inside)


@in_c_and_rust
def test_beside_the_system_s_libcurl(language, authority, tmp_path):
    built = built_folder(here())
    program = tmp_path / "two"
    if language == "c":
        words = ["-O2", "-Wall", "-Wextra", "-pedantic", "-Werror", f"-I{built}/include", BESIDE / "two.c"]
        said("gcc", *words, built / "lib/libmachineid.a", "-lcurl", "-pthread", "-ldl", "-o", program)
    else:
        rust("-L", f"native={built}/lib", "-l", "static=machineid", "-l", "dylib=curl", "-o", program)
    version = re.search(r"[0-9.]+", said("curl-config", "--version"))[0]
    arguments = [f"{authority.url('https')}/", authority.ca_file]
    expect(outcome(program, *arguments, environment=environment(authority)), version)


@pytest.fixture(scope="module")
def other_libcurl(tmp_path_factory):
    """Builds this system's version of libcurl as a static archive for a platform, with the scripts of the portable
    build in a copy of the project. Returns its version and its folder."""
    copy = copy_with_downloads(tmp_path_factory.mktemp("other") / "copy")
    package = said("apt-cache", "show", "--no-all-versions", "libcurl4-openssl-dev")
    version = re.search("^Version: (.*)$", package, re.M)[1]
    release = re.search("^VERSION_CODENAME=(.*)$", open("/etc/os-release").read(), re.M)[1]
    pins = copy / "packaging/portable/pins"
    text = re.sub("(?m)^curl .*$", f"curl {version}", pins.read_text())
    pins.write_text(re.sub("(?m)^release .*$", f"release {release}", text))
    shutil.rmtree(copy / "packaging/portable/patches/curl")
    found = {}

    def make(platform):
        if platform not in found:
            printed = said("bash", "-euc", DEPENDENCIES, "bash", *platform.split("-"), cwd=copy, seconds=1200)
            found[platform] = copy / printed.splitlines()[-1] / "installed"
        return version.split("-")[0], found[platform]

    return make


@pytest.mark.needs_root
@in_c_and_rust
@pytest.mark.parametrize("name", ["Debian 11", "musl"])
def test_beside_a_static_libcurl(name, language, other_libcurl, authority, tmp_path):
    root = SmallRoot(name, tmp_path)
    built = built_folder(root.target.name)
    version, installed = other_libcurl(root.target.name)
    beside = [built / "lib/libmachineid.a", *(installed / f"lib/lib{part}.a" for part in ("curl", "ssl", "crypto"))]
    if language == "c":
        words = [f"-I{built}/include", f"-I{installed}/include", BESIDE / "two.c"]
    else:
        rust("--crate-type", "staticlib", "-C", "panic=abort", "--cfg", "bare", "-o", tmp_path / "two.a")
        words = [tmp_path / "two.a"]
    root.compile("two", *words, *beside, "-lpthread", "-ldl")
    shutil.copy(authority.ca_file, root.folder / "authority.pem")
    variables = environment(authority) | {"SSL_CERT_FILE": "/authority.pem"}
    expect(root.run("two", f"{authority.url('https')}/", "/authority.pem", **variables), version)

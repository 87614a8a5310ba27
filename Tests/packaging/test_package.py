"""Tests that script/package makes packages that lintian accepts, that are identical when they are made again, and that
install, work and are removed completely in a minimal Debian. --long also rebuilds everything in two other folders and
compares the results. The root is made from the Debian archive that apt is configured for, which requires root or
sudo."""

import os
import re
import shutil

import pytest
from checks import equal, holds, ok
from commands import outcome, passes, said, tail
from project import ROOT, version
from trees import copy_project

pytestmark = [pytest.mark.xdist_group("build"), pytest.mark.early]


@pytest.fixture(autouse=True)
def settings(monkeypatch):
    for name in ("PREFIX", "LIBDIR", "DESTDIR", "DEB_BUILD_OPTIONS", "DEBFULLNAME", "DEBEMAIL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """A copy of the packages that script/package makes."""
    said("script/package", seconds=1800)
    return shutil.copytree(ROOT / "build/packages", tmp_path_factory.mktemp("package") / "packages")


@pytest.fixture(scope="module")
def tree(packages):
    """The contents of all packages together."""
    for package in sorted(packages.glob("*.deb")):
        said("dpkg-deb", "-x", package, packages.parent / "tree")
    return packages.parent / "tree"


def test_packages(packages):
    end = f"{version()}_{said('dpkg', '--print-architecture').strip()}.deb"
    expected = ["libmachineid-dev", "libmachineid0", "machineid-emulator", "machineid-tools"]
    expected = [f"{name}_{end}" for name in expected]
    found = sorted(path.name for path in packages.glob("*.deb"))
    equal("script/package makes packages", expected, found)
    words = outcome("lintian", "--allow-root", "--fail-on", "none", *sorted(packages.glob("*.deb"))).stdout
    equal("lintian reports nothing", "", words)


@pytest.mark.long
def test_made_again(packages):
    said("script/package", seconds=1800)
    difference = outcome("diff", "-r", packages, "build/packages").stdout
    equal("packages made again are identical, bit for bit", "", difference)


def listing(folder):
    """Returns the files below a folder, without the documents, some of which packages compress, and without what is for
    lintian."""
    paths = [path.relative_to(folder) for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()]
    names = [re.sub(r"\.gz$", "", str(path)) for path in paths]
    return sorted(name for name in names if not re.search("usr/share/(doc|lintian)/", name))


def test_contents(tree, tmp_path):
    multiarch = said("dpkg-architecture", "-q", "DEB_HOST_MULTIARCH").strip()
    said("script/install", "PREFIX=/usr", f"LIBDIR=/usr/lib/{multiarch}", f"DESTDIR={tmp_path}/install")
    installed, packed = listing(tmp_path / "install"), listing(tree)
    # Debian's zsh reads the completions of packages in a folder of another name.
    installed = sorted(path.replace("zsh/site-functions", "zsh/vendor-completions") for path in installed)
    equal("together they hold what script/install installs", installed, packed)


def test_modes(tree):
    """What reads the org key is not readable itself, so that no process of its user reads the key while it starts."""
    expected = {"machineid": "711", "machineid-emulator": "755", "machineid-exec": "711"}
    found = {path.name: f"{path.stat().st_mode & 0o7777:o}" for path in (tree / "usr/bin").iterdir()}
    equal("the programs", expected, found)


def test_documents(tree):
    folder = tree / "usr/share/doc/libmachineid-dev"
    pages = sorted([*folder.glob("*.md"), *folder.glob("docs/*.md")])
    holds("libmachineid-dev has documents", pages)
    dead = []
    for page in pages:
        for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
            target = tree / link[1:] if link.startswith("/") else page.parent / link
            if not re.match("https?:", link) and not target.exists():
                dead.append(f"{page.relative_to(folder)}: {link}")
    equal("the links of the documents in libmachineid-dev lead somewhere", [], dead)


def test_cmake(tree, tmp_path):
    configure = ["cmake", "-S", "Tests/packaging/consumer", "-B", tmp_path, f"-DCMAKE_PREFIX_PATH={tree}/usr"]
    passes("CMake finds the library in the folder of its architecture", *configure)
    passes("and builds", "cmake", "--build", tmp_path)
    passes("and what it builds runs", tmp_path / "consumer")


def release():
    """Returns the id and the code name of this system."""
    text = open("/etc/os-release").read()
    return [re.search(rf'^{name}="?([^"\n]*)', text, re.M)[1] for name in ("ID", "VERSION_CODENAME")]


def test_in_a_clean_debian(packages, open_folder):
    system, codename = release()
    # The archives that apt is configured for, without third-party ones.
    form = "deb $(REPO_URI) $(RELEASE) $(COMPONENT)"
    own = ["Created-By: Packages", f"Origin: {system.capitalize()}"]
    lines = said("apt-get", "indextargets", "--format", form, *own).splitlines()
    sources = []  # otherwise mmdebstrap's own for this release
    if lines:
        sources = [open_folder / "sources.list"]
        sources[0].write_text("\n".join(sorted(set(lines))) + "\n")
    offered = shutil.copytree(packages, open_folder / "packages")
    shutil.copy(ROOT / "Tests/packaging/in_root", offered)
    # --variant=apt installs the essential packages and apt. The hook runs in the new root.
    command = ["mmdebstrap", "--variant=apt", "--keyring=/usr/share/keyrings", "--include=gcc,libc6-dev,pkg-config"]
    command += [f"--customize-hook=copy-in '{offered}' /", '--customize-hook=chroot "$1" sh /packages/in_root >&2']
    as_root = [] if os.geteuid() == 0 else ["sudo"]
    result = outcome(*as_root, *command, codename, "/dev/null", *sources, seconds=1800)
    print(result.stdout)
    for what in re.findall("^ok +(.*)", result.stdout, re.M):
        ok(what)
    is_well = result.returncode == 0
    holds("all of this works in a root that has gcc and nothing from this machine", is_well, tail(result.stdout))


@pytest.mark.long
def test_built_in_other_folders(tmp_path):
    places = [tmp_path / "one", tmp_path / "another, of a longer name"]
    for place in places:
        copy_project(place)
        # A copy without git does not know the date of the commit.
        steps = '. script/lib/source-date.sh; cd "$1"; script/build && script/package && rm -rf .build'
        result = outcome("sh", "-euc", steps, "sh", place, seconds=3600)
        holds(f"script/build and script/package in {place.name}", result.returncode == 0, tail(result.stdout))
    for part in ("lib", "symbols", "bin", "man", "html", "packages"):
        difference = outcome("diff", "-rq", *(place / "build" / part for place in places)).stdout
        equal(f"build/{part} is identical in both folders, bit for bit", "", difference)

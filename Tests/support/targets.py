"""Where the programs that use the library run: on this machine; or, for a portable build, in the root of another
system, for which ziglang compiles them, and for arm64 under an emulator. script/test-portable makes the roots."""

import os
import pathlib

import portable
from project import ROOT

WARNINGS = ["-Wall", "-Wextra", "-pedantic", "-Werror"]
FLAGS = ["-std=c11", "-D_GNU_SOURCE", "-O1", "-g", "-Iinclude", "-ITests/support"]
# The oldest release of Debian that there is a root of.
GLIBC = "2.31"
# What the libraries of the portable build need beside themselves, when they are linked into a program.
BEHIND = {"-lcurl": ["-lcurl", "-lssl", "-lcrypto"], "-lssl": ["-lssl", "-lcrypto"]}


class Machine:
    """This machine, with its own compiler and libraries."""

    name = libc = None
    arch = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine)
    root = pathlib.Path("/")
    is_emulated = False
    has_valgrind = True

    def compile(self, *words):
        return ["gcc", *FLAGS, *WARNINGS, *words]

    def launcher(self, program):
        """The command that makes what starts a program; none where the program starts as it is."""
        return None

    def in_root(self, path):
        """Where a path of the system that programs run in is seen by this process."""
        return self.root / str(path).lstrip("/")


class Target(Machine):
    """The root of another system."""

    has_valgrind = False

    def __init__(self, platform, root):
        self.name = platform
        self.arch, self.libc = platform.split("-")
        self.root = pathlib.Path(root)
        os.environ["MACHINEID_TEST_ROOT"] = str(self.root)
        self.is_emulated = self.arch != Machine.arch
        self._zig = next((ROOT / "build/venv-portable").rglob("ziglang/zig"))
        self._installed = next((ROOT / "build/cache/portable").glob(f"{platform}_*/installed"))
        os.environ["ZIG_GLOBAL_CACHE_DIR"] = os.environ["ZIG_LOCAL_CACHE_DIR"] = str(ROOT / "build/cache/portable/zig")

    def compile(self, *words):
        processor = {"amd64": "x86_64", "arm64": "aarch64"}[self.arch]
        system = f"gnu.{GLIBC}" if self.libc == "glibc" else "musl"
        command = [self._zig, "cc", "-target", f"{processor}-linux-{system}", "-fno-sanitize=undefined"]
        # Warnings are for the compiler of this machine. Without -dynamic a program for musl would be static.
        command += [*(["-dynamic"] if self.libc == "musl" else []), "-w", *FLAGS]
        command += ["-DEMULATED_ON_AMD64"] if self.is_emulated else []
        command += [f"-I{self._installed}/include", f"-L{self._installed}/lib"]
        return [*command, *(word for given in words for word in BEHIND.get(given, [given]))]

    def launcher(self, program):
        words = [f'-DROOT="{self.root}"', f'-DPROGRAM="{program}"']
        words += ['-DEMULATOR="/qemu"'] if self.is_emulated else []
        return ["gcc", "-std=c11", "-D_GNU_SOURCE", "-O1", "-static", *WARNINGS, *words, "Tests/support/launch.c"]


def target(platform, root):
    """The target of these options of pytest."""
    if platform is None:
        return Machine()
    if platform not in portable.PLATFORMS or root is None:
        raise ValueError(f"--platform takes one of {', '.join(portable.PLATFORMS)}, with --root")
    return Target(platform, root)

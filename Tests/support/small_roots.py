"""Copies of the small roots: systems with a C library, the certificates of authorities, and next to nothing else."""

import shutil

import targets
from commands import outcome, said

CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"
# The roots, and the portable build that each is for.
ROOTS = {
    "Debian 11": "amd64-glibc",
    "bare": "amd64-glibc-bare",
    "musl": "amd64-musl",
    "arm64 with glibc": "arm64-glibc",
    "arm64 with musl": "arm64-musl",
}


def platform_of(root):
    return "-".join(ROOTS[root].split("-")[:2])


class SmallRoot:
    """A copy of a root, for one test."""

    def __init__(self, name, folder):
        made = said("script/lib/distros/small-root", ROOTS[name], seconds=900).splitlines()[-1]
        self.folder = folder / "root"
        said("cp", "-a", made, self.folder)
        self.target = targets.Target(platform_of(name), self.folder)

    def install(self, library):
        """Puts the library where docs/installing.md says."""
        (self.folder / "usr/lib").mkdir(parents=True, exist_ok=True)
        for file in library.glob("libmachineid.so.0*"):
            shutil.copy(file, self.folder / "usr/lib", follow_symlinks=False)

    def compile(self, name, *words):
        """Compiles a program into the root."""
        said(*self.target.compile(*words), "-o", self.folder / name)

    def run(self, name, *arguments, **environment):
        """Runs a program of the root there, with these variables and no others."""
        emulator = ["/qemu"] if self.target.is_emulated else []
        variables = [f"{key}={value}" for key, value in environment.items()]
        return outcome("env", "-i", *variables, shutil.which("chroot"), self.folder, *emulator, f"/{name}", *arguments)

    def trust(self, authority):
        """Adds an authority to the certificates of the system."""
        with open(self.folder / CERTIFICATES, "a") as file:
            file.write(open(authority).read())

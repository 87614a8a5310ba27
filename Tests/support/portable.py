"""The portable builds: their names, their folders, and how they are built."""

import os
import shutil

from commands import outcome, said
from project import ROOT

PLATFORMS = ["amd64-glibc", "amd64-musl", "arm64-glibc", "arm64-musl"]


def here():
    """Returns the name of this machine's platform."""
    return {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine] + "-glibc"


def folder_of(platform, root=ROOT):
    return root / "build/portable" / platform


def build(platform, root=ROOT, **environment):
    """Builds for a platform, in this project or in a copy of it."""
    arch, libc = platform.split("-")
    command = [root / "script/build", "--portable", "--libc", libc, "--arch", arch]
    return outcome(*command, cwd=root, seconds=3600, environment=environment)


def built_folder(platform):
    """Returns the folder of a portable build, which is built first."""
    result = build(platform)
    assert result.returncode == 0, result.stdout
    return folder_of(platform)


def copy_with_downloads(folder):
    """Copies the sources of the project, and what was downloaded for the portable build, but nothing that was built."""
    folder.mkdir()
    copy = 'tar -c --exclude="./.build*" --exclude=./build --exclude=./.git . | tar -x -C "$1"'
    said("sh", "-euc", copy, "sh", folder)
    for downloaded in ("build/venv-portable", "build/cache/portable/sources"):
        shutil.copytree(ROOT / downloaded, folder / downloaded, symlinks=True)
    return folder

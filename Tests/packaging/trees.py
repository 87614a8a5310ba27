"""Copies the project."""

from commands import said


def copy_project(folder):
    """Copies the sources of the project into a folder, without what was built and without git."""
    folder.mkdir()
    copy = 'tar -c --exclude="./.build*" --exclude=./build --exclude=./.git . | tar -x -C "$1"'
    said("sh", "-euc", copy, "sh", folder)
    return folder

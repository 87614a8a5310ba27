"""Provides machineid-exec with a new emulator."""

import os
import signal

import pytest
from elsewhere import Elsewhere
from supervised import ORG_KEY, Supervised, ids_in, is_there


@pytest.fixture
def supervised(tmp_path, emulator):
    supervised = Supervised(tmp_path, emulator("--org-key", ORG_KEY))
    yield supervised
    supervised.close()


@pytest.fixture
def elsewhere(open_folder, library):
    """machineid-exec in a folder that every user may enter."""
    return Elsewhere(open_folder, library)


@pytest.fixture
def found(supervised):
    """The file to which processes write their ids."""
    file = supervised.folder / "found"
    file.touch()
    yield file
    for pid in ids_in(file):
        if is_there(pid):
            os.kill(pid, signal.SIGKILL)

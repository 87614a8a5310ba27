"""Provides machineid-exec with a new emulator."""

import pytest
from elsewhere import Elsewhere
from supervised import ORG_KEY, Supervised


@pytest.fixture
def supervised(tmp_path, emulator):
    supervised = Supervised(tmp_path, emulator("--org-key", ORG_KEY))
    yield supervised
    supervised.close()


@pytest.fixture
def elsewhere(open_folder, library):
    """machineid-exec in a folder that every user may enter."""
    return Elsewhere(open_folder, library)

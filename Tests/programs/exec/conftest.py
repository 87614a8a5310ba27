"""Provides machineid-exec with a new emulator."""

import pytest
from supervised import ORG_KEY, Supervised


@pytest.fixture
def supervised(tmp_path, emulator):
    supervised = Supervised(tmp_path, emulator("--org-key", ORG_KEY))
    yield supervised
    supervised.close()

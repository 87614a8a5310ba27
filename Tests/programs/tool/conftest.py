"""Provides machineid with an emulator."""

import pytest
from tooling import ORG_KEY, Tool


@pytest.fixture
def tool(emulator):
    return Tool(emulator("--org-key", ORG_KEY, "--plan", "free"))

"""A fixture for pytest: an authority for each test.

    def test_a_revoked_worker_stops(machineid_emulator):
        machineid_emulator.register("agent-01")
        ...
        machineid_emulator.revoke("agent-01")

In the test, Client.from_env() asks this emulator. This module loads no library before a test uses the fixture.
"""

from typing import TYPE_CHECKING, Iterator

import pytest

if TYPE_CHECKING:
    from libmachineid.testing import Emulator

__all__ = ["machineid_emulator"]


@pytest.fixture
def machineid_emulator(monkeypatch: pytest.MonkeyPatch) -> "Iterator[Emulator]":
    """A machineid-emulator of its own for the test: libmachineid.testing.Emulator. MACHINEID_BASE_URL and
    MACHINEID_ORG_KEY are set to it."""
    from libmachineid.testing import Emulator

    with Emulator() as emulator:
        for name, value in emulator.environment.items():
            monkeypatch.setenv(name, value)
        yield emulator

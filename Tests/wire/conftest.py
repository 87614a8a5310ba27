"""Provides the tests of TLS and of proxies with servers, with and without faults, and a probe that calls them."""

import pytest
from emulator import Emulator
from probe import ORG_KEY, Probe
from project import ROOT
from world import World


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """One worker runs all tests of a file, because its servers take a while to start."""
    for item in items:
        if "world" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
            item.add_marker(pytest.mark.seconds(300))


@pytest.fixture(scope="module")
def world(tmp_path_factory, programs, library):
    Probe.program = programs.program(ROOT / "Tests/support/probe.c")
    Probe.library = str(library)
    folder = tmp_path_factory.mktemp("world")
    with Emulator(folder / "emulator.log", "--quiet", "--org-key", ORG_KEY) as emulator:
        with World(folder, emulator.url) as world:
            world.start()
            yield world

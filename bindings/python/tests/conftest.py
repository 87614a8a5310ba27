import pytest


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="run the slow tests too")


def pytest_collection_modifyitems(config, items):
    if not config.option.long:
        for item in items:
            if item.get_closest_marker("long"):
                item.add_marker(pytest.mark.skip(reason="this takes long: --long"))


@pytest.fixture
def authority(machineid_emulator):
    """An emulator that has the device "agent"."""
    machineid_emulator.register("agent")
    return machineid_emulator


@pytest.fixture
def client(authority):
    with authority.client() as client:
        yield client

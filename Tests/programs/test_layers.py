"""Tests script/check-layers: no layer of Sources/MachineIDC uses anything of one above it, and the script finds a name
of a higher layer and a file that is in none."""

import shutil

import pytest
from checks import equal
from commands import outcome
from project import ROOT


def check_layers(*words):
    return outcome("script/check-layers", *words, merged=False)


def test_layers():
    result = check_layers()
    print(result.stdout)
    assert result.returncode == 0, result.stderr


@pytest.fixture
def sources(tmp_path):
    return shutil.copytree(ROOT / "Sources/MachineIDC", tmp_path / "sources")


def upward(folder):
    folder.mkdir(exist_ok=True)
    (folder / "Upward.swift").write_text("func upward(_ transport: Transport) {}\n")


def test_a_name_of_a_higher_layer(sources):
    # The layers above are short, so that this takes less time.
    for layer in ("Reply", "Transport", "Client", "Guard", "ABI"):
        shutil.rmtree(sources / layer)
        (sources / layer).mkdir()
        (sources / layer / f"{layer}.swift").write_text(f"struct {layer} {{}}\n")
    upward(sources / "Input")
    result = check_layers("--sources", sources)
    expected = "Input/Upward.swift:1:26: error: cannot find type 'Transport' in scope"
    equal("check-layers finds it", (1, expected), (result.returncode, result.stderr.splitlines()[-1]))


def test_a_folder_that_is_no_layer(sources):
    upward(sources / "Support")
    result = check_layers("--sources", sources)
    naming = [line for line in result.stderr.splitlines() if "Support" in line]
    equal("check-layers finds it", (1, 1), (result.returncode, len(naming)))

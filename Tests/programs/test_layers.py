"""Tests script/check-layers: no layer of Sources/MachineIDC uses anything of one above it, and the script finds a name
of a higher layer and a file that is in none. Also tests that the pictures of the layers are right."""

import re
import shutil
import xml.etree.ElementTree

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


PICTURES = ROOT / "docs/pictures"
SVG = "{http://www.w3.org/2000/svg}"


def picture(name):
    return xml.etree.ElementTree.parse(PICTURES / name)


def layers():
    """Returns the layers from the lowest to the highest, as the script has them."""
    return re.search(r"^layers=\((.*)\)$", (ROOT / "script/check-layers").read_text(), re.M)[1].split()


@pytest.mark.long
def test_who_uses_whom():
    """The graph is the one that the script prints. It is --long since it takes a minute of processor time."""
    result = check_layers("--picture")
    equal("the script draws it", 0, result.returncode)
    equal("docs/pictures/layer-uses.dot is what it prints", result.stdout, (PICTURES / "layer-uses.dot").read_text())


def test_the_picture_of_who_uses_whom():
    """The picture has the arrows of the graph. Its other text differs between versions of graphviz."""
    drawn = [title.text for title in picture("layer-uses.svg").iter(f"{SVG}title") if "->" in title.text]
    arrows = re.findall(r"^    (\w+) -> (\w+);$", (PICTURES / "layer-uses.dot").read_text(), re.M)
    expected = sorted(f"{user}->{used}" for user, used in arrows)
    equal("layer-uses.svg has the arrows of layer-uses.dot", expected, sorted(drawn))


def test_the_picture_of_the_layers():
    """docs/pictures/layers.svg, drawn by hand, and its description have the layers in their order."""
    highest_first = layers()[::-1]
    texts = [text for text in picture("layers.svg").iter(f"{SVG}text") if text.text in highest_first]
    drawn = sorted((float(text.get("y")), text.text) for text in texts if text.get("font-weight") == "600")
    equal("it has one box below the other", highest_first, [name for _, name in drawn])
    equal("and none beside another", len(highest_first), len({height for height, _ in drawn}))
    described = re.search("the layers (.*?)\\.", " ".join(picture("layers.svg").find(f"{SVG}desc").text.split()))[1]
    equal("its description names them", highest_first, re.split(", | and ", described))


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

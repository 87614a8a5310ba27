"""The suites that still have a runner of their own, a file called run in their folder."""

import re
import subprocess

import checks
import pytest
from project import ROOT

RUNS = sorted((ROOT / "Tests").glob("*/run"))
# These make the same files in build/.
SHARING = {"install", "reference", "package"}


def tests():
    for run in RUNS:
        name = run.parent.name
        text = run.read_text()
        marks = [pytest.mark.xdist_group("build"), pytest.mark.early] if name in SHARING else []
        marks += [pytest.mark.long] if "# Only with script/test --long" in text else []
        yield pytest.param(run, "--long" in text, marks=marks, id=name)


@pytest.mark.parametrize("suite, knows_long", tests())
def test_suite(suite, knows_long, long):
    command = [suite, "--long"] if long and knows_long else [suite]
    result = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )
    print(result.stdout)
    for passed, failed in re.findall(r"^(\d+) passed, (\d+) failed", result.stdout, re.M):
        checks.counted(int(passed), int(failed))
    assert result.returncode == 0, result.stdout[-6000:]

"""Checks that the benchmarks run, and that every row of their table has its figure. Two figures are tested
themselves: a fleet that returns after an outage puts at most twice the steady load on the authority, and a call of the
portable build takes no more instructions than one of the shared build."""

import re
import subprocess

import checks
import pytest
from project import ROOT

GROUPS = ["instructions", "sequential", "threads", "many", "guard", "guards", "load", "distance", "silence"]


def test_fleet():
    result = subprocess.run(["benchmarks/fleet/run", "1000"], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr[-2000:]
    rows = re.findall(r"^1000 +(?:gone|silent) .*", result.stdout, re.M)
    checks.equal("a fleet is simulated without an authority, and with a silent one", 2, len(rows))
    for row in rows:
        # The figures in brackets are: at the start, after the start, in the outage, after the outage.
        after = re.findall(r"\(([0-9.]+)\)", row)[3]
        checks.holds("after an outage a fleet asks at most twice as often as before", float(after) <= 2, row)


@pytest.mark.long
@pytest.mark.xdist_group("portable")
def test_portable_build():
    result = subprocess.run(["script/bench", "--quick", "portable"], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr[-2000:]
    rows = re.findall(r"^\| (?:.*: )?the portable build.* \| -?[0-9]", result.stdout, re.M)
    checks.equal("the portable build has its rows", 14, len(rows))
    for scheme in "http", "https":
        row = rf"^\| instructions of a call, {scheme}: the (\w+) build \| ([0-9,]+)"
        counted = re.findall(row, result.stdout, re.M)
        costs = {name: int(figure.replace(",", "")) for name, figure in counted}
        is_no_more = costs["portable"] <= costs["shared"]
        checks.holds(f"a call over {scheme} takes no more instructions than with the shared build", is_no_more, costs)


@pytest.mark.long
@pytest.mark.needs_root
@pytest.mark.xdist_group("build")
def test_languages():
    result = subprocess.run(["script/bench", "--quick", "languages"], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr[-2000:]
    left_out = len(re.findall(r"^bench: .* is left out", result.stderr, re.M))
    rows = re.findall(r"^\| .*: the package.* \| [0-9]", result.stdout, re.M)
    checks.equal("each language has its rows", 3 * (8 - left_out), len(rows))


@pytest.mark.early
def test_bench():
    result = subprocess.run(["script/bench", "--quick"], cwd=ROOT, capture_output=True, text=True)
    print(result.stdout, result.stderr)
    assert result.returncode == 0, result.stderr[-2000:]
    table = result.stdout
    checks.equal("progress written to a file consists of lines", 0, result.stderr.count("\r"))
    begun = re.findall(r"^bench: (.*)", result.stderr, re.M)
    checks.equal("each group prints there that it begins", GROUPS, begun)
    rows = [row for row in re.findall(r"^\| [a-z].*", table, re.M) if not row.startswith("| what")]
    without = [row for row in rows if not re.match(r"\| [^|]+ \| -?[0-9,.]+ \|", row)]
    checks.equal("each row has a number", [], without)
    checks.equal("each part has its rows", 120, len(re.findall(r"^\| .* \| -?[0-9]", table, re.M)))
    silent = re.findall(r"^\| one in 100 silent, silent: .* \| [1-9]", table, re.M)
    checks.equal("connections went silent for every client", 3, len(silent))

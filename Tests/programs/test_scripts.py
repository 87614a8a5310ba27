"""Scripts: shellcheck passes them."""

import re
import subprocess

from project import ROOT

FOLDERS = ["script", "Tests", "examples", "packaging", ".ci", "benchmarks"]


def shell_scripts():
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file():
                head = path.read_bytes()[:4000]
                if re.search(rb"^#!.*\b(ba)?sh$|^# shellcheck shell=", head, re.M) and b"\0" not in head:
                    yield path.relative_to(ROOT)


def test_shellcheck():
    result = subprocess.run(["shellcheck", "-x", *shell_scripts()], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr

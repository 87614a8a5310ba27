"""Tests where the org key appears, and where it must never appear."""

import re

import checks
import exempt
import pytest
from commands import said
from project import version

ORG_KEY = "org_Zq7vK2xW9mT4bN8cR1yH5jD3"


@pytest.fixture
def own_functions(library, tmp_path):
    """Where libcurl is inside the library: a file with the addresses of the library's own functions, for watch.c."""
    if not exempt.is_portable(library):
        return {}
    symbols = said("readelf", "-sW", library.parent / f"symbols/libmachineid.so.{version()}")
    found = re.findall(r"^ *\d+: ([0-9a-f]+) +(\d+) FUNC .* ((?:\$e|mid_|platform_|ccurl_)\S*)$", symbols, re.M)
    assert len(found) > 100, "the file with the symbols has the library's own functions"
    file = tmp_path / "own-functions"
    file.write_text("".join(f"{int(start, 16):x} {int(start, 16) + int(size):x}\n" for start, size, _ in found))
    return {"WATCH_OWN": file}


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_wiped(program, preload, run, authority, tmp_path, own_functions, scheme):
    key = tmp_path / "key"
    key.write_text(ORG_KEY)
    options = authority.over(scheme, base_url=authority.url(scheme))["CLIENT_OPTIONS"]
    wiped = program("secrets/wiped.c", "-ldl")
    run([wiped, key], 60, own_functions, CLIENT_OPTIONS=options, LD_PRELOAD=preload("secrets/watch.c"))


def test_messages(program, run, authority):
    run([program("secrets/messages.c")], 120, authority.over("http"))


def test_log(program, run, emulator, tmp_path):
    """The emulator logs requests of clients with the right key and with wrong keys."""
    started = emulator("--org-key", ORG_KEY)
    wrong = [f"{ORG_KEY}x", "org_Wr0ngKeyWr0ngKeyWr0ngKey"]
    for key in [ORG_KEY, *wrong]:
        run.status([program("secrets/talk.c"), "new", f'{{"base_url":"{started.url}"}}'], 20, KEY=key)
    started.stop()
    lines = started.log.read_text().splitlines()
    checks.equal("the log has a line for each request", 24, sum("path=/api/v1/" in line for line in lines))
    secrets = [ORG_KEY.removeprefix("org_").lower(), "wr0ngkey"]
    shown = [line for line in lines if any(secret in line.lower() for secret in secrets)]
    checks.equal("the log never shows a key", [], shown)

"""Tests what machineid's tables and lines look like on terminals: wide characters, and lines that would not fit."""

import re
import unicodedata

import pytest
from checks import equal, holds
from tooling import ORG_KEY, Tool, without_progress

# The second has characters of two columns, the third one that is put on the e, the fourth an emoji.
DEVICES = ["worker:prod:queue-consumer:01", "倉庫:本番:07", "cafe\u0301:01", "fleet:🚚:01", "bäcker:01"]
UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


@pytest.fixture
def tool(emulator):
    return Tool(emulator("--org-key", ORG_KEY))


def columns(text):
    """Returns how many columns a text takes up on a terminal."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def lines_of(terminal):
    """Returns what a terminal shows, without colours."""
    return re.sub(r"\x1b\[\d*m", "", without_progress(terminal.text)).splitlines()


def test_wide_characters(tool):
    tool.operator("register", *DEVICES)
    for words in (["list"], ["validate", *DEVICES]):
        with tool.on_terminal(*words) as terminal:
            equal("the exit status", 0, terminal.end())
        lines = lines_of(terminal)
        equal("a line for each device, and the head", len(DEVICES) + 1, len(lines))
        starts = {columns(re.match(".*?(?=STATE|DECISION|active|allowed)", line)[0]) for line in lines}
        equal(f"{words[0]}: where the second column begins", {31}, starts)


def words_of(lines):
    """Returns what the doctor says, without what differs from run to run."""
    return re.sub(r"in \d+ ms|\S+T\S+Z", "", re.sub(r"\s+", " ", " ".join(lines)))


@pytest.mark.parametrize("width", [60, 80, 100])
def test_doctor(tool, width):
    """What does not fit goes on below, in the column of the messages, and no word is broken."""
    with tool.on_terminal("doctor") as terminal:
        terminal.end()
    wide = lines_of(terminal)
    with tool.on_terminal("doctor", columns=width) as terminal:
        terminal.end()
    lines = lines_of(terminal)
    holds("no line is too wide", max(columns(line) for line in lines) <= width, lines)
    more = [line for line in lines if not re.match("(ok|note|bad|skipped) +[a-z]+ ", line)]
    holds("some go on below", more and all(re.match(r" {23}\S", line) for line in more), lines)
    equal("the words are the same", words_of(wide), words_of(lines))


@pytest.mark.parametrize("width, between", [(0, "  "), (80, "\n" + " " * 11), (200, "  ")])
def test_watch(tool, width, between):
    """The code and the request id are on a line of their own where they would not fit."""
    short, long = "a", DEVICES[0]
    tool.operator("register", short, long)
    tool.operator("revoke", long)
    found = []
    with tool.on_terminal("watch", "--interval", "0.1", short, long, columns=width) as terminal:
        while len(found) < 2 and terminal.read(60):
            found = re.findall(UUID + "(?=\n)", "\n".join([*lines_of(terminal), ""]))
    text = "\n".join(lines_of(terminal))
    time = r"\d\d:\d\d:\d\dZ  "
    wanted = [(short, "allowed", "ALLOW"), (long, "denied ", "DEVICE_REVOKED")]
    for device, to, code in wanted:
        line = f"{re.escape(device.ljust(len(long)))}  -       -> {to}{between}{code}  {UUID}$"
        holds(f"{device} at {width} columns", re.search(f"^{time}{line}", text, re.M), text)

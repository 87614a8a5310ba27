"""Tests the completions by the shells themselves, and that they, --help and the table of commands agree."""

import json
import re
import shutil

import pytest
from checks import equal, holds
from commands import outcome, said
from terminal import Terminal
from tooling import TOOL

# What is typed, and what a completion offers; "=" where it must offer nothing else.
CASES = {
    "machineid ": ["validate", "register", "unrevoke", "revoke", "remove", "list", "usage", "watch", "wait", "exec"],
    "machineid va": ["=", "validate"],
    "machineid --json re": ["=", "register", "revoke", "remove"],
    "machineid --timeout 5 --base-url http://x li": ["=", "list"],
    "machineid validate --": ["--quiet", "--stdin", "--json", "--key-file"],
    "machineid list --re": ["=", "--revoked"],
    "machineid revoke --y": ["=", "--yes"],
    "machineid completion ": ["=", "bash", "zsh", "fish"],
    "machineid help doc": ["=", "doctor"],
    "machineid validate --y": ["="],
    "machineid exec --ki": ["=", "--kill-group"],
    "machineid exec --device a --no-new": ["=", "--no-new-privileges"],
    "machineid emulator --po": ["=", "--port"],
    "machineid exec -d a -- setpri": ["=", "setpriv"],
}


def table():
    return json.loads(said(TOOL, "--json", "help"))


def expect(typed, found):
    expected = CASES[typed]
    if expected[0] == "=":
        equal(f"'{typed}' offers", sorted(expected[1:]), sorted(found))
    else:
        equal(f"'{typed}' offers", [], [word for word in expected if word not in found])


def in_bash(typed):
    """Returns what the completion offers, as bash asks it."""
    script = """
        PATH=${0%/*}:/usr/bin
        source <("$0" completion bash)
        read -ra COMP_WORDS <<<"$1"
        case $1 in *' ') COMP_WORDS+=('') ;; esac
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        "$(complete -p machineid | sed 's/.*-F \\([^ ]*\\) .*/\\1/')"
        printf '%s\\n' "${COMPREPLY[@]}"
    """
    return said("bash", "-euc", script, TOOL, typed).split()


@pytest.mark.parametrize("typed", CASES)
def test_bash(typed):
    expect(typed, in_bash(typed))


def test_every_option_in_bash():
    """What the table has is offered, and is in --help."""
    known = table()
    common = [option["name"] for option in known["options"]]
    for command in known["commands"]:
        if command["name"] in ("exec", "emulator"):
            continue
        options = [option["name"] for option in command["options"]]
        offered = in_bash(f"machineid {command['name']} --")
        equal(f"the options of {command['name']}", sorted(options + common), sorted(offered))
        text = said(TOOL, command["name"], "--help")
        found = re.findall(r"^  (--[a-z-]+)", text, re.M)
        equal(f"{command['name']} --help has them", options + common, found)
        holds("and what it does", command["about"].lower() in " ".join(text.lower().split()), text)
    names = re.findall(r"^  ([a-z]+) ", said(TOOL, "--help").split("Options")[0], re.M)
    equal("--help has the commands", [command["name"] for command in known["commands"]], names)


def interactive(command, environment, *typed):
    """Types into a shell on a terminal, and returns what it shows."""
    own = {"PATH": f"{TOOL.parent}:/usr/bin:/bin", "TERM": "dumb", "PS1": "READY>"}
    terminal = Terminal(command, own | environment)
    try:
        for line, wanted in typed:
            terminal.text = ""
            terminal.type(line)
            holds(f"{line!r} shows {wanted!r}", terminal.read_until(wanted), terminal.text)
    finally:
        terminal.close()


# The options of machineid-exec, and the command that it is to run. ^U clears the line.
IN_EXEC = ("\x15machineid exec --kill-g\t", "--kill-group "), ("--device a -- setpri\t", "setpriv ")


def test_tab_in_bash(tmp_path):
    """bash-completion finds the file by the name of the program, and bash inserts the word."""
    folder = tmp_path / "bash-completion/completions"
    folder.mkdir(parents=True)
    (folder / "machineid").write_text(said(TOOL, "completion", "bash"))
    environment = {"BASH_COMPLETION_USER_DIR": str(tmp_path / "bash-completion"), "HOME": str(tmp_path)}
    start = ". /usr/share/bash-completion/bash_completion; PS1='GO''>'\n"
    typed = ("machineid val\t", "machineid validate "), ("--qu\t", "--quiet "), *IN_EXEC
    interactive(["bash", "--norc", "-i"], environment, (start, "GO>"), *typed)


def test_tab_in_zsh(tmp_path):
    if not shutil.which("zsh"):
        pytest.skip("there is no zsh")
    (tmp_path / "_machineid").write_text(said(TOOL, "completion", "zsh"))
    start = f"fpath=({tmp_path} $fpath); autoload -U compinit; compinit -u -D; PS1='GO''>'\n"
    typed = ("machineid val\t", "machineid validate "), ("--qu\t", "--quiet "), *IN_EXEC
    interactive(["zsh", "-f", "-i"], {"HOME": str(tmp_path)}, (start, "GO>"), *typed)


@pytest.mark.parametrize("typed", [typed for typed in CASES if "exec --" in typed or "exec -d" in typed])
def test_fish(typed, tmp_path):
    if not shutil.which("fish"):
        pytest.skip("there is no fish")
    given = {"HOME": str(tmp_path), "PATH": f"{TOOL.parent}:/usr/bin", "TYPED": typed}
    found = said("fish", "-c", "machineid completion fish | source; complete -C $TYPED", environment=given)
    expect(typed, [line.split("\t")[0] for line in found.splitlines()])


def test_zsh_and_fish_know_every_option():
    known = table()
    zsh, fish = said(TOOL, "completion", "zsh"), said(TOOL, "completion", "fish")
    for command in known["commands"]:
        holds(f"zsh knows {command['name']}", f"'{command['name']}:" in zsh)
        holds(f"fish knows {command['name']}", f"-a {command['name']} " in fish)
        for option in command["options"]:
            holds(f"zsh knows {option['name']}", f"'{option['name']}[" in zsh)
            holds(f"fish knows {option['name']}", re.search(rf"from {command['name']}' -l {option['name'][2:]} ", fish))


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_syntax(shell, tmp_path):
    if not shutil.which(shell):
        pytest.skip(f"there is no {shell}")
    file = tmp_path / "completion"
    file.write_text(said(TOOL, "completion", shell))
    result = outcome(shell, "-n", file)
    equal(f"{shell} finds no fault in its completion", (0, ""), (result.returncode, result.stdout))

"""Checks models of three protocols with spin: the driver's hand-over, the gate that a fork waits at, a guard's
permission. Each property holds in the model of the code, and spin finds a fault when the step that protects it is
removed. The head of each model says which functions it models, and lists its properties and switches."""

import re
import shutil

import checks
import pytest
from commands import outcome, tail
from project import ROOT

MODELS = ROOT / "Tests/models"
# Most of the time goes into compiling, and Swift's clang takes half as long as gcc.
COMPILER = shutil.which("clang") or "gcc"

# The ways to search: the flags of the compiler and of spin's verifier, and the words in which that reports a fault.
WAYS = {
    "assertions": (["-DSAFETY"], ["-E"], "assertion violated"),
    "deadlocks": (["-DSAFETY"], ["-A"], "invalid end state"),
    "safety": (["-DSAFETY"], [], None),
    "cycles": (["-DNP"], ["-l"], "non-progress cycle"),
    "fair": (["-DNFAIR=3"], ["-a", "-f"], "acceptance cycle"),
}

# What is modelled, as switches of the model.
THREES = ["-DSINGLES=3", "-DIMPATIENT=1"]
IN_ORDER = [*THREES, "-DWIDTH=2", "-DIN_ORDER"]
GROUP = ["-DSINGLES=1", "-DIMPATIENT=0", "-DMEMBERS=2"]
UNHANDED = [*GROUP, "-DNO_CANCEL_HAND_OVER"]
BUSY = ["-DSINGLES=2", "-DIMPATIENT=0", "-DMEMBERS=2", "-DBUSY"]
WOKEN = ["-DSINGLES=1", "-DIMPATIENT=0", "-DMEMBERS=1", "-DIN_ORDER"]
CANCELLED = ["-DSINGLES=1", "-DIMPATIENT=0", "-DMEMBERS=1", "-DCANCEL"]
ROBBED = ["-DSINGLES=2", "-DIMPATIENT=1", "-DWIDTH=2", "-DROBBED"]
TWO_FORKERS = ["-DFORKERS=2", "-DWORKERS=0"]
STORM = ["-DENDS", "-DSTORM", "-DCALM_HOST", "-DWORKERS=1"]

# The model, what holds in it, the way to search, and the switches.
HOLDS = [
    ("driver", "1, 2 and wakes hold of three callers, one of which may leave", "safety", THREES),
    ("driver", "ends holds of three callers, one of which may leave", "cycles", THREES),
    ("driver", "1, 2 and wakes hold where the driver is answered last", "safety", IN_ORDER),
    ("driver", "1, 2 and wakes hold of a caller and a group, which may leave", "safety", [*GROUP, "-DGROUP_IMPATIENT"]),
    ("driver", "the same holds without the hand-over of cancelInGroup", "safety", [*UNHANDED, "-DGROUP_IMPATIENT"]),
    ("driver", "ends holds of a caller and a group", "cycles", GROUP),
    ("driver", "calls holds where a group goes on for ever", "cycles", [*GROUP, "-DENDLESS"]),
    ("driver", "1, 2 and wakes hold of two callers and a group that works", "safety", BUSY),
    ("driver", "1, 2 and wakes hold where a group must be woken to be answered", "safety", WOKEN),
    ("driver", "1, 2 and wakes hold where the client is cancelled", "safety", CANCELLED),
    (
        "driver",
        "1, 2 and wakes hold where descriptors are closed, and libcurl fails",
        "safety",
        [*ROBBED, "-DFAILURES=1"],
    ),
    ("fork_gate", "1, 2 and 3 hold of a fork and two threads", "safety", []),
    ("fork_gate", "1 holds of two threads that fork and call", "safety", [*TWO_FORKERS, "-DONLY=1"]),
    ("fork_gate", "ends holds of a thread amid forks without end", "fair", STORM),
    ("fork_gate", "ends holds of a fork and two threads", "fair", ["-DENDS"]),
    ("fork_gate", "4 holds of each kind of kernel and of fork", "safety", ["-DCHILD"]),
    ("permit", "1 and 2 hold of a look at any moment", "safety", []),
    ("permit", "3 holds of a fork at any moment", "safety", ["-DFORK"]),
]

# The model, the switch that removes a step, the property that it breaks, the way to search, and the other switches.
BREAKS = [
    ("driver", "NO_ABANDON", "1", "assertions", THREES),
    ("driver", "NO_WAKES_IN_FLIGHT", "2", "assertions", THREES),
    ("driver", "NO_HAND_OVER", "wakes", "deadlocks", THREES),
    ("driver", "NO_SECOND_LOOK", "wakes", "deadlocks", THREES),
    ("driver", "NO_WAKE_ENDED", "wakes", "deadlocks", THREES),
    ("driver", "LATE_SLEEP", "wakes", "deadlocks", THREES),
    ("driver", "NO_ABANDON_WAKE", "wakes", "deadlocks", THREES),
    ("driver", "NO_WAKE_PIPE", "wakes", "deadlocks", IN_ORDER),
    ("driver", "NO_NEXT_HAND_OVER", "wakes", "deadlocks", GROUP),
    ("driver", "NO_GROUP_WAKE", "wakes", "deadlocks", GROUP),
    ("driver", "ALWAYS_LATE", "calls", "cycles", [*GROUP, "-DENDLESS"]),
    ("driver", "AWAKE_GROUPS", "wakes", "deadlocks", BUSY),
    ("driver", "NO_DRIVER_WAKE", "wakes", "deadlocks", WOKEN),
    ("driver", "NO_CANCEL_WAKE", "wakes", "deadlocks", CANCELLED),
    ("driver", "NO_CANCEL_PIPE", "wakes", "deadlocks", CANCELLED),
    ("driver", "NO_REBUILD_WAKE", "wakes", "deadlocks", ROBBED),
    ("fork_gate", "NO_TAKE_BACK", "1", "assertions", TWO_FORKERS),
    ("fork_gate", "SELF_ALONE", "1", "assertions", TWO_FORKERS),
    ("fork_gate", "FORKS_PATIENCE", "ends", "fair", STORM),
    ("fork_gate", "LOOK_FIRST", "1", "assertions", []),
    ("fork_gate", "NO_WAIT", "1", "assertions", []),
    ("fork_gate", "NO_COUNT", "2", "assertions", []),
    ("fork_gate", "NO_RESTART", "2", "assertions", []),
    ("fork_gate", "NO_SELF", "3", "assertions", []),
    ("fork_gate", "NO_RESTART", "4", "assertions", ["-DCHILD"]),
    ("fork_gate", "NO_PROCESS", "4", "assertions", ["-DCHILD"]),
    ("fork_gate", "NO_EXCHANGE", "4", "assertions", ["-DCHILD"]),
    ("fork_gate", "NO_PUBLISH", "4", "assertions", ["-DCHILD"]),
    ("fork_gate", "THREADS_WAIT", "ends", "fair", ["-DENDS"]),
    ("fork_gate", "FORKS_WAIT", "ends", "fair", ["-DENDS"]),
    ("permit", "END_FIRST", "1", "assertions", []),
    ("permit", "NOT_LIVE", "1", "assertions", []),
    ("permit", "NO_LOCK", "1", "assertions", []),
    ("permit", "FROM_ANSWER", "2", "assertions", []),
    ("permit", "LOW_CLOCK", "2", "assertions", []),
    ("permit", "NO_GENERATION", "3", "assertions", ["-DFORK"]),
    ("permit", "NO_PROCESS", "3", "assertions", ["-DFORK"]),
    ("permit", "SAME_NUMBERS", "3", "assertions", ["-DFORK"]),
]


@pytest.fixture
def verify(tmp_path):
    """Verifies a model. Returns what the verifier says, the number of faults, or None if it did not come to its end,
    and the last steps to a fault."""

    def begin(model, way, *switches):
        file = MODELS / f"{model}.pml"
        compiled, searched, _ = WAYS[way]
        text = ""
        for command in (
            ["spin", *switches, "-a", file],
            [COMPILER, "-O0", "-w", *compiled, "-o", "pan", "pan.c"],
            ["./pan", "-n", "-m200000", "-w22", *searched],
        ):
            result = outcome(*command, cwd=tmp_path)
            text += result.stdout
            if result.returncode != 0:
                break
        trail = tmp_path / f"{file.name}.trail"
        replay = ["spin", *switches, "-p", "-k", trail, file]
        steps = tail(outcome(*replay, cwd=tmp_path).stdout, 60) if trail.exists() else ""
        errors = re.search(r"^State-vector.*errors: (\d+)", text, re.M)
        return text, int(errors[1]) if errors else None, steps

    return begin


@pytest.mark.parametrize("model, what, way, switches", HOLDS, ids=[f"{model}: {what}" for model, what, *_ in HOLDS])
def test_holds(verify, model, what, way, switches):
    text, errors, steps = verify(model, way, *switches)
    is_whole = not re.search("Search not completed|too small", text)
    head = "\n".join([line for line in text.splitlines() if line][:12])
    checks.holds(what, errors == 0 and is_whole, f"{head}\n{steps}")
    states = re.search(r"^ *(\d+) states, stored", text, re.M)
    checks.said(f"in {states[1]} states" if states else "it did not come to its end")


def finds_a_fault(what, way, text, errors):
    checks.holds(what, errors and WAYS[way][2] in text, f"no fault is found\n{tail(text, 30)}")


IDS = [f"{model}: {switch} breaks {broken}" for model, switch, broken, *_ in BREAKS]


@pytest.mark.parametrize("model, switch, broken, way, switches", BREAKS, ids=IDS)
def test_breaks(verify, model, switch, broken, way, switches):
    """Without the step that the switch removes there is a fault. Of the assertions only the property's own count."""
    only = [f"-DONLY={broken}"] if way == "assertions" else []
    text, errors, _ = verify(model, way, f"-D{switch}", *only, *switches)
    finds_a_fault(f"{switch} breaks the property {broken}", way, text, errors)


def test_a_look_may_be_allowed(verify):
    """The model of the permission does not hold merely because nothing in it is ever allowed."""
    text, errors, _ = verify("permit", "assertions", "-DALLOWED")
    finds_a_fault("a look may be allowed", "assertions", text, errors)

"""Tests forks during calls: calls of a child return the right answers at once, and the parent is not disturbed. It uses
plain HTTP and TLS, C and Python, and also systems that wipe no page on fork."""

import platform
import shutil
import sys

import checks
import pytest
from programs import VALGRIND, line_with
from project import ROOT

ORG_KEY = "org_tests_of_forks"
SCHEMES = pytest.mark.parametrize("scheme", ["http", "https"])
WAYS = pytest.mark.parametrize("way", ["fork", "_Fork", "clone"])


@pytest.fixture
def forks(long):
    return 1000 if long else 60


@pytest.fixture
def over(authority, target):
    """The environment of programs whose clients try only once. Under an emulator, handshakes of many threads take
    long."""
    slow = {"connect_timeout_ms": 50000, "timeout_ms": 50000} if target.is_emulated else {}
    patience = {"CHILD_PATIENCE_MS": 55000} if target.is_emulated else {}

    def over(scheme):
        options = {**slow, **({"max_retries": 0} if scheme in ("http", "https") else {})}
        return {**authority.over(scheme, **options), **patience}

    return over


@pytest.fixture
def madvise(preload):
    """The environment in which madvise() behaves like that of a kernel that wipes no page on fork."""
    preloaded = preload("fork/madvise.c")
    return lambda way: {"MADVISE": way, "LD_PRELOAD": preloaded}


def test_one_child(program, run_fresh):
    """valgrind does not check leaks here: a child does not free what the parent's calls hold, as machineid.h says."""
    run_fresh(program("fork/fork.c"), plan="pro", valgrind=VALGRIND)


# ---- Storms


@pytest.mark.parametrize("scheme", ["http", "https", "churning"])
def test_storm(program, run, over, forks, scheme):
    churning = ["--churning"] if scheme == "churning" else []
    seconds = 300 if scheme == "http" else 600
    run([program("fork/storm.c"), forks, "--threads", 8, *churning], seconds, over(scheme))


@SCHEMES
def test_storm_by_clone(program, run, over, forks, scheme):
    run([program("fork/storm.c"), forks, "--clone"], 300, over(scheme))


def test_storm_where_madvise_lies(program, run, over, forks, madvise):
    run([program("fork/storm.c"), forks, "--threads", 8], 300, over("https"), madvise("lies"))


def test_storm_by_clone_where_madvise_lies(program, run, over, forks, madvise):
    run([program("fork/storm.c"), forks, "--clone"], 300, over("https"), madvise("lies"))


def test_storm_of_names(program, preload, run, over, forks):
    """With a name that is looked up for each of the many connections."""
    names = {"LD_PRELOAD": preload("../support/names.c")}
    run([program("fork/storm.c"), forks, "--threads", 8, "--churning"], 300, over("named"), names)


@pytest.mark.long
def test_storm_with_a_nameserver(program, run):
    support = ROOT / "Tests/support"
    beside = [support / "with_nameserver", sys.executable, support / "beside_authority.py", ORG_KEY]
    where = ["env", "MACHINEID_BASE_URL={named}", 'CLIENT_OPTIONS={"ca_file":"{ca_file}"}']
    run([*beside, *where, program("fork/storm.c"), 1000, "--threads", 8, "--churning"], 580)


@pytest.mark.parametrize("scheme", ["http", "https", "churning"])
def test_multiprocessing(run, over, forks, library, scheme):
    storm = [sys.executable, ROOT / "Tests/host/fork/storm.py", library / "libmachineid.so.0", forks]
    run(storm, 300 if scheme == "http" else 600, over(scheme))


@SCHEMES
def test_one_cold_start(program, run, over, scheme):
    run([program("fork/cold.c"), 0], 60, over(scheme))


@pytest.mark.long
@SCHEMES
def test_cold_starts(program, run, over, forks, scheme):
    """Forks at every moment of a process's first handshakes, during which OpenSSL creates its permanent state."""
    processes = forks // 5
    for number in range(processes):
        delay = number * 1000 // processes
        run([program("fork/cold.c"), delay], 60, over(scheme), CHILD_PATIENCE_MS=12000)
    checks.said(f"{checks.current.said}, in each of {processes} processes")


def test_forkers(program, run, over):
    """Many threads fork without a pause."""
    output = run([program("fork/forkers.c"), 5], 100, over("http"))
    checks.said(line_with(output, " threads forked "))


# ---- Files of children, and systems without wiping


@SCHEMES
def test_own_files(program, run, over, scheme):
    run([program("fork/own_files.c")], 60, over(scheme))


@pytest.mark.long
def test_own_files_with_the_same_inode_numbers(program, run, over, tmp_path):
    """A fresh tmpfs takes a while until it reaches the inode numbers of sockets."""
    shell = 'mount -t tmpfs tmpfs "$1" && exec "$2" "$1"'
    command = ["unshare", "--mount", "--map-root-user", "sh", "-c", shell, "sh", tmp_path, program("fork/own_files.c")]
    run(command, 900, over("http"), CHILD_PATIENCE_MS=800000)


@SCHEMES
def test_generations(program, run, over, scheme):
    run([program("fork/generations.c")], 60, over(scheme))


@pytest.mark.parametrize("madvises", ["refuses", "lies", "forgets"])
def test_generations_where_madvise(program, run, over, madvise, madvises):
    run([program("fork/generations.c")], 60, over("https"), madvise(madvises))


@WAYS
def test_two_answers(program, run, over, way):
    """All ways to fork, with a kernel that wipes a page on fork."""
    run([program("fork/two_answers.c"), way, 20], 120, over("http"))


@WAYS
@pytest.mark.parametrize("madvises", ["refuses", "lies", "forgets"])
def test_two_answers_where_madvise(program, run, over, madvise, way, madvises):
    # Each call compares the process id, so calls are right under every system. mid_guard_allowed makes no system call
    # where the kernel says that it wipes the page. If that is not true, only a fork handler can tell it that it is in a
    # child, and these run only for fork().
    without = ["--without-guards"] if madvises == "forgets" and way != "fork" else []
    run([program("fork/two_answers.c"), way, 20, *without], 120, over("http"), madvise(madvises))


@WAYS
def test_two_answers_under_qemu_user(program, run, over, way):
    """Debian 12's qemu-user wipes nothing and reports success."""
    qemu = f"qemu-{platform.machine()}"
    if not shutil.which(qemu):
        pytest.skip(f"there is no {qemu}; apt-get install qemu-user")
    run([qemu, program("fork/two_answers.c"), way, 20, "--without-guards"], 120, over("http"))


# ---- Handlers


@WAYS
def test_in_handler(program, run, over, way):
    run([program("fork/in_handler.c"), way, 16], 120, over("http"))


@WAYS
def test_in_handler_where_madvise_lies(program, run, over, madvise, way):
    run([program("fork/in_handler.c"), way, 8], 120, over("http"), madvise("lies"))


def test_in_handler_during_calls_of_other_threads(program, run, over):
    run([program("fork/in_handler.c"), "fork", 16, "--crowd"], 120, over("http"))


def test_in_handler_before_sleep(program, run, over):
    run([program("fork/before_sleep.c")], 60, over("http"))


def test_handlers(program, run, over):
    """Fork handlers of the host make calls."""
    run([program("fork/handlers.c")], 60, over("http"))


def test_handlers_where_madvise_lies(program, run, over, madvise):
    run([program("fork/handlers.c")], 60, over("http"), madvise("lies"))


def test_registers(program, run, over):
    run([program("fork/registers.c", "-rdynamic", "-ldl")], 60, over("http"))


def test_registers_where_madvise_lies(program, run, over, madvise):
    run([program("fork/registers.c", "-rdynamic", "-ldl")], 60, over("http"), madvise("lies"))


# ---- Other forks


@SCHEMES
def test_spawning(program, run, over, forks, scheme):
    run([program("fork/spawning.c"), forks // 2], 120, over(scheme))


def test_guards(program, run, authority, long):
    run([program("fork/guards.c"), 2000 if long else 60], 400, authority.over("http"))

"""Tests many threads on one client: directly, under helgrind and under ThreadSanitizer. Also tests a system that
refuses threads."""

import shutil

import exempt
import pytest
import sanitizers
from project import ROOT

SCHEMES = pytest.mark.parametrize("scheme", ["http", "https"])
# Under a tool each thread makes a fixed number of rounds, because time is no measure there.
PATIENT = {"timeout_ms": 120000, "connect_timeout_ms": 60000}


def test_sixteen(program, run_fresh):
    run_fresh(program("threads/threads.c"), plan="pro", under_valgrind=[16])


@SCHEMES
def test_first(program, preload, run, authority, scheme, long):
    times = 500 if long else 40
    other = {"LD_PRELOAD": preload("../support/other_curl.c")}
    run([program("threads/first.c"), times], 580, authority.over(scheme), other)


def test_shards(program, run, authority):
    run([program("threads/shards.c")], 120, authority.over("http"))


def test_guards(program, run, authority, long):
    seconds = 600 if long else 3
    # Freed memory is overwritten, so that later reads of it are noticed.
    run([program("threads/guards.c"), seconds], seconds + 60, authority.over("http"), MALLOC_PERTURB_=165)


def test_threadless(program, run, authority):
    run([program("threads/threadless.c")], 60, authority.over("http"))


@pytest.fixture
def with_symbols(library, tmp_path):
    """The environment of helgrind, which knows false reports by the names of functions. Those of a libcurl and an
    OpenSSL that are inside the library are in its unstripped form alone."""
    if not exempt.is_portable(library):
        return {}
    unstripped = next((library.parent / "symbols").iterdir())
    shutil.copy(unstripped, tmp_path / "libmachineid.so.0")
    return {"LD_LIBRARY_PATH": tmp_path}


@SCHEMES
def test_helgrind(program, run, authority, with_symbols, scheme, long):
    """The list of guards has a spin lock of its own, which helgrind does not know, but ThreadSanitizer does."""
    suppressions = f"--suppressions={ROOT}/Tests/host/threads/helgrind.supp"
    helgrind = ["valgrind", "--tool=helgrind", "--quiet", "--error-exitcode=99", suppressions]
    # Handshakes take seconds under helgrind, and 64 at once would not finish in time. Each thread gets a fresh stack
    # because helgrind does not see the lock under which glibc reuses stacks.
    environment = authority.over(scheme, **PATIENT, max_connections=8) | {
        "GLIBC_TUNABLES": "glibc.pthread.stack_cache_size=0",
        "SOAK_WITHOUT_GUARDS": 1,
        "SOAK_ROUNDS": 40 if long else 2,
    }
    environment |= with_symbols
    run([*helgrind, program("../soak/threads.c"), 1, 64], 900, environment)


# ---- ThreadSanitizer: one worker builds the library with it, and runs these tests.

sanitized = pytest.mark.xdist_group("ThreadSanitizer")


@pytest.fixture(scope="module")
def thread_sanitizer(programs, tmp_path_factory):
    # Rebuilding the library needs Swift.
    if not shutil.which("swift"):
        pytest.skip("there is no swift")
    return sanitizers.Sanitizer("thread", tmp_path_factory.mktemp("thread-sanitizer"), programs)


@pytest.fixture
def run_sanitized(thread_sanitizer, run, request):
    def begin(source, arguments, seconds, *environments, **variables):
        suppressions = ROOT / "Tests/host/threads/thread_sanitizer.supp"
        options = {
            "TSAN_OPTIONS": f"exitcode=66 suppressions={suppressions}",
            "LD_LIBRARY_PATH": thread_sanitizer.folder,
        }
        program = thread_sanitizer.program((request.path.parent / source).resolve())
        run([program, *arguments], seconds, *environments, options, **variables)

    return begin


@sanitized
@SCHEMES
def test_thread_sanitizer(run_sanitized, authority, scheme, long):
    rounds = (40 if long else 2) * 15
    run_sanitized("../soak/threads.c", [1, 64], 900, authority.over(scheme, **PATIENT), SOAK_ROUNDS=rounds)


@sanitized
def test_thread_sanitizer_guards(run_sanitized, authority):
    run_sanitized("threads/guards.c", [], 300, authority.over("http"), CHECK_SLACK_MS=5000)


@sanitized
@pytest.mark.parametrize(
    "source",
    [
        "contract/guards/interface.c",
        pytest.param("contract/guards/authorities.c", marks=pytest.mark.long),
        "contract/stats/calls.c",
        "contract/stats/outcomes.c",
        "contract/stats/guards.c",
        "wire/distance/answers.c",
        # This takes half a minute.
        pytest.param("wire/distance/ends.c", marks=pytest.mark.long),
    ],
)
def test_thread_sanitizer_elsewhere(run_sanitized, authority, source):
    arguments = {
        "contract/stats/calls.c": [3],
        "contract/stats/outcomes.c": [2],
        "wire/distance/answers.c": [1, 4],
        "wire/distance/ends.c": ["--calm"],
    }.get(source, [])
    run_sanitized(f"../{source}", arguments, 300, authority.over("http"), CHECK_SLACK_MS=5000)


@sanitized
def test_thread_sanitizer_weather(run_sanitized, authority, long):
    seconds = 205 if long else 15
    environment = authority.over("https") | {
        "CA_FILE": authority.ca_file,
        "EMULATOR_URL": authority.url("http"),
        "EMULATOR_PID": authority.emulator.pid,
        "WEATHER_UNMEASURED": 1,
        "CHECK_SLACK_MS": 5000,
    }
    run_sanitized("../wire/distance/weather.c", [seconds], 300, environment)

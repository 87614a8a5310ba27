"""How the tests are run: their options, their order, what they may use, and what is said of them. Tests/README.md and
docs/testing.md explain it to people."""

import contextlib
import os
import pathlib
import tempfile

import checks
import pytest
import turns
from authority import ORG_KEY, Authority
from emulator import Emulator
from hostile_engine import Hostile
from programs import MEMCHECK, MEMCHECK_STRICT, Programs, Runner, pass_over_known_faults
from project import ROOT, clean_environment
from reporting import Reporting

MARKERS = {
    "long": "takes long, and is run with --long only",
    "on_request": "is run only when -k or its own name asks for it",
    "alone": "depends on time so much, or has so much to itself, that no other test may run beside it",
    "early": "takes longer than most, and so begins before them",
    "needs_root": "does what only root can do",
    "seconds(limit)": "must end within so many seconds",
    "xdist_group(name)": "runs one after the other with those of the same name",
}


def pytest_addoption(parser):
    parser.addoption("--library", metavar="FOLDER", help="where the library is, build/lib if this is not given")
    parser.addoption("--long", action="store_true", help="do what takes long too")
    parser.addoption(
        "--behaviours",
        metavar="PATTERN",
        action="append",
        default=[],
        help="of the hostile authority, such as 'chunks/*'",
    )


def pytest_configure(config):
    for marker, meaning in MARKERS.items():
        config.addinivalue_line("markers", f"{marker}: {meaning}")
    clean_environment()
    pass_over_known_faults()
    config.pluginmanager.register(Conclusion())
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Reporting(config))


# ---- Which tests, and in which order


def is_wanted(item):
    config = item.config
    if item.get_closest_marker("long") and not config.option.long:
        return False
    is_named = config.option.keyword or any("::" in argument for argument in config.args)
    return is_named or not item.get_closest_marker("on_request")


def turn_of(item):
    """Those that have the machine to themselves come last: nobody waits for them then."""
    if item.get_closest_marker("alone"):
        return 2
    return 0 if item.get_closest_marker("early") else 1


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    unwanted = [item for item in items if not is_wanted(item)]
    if unwanted:
        config.hook.pytest_deselected(items=unwanted)
    items[:] = sorted((item for item in items if is_wanted(item)), key=turn_of)
    for item in items:
        if item.get_closest_marker("needs_root") and os.geteuid() != 0:
            item.add_marker(pytest.mark.skip(reason="only root can do this"))


def pytest_collection_finish(session):
    """The workers of xdist must know of the groups, which it has in the names of tests."""
    if session.config.getoption("loadgroup", False):
        ungrouped = [
            item.nodeid for item in session.items if item.get_closest_marker("xdist_group") and "@" not in item.nodeid
        ]
        if ungrouped:
            raise pytest.UsageError(f"this pytest-xdist does not keep groups of tests together: {ungrouped[0]}")


# ---- One test


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    with turns.turn(is_alone=item.get_closest_marker("alone") is not None):
        yield


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup():
    checks.begin()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    marker = item.get_closest_marker("seconds")
    with turns.alarm(marker.args[0]) if marker else contextlib.nullcontext():
        yield


class Conclusion:
    @pytest.hookimpl(trylast=True)
    def pytest_runtest_call(self):
        """After a test that came to its end: it fails where a check in it did."""
        found = checks.current
        if found.failed:
            pytest.fail("\n".join(found.failures) or f"{found.failed} checks failed", pytrace=False)
        if found.skips and not found.passed:
            pytest.skip("; ".join(found.skips))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    if call.when == "call":
        found = checks.current
        kept = {
            "passed": found.passed,
            "failed": found.failed,
            "wrong allowed": found.wrong_allowed,
            "said": found.said,
        }
        item.user_properties += [(name, value) for name, value in kept.items() if value]
        item.user_properties += [("skipped", what) for what in found.skips]
    outcome = yield
    if call.when == "call" and checks.current.failures:
        # The failure shows them already, without those that passed.
        report = outcome.get_result()
        report.sections = [(name, checks.without_own_lines(text)) for name, text in report.sections]


# ---- What tests use


@pytest.fixture(scope="session")
def long(pytestconfig):
    """Whether the tests may take long."""
    return pytestconfig.option.long


@pytest.fixture(scope="session")
def library(pytestconfig):
    """The folder with the library under test."""
    given = pytestconfig.option.library
    folder = (pytestconfig.invocation_params.dir / given).resolve() if given else ROOT / "build/lib"
    if not (folder / "libmachineid.so").exists():
        pytest.exit(f"there is no library in {folder}; script/build makes it", returncode=2)
    return folder


@pytest.fixture(scope="session")
def programs(tmp_path_factory, library):
    base = tmp_path_factory.getbasetemp()
    return Programs((base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "programs", library)


@pytest.fixture
def program(programs, request):
    """Compiles a C program, which is named from the folder of the test: program("fork/storm.c", "-ldl")."""
    return lambda source, *flags, **more: programs.program(request.path.parent / source, *flags, **more)


@pytest.fixture
def preload(programs, request):
    """Compiles a library for LD_PRELOAD, named in the same way."""
    return lambda source: programs.preload((request.path.parent / source).resolve())


@pytest.fixture
def run(tmp_path, library):
    """Runs a program, which must end well: run(COMMAND, SECONDS, ENVIRONMENT..., NAME=VALUE...)."""
    return Runner(tmp_path, library)


@pytest.fixture(scope="module")
def authority(request, tmp_path_factory):
    """An emulator, and nginx with TLS before it, for the tests of one file, whose ORG_KEY is theirs."""
    folder = tmp_path_factory.mktemp("authority")
    with Authority(folder, getattr(request.module, "ORG_KEY", ORG_KEY)) as authority:
        yield authority


@pytest.fixture
def emulator(tmp_path):
    """Starts emulators of a test's own: emulator("--plan", "free")."""
    with contextlib.ExitStack() as stack:
        count = iter(range(1000))
        yield lambda *arguments: stack.enter_context(Emulator(tmp_path / f"emulator-{next(count)}.log", *arguments))


@pytest.fixture(scope="session")
def memcheck():
    """What a program is started with to have valgrind look at it."""
    return MEMCHECK


@pytest.fixture(params=["plain", "valgrind"])
def run_fresh(request, run, emulator):
    """Runs a program with an emulator of its own: as it is, and under valgrind, where leaks that are only likely count
    too. run_fresh(PROGRAM, ARGUMENT..., NAME=VALUE...)"""

    def begin(program, *arguments, plan="free", under_valgrind=(), valgrind=MEMCHECK_STRICT, **variables):
        started = emulator("--plan", plan, "--org-key", "org_release_tests")
        environment = {"MACHINEID_BASE_URL": started.url, "MACHINEID_ORG_KEY": "org_release_tests"}
        command = [program, *arguments]
        if request.param == "valgrind":
            command = [*valgrind, *command, *under_valgrind]
            environment["CHECK_SLACK_MS"] = 2000
        return run(command, 200, environment, **variables)

    return begin


@pytest.fixture
def hostile(tmp_path, programs, pytestconfig):
    """Sets the hostile authority on the library."""
    return Hostile(tmp_path, programs, pytestconfig)


@pytest.fixture
def open_folder():
    """A folder that other users may enter, which those of pytest they may not."""
    with tempfile.TemporaryDirectory(prefix="machineid-") as folder:
        os.chmod(folder, 0o711)
        yield pathlib.Path(folder)

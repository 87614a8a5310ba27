"""The options, the order, the fixtures and the reports of all tests. Tests/README.md and docs/testing-the-library.md
explain how to run them."""

import contextlib
import os
import pathlib
import tempfile

import checks
import exempt
import pytest
import targets
import turns
from authority import ORG_KEY, Authority
from emulator import Emulator
from hostile_engine import Hostile
from programs import MEMCHECK, MEMCHECK_STRICT, Programs, Runner, pass_over_known_faults
from project import ROOT, clean_environment
from reporting import Reporting

MARKERS = {
    "long": "is slow, and runs only with --long",
    "on_request": "runs only when -k or its own name selects it",
    "alone": "depends on timing or owns shared state, so that no other test may run beside it",
    "early": "takes longer than most tests, and so starts before them",
    "needs_root": "needs root",
    "seconds(limit)": "must end within this many seconds",
    "xdist_group(name)": "runs in the same worker as the other tests of this group",
}


def pytest_addoption(parser):
    parser.addoption("--library", metavar="FOLDER", help="the folder of the library, build/lib by default")
    parser.addoption("--platform", help="run programs for this portable build, such as amd64-musl, in --root")
    parser.addoption("--root", metavar="FOLDER", help="the root of the system for --platform")
    parser.addoption("--long", action="store_true", help="run the slow tests too")
    parser.addoption("--next-steps", action="store_true", help="say how to run the tests that failed")
    parser.addoption(
        "--behaviours",
        metavar="PATTERN",
        action="append",
        default=[],
        help="behaviours of the hostile authority to test, such as 'chunks/*'",
    )


def pytest_configure(config):
    for marker, meaning in MARKERS.items():
        config.addinivalue_line("markers", f"{marker}: {meaning}")
    clean_environment()
    try:
        config.target = targets.target(config.option.platform, config.option.root)
    except ValueError as error:
        raise pytest.UsageError(str(error)) from error
    pass_over_known_faults()
    config.pluginmanager.register(Conclusion())
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Reporting(config))


# ---- The selection and the order of tests


def is_wanted(item):
    config = item.config
    if item.get_closest_marker("long") and not config.option.long:
        return False
    is_named = config.option.keyword or any("::" in argument for argument in config.args)
    return is_named or not item.get_closest_marker("on_request")


def turn_of(item):
    """Tests that must run alone come last, when no other test waits for them."""
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
            item.add_marker(pytest.mark.skip(reason="this needs root"))
    exempt.mark(items, exempt.traits(config.target, library_folder(config)))


def pytest_collection_finish(session):
    """xdist keeps the groups in the names of tests, and versions that do not fit pytest lose them without an error."""
    if session.config.getoption("loadgroup", False):
        ungrouped = [
            item.nodeid for item in session.items if item.get_closest_marker("xdist_group") and "@" not in item.nodeid
        ]
        if ungrouped:
            raise pytest.UsageError(f"this pytest-xdist does not keep groups of tests together: {ungrouped[0]}")


# ---- The run of one test


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
        """Fails a test that has ended normally if one of its checks failed."""
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
        # The failure already shows the checks that failed.
        report = outcome.get_result()
        report.sections = [(name, checks.without_own_lines(text)) for name, text in report.sections]


# ---- Fixtures


@pytest.fixture(scope="session")
def long(pytestconfig):
    """Whether slow tests were requested."""
    return pytestconfig.option.long


def library_folder(config):
    given = config.option.library
    return (config.invocation_params.dir / given).resolve() if given else ROOT / "build/lib"


@pytest.fixture(scope="session")
def library(pytestconfig):
    """The folder that contains the library under test."""
    folder = library_folder(pytestconfig)
    if not (folder / "libmachineid.so").exists():
        pytest.exit(f"there is no library in {folder}; script/build makes it", returncode=2)
    return folder


@pytest.fixture(scope="session")
def target(pytestconfig):
    """Where the programs run that use the library: this machine, or the root that --root names."""
    return pytestconfig.target


@pytest.fixture(scope="session")
def programs(tmp_path_factory, library, target):
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "programs"
    return Programs(folder, library, target)


@pytest.fixture
def program(programs, request):
    """Compiles a C program. Its path is relative to the folder of the test: program("fork/storm.c", "-ldl")."""
    return lambda source, *flags, **more: programs.program(request.path.parent / source, *flags, **more)


@pytest.fixture
def preload(programs, request):
    """Compiles a library for LD_PRELOAD. Its path is relative to the folder of the test."""
    return lambda source: programs.preload((request.path.parent / source).resolve())


@pytest.fixture
def run(tmp_path, library):
    """Runs a program that must exit with 0: run(COMMAND, SECONDS, ENVIRONMENT..., NAME=VALUE...)."""
    return Runner(tmp_path, library)


@pytest.fixture(scope="module")
def authority(request, tmp_path_factory):
    """An emulator, and nginx with TLS in front of it, for the tests of one file. Its org key is the file's ORG_KEY."""
    folder = tmp_path_factory.mktemp("authority")
    with Authority(folder, getattr(request.module, "ORG_KEY", ORG_KEY)) as authority:
        yield authority


@pytest.fixture
def emulator(tmp_path):
    """Starts an emulator for one test: emulator("--plan", "free")."""
    with contextlib.ExitStack() as stack:
        count = iter(range(1000))
        yield lambda *arguments: stack.enter_context(Emulator(tmp_path / f"emulator-{next(count)}.log", *arguments))


@pytest.fixture(scope="session")
def memcheck():
    """The command that runs a program under valgrind."""
    return MEMCHECK


@pytest.fixture(params=["plain", "valgrind"])
def run_fresh(request, run, emulator):
    """Runs a program with a new emulator: directly, and under valgrind, which also reports possible leaks.
    run_fresh(PROGRAM, ARGUMENT..., NAME=VALUE...)"""

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
    """Tests the library with the hostile authority."""
    return Hostile(tmp_path, programs, pytestconfig)


@pytest.fixture
def open_folder():
    """A folder that other users may enter. They may not enter the folders that pytest makes."""
    with tempfile.TemporaryDirectory(prefix="machineid-") as folder:
        os.chmod(folder, 0o711)
        yield pathlib.Path(folder)

"""Tests the programs for engines that spread work over processes, threads and machines, with the real engines: those in
examples/, and those in the examples of the packages for Go and Java."""

import os
import re
import shutil
import subprocess

import pytest
from checks import equal, holds
from commands import outcome, passes, said, tail
from fleet import KEY, PREFIX, Fleet, story
from pkgconfig import describe_library
from processes import await_true
from project import ROOT

CELERY, RAY = ("script/lib/python", "--celery"), ("script/lib/python", "--ray")

# What the engines promise. That a worker has ended does not say whether it had done its task.
ONCE, AT_LEAST_ONCE = range(1, 2), range(1, 3)


@pytest.fixture
def fleet(open_folder, library, emulator):
    fleet = Fleet(open_folder, library, emulator("--org-key", KEY))
    try:
        yield fleet
    finally:
        fleet.end()


# ---- Celery


class Celery:
    """A broker, and Celery workers of two processes each."""

    def __init__(self, fleet):
        self._fleet, self._workers, self._socket = fleet, [], fleet.folder / "socket"
        fleet.environment["PYTHONPATH"] += f":{ROOT}/examples/celery:{ROOT}/Tests/bindings/fleets"
        fleet.environment["CELERY_BROKER_URL"] = f"redis+socket://{self._socket}"
        server = ("redis-server", "--port", "0", "--unixsocket", self._socket, "--save", "", "--dir", fleet.folder)
        fleet.start(*server, log="redis")
        if not await_true(self._socket.exists):  # it is made when the server is ready
            raise RuntimeError(f"redis-server does not start:\n{fleet.log('redis')}")

    def start_workers(self, *names):
        worker = (*CELERY, "-m", "celery", "--app", "counted", "worker", "--loglevel", "INFO", "--concurrency", "2")
        self._workers = [self._fleet.start(*worker, "--hostname", f"{name}@here", log=name) for name in names]

    def stop_workers(self):
        """Ends the workers as systemd does, and returns their exit statuses."""
        for worker in self._workers:
            worker.terminate()
        return [worker.wait(60) for worker in self._workers]

    def send(self, *words):
        said(*CELERY, "Tests/bindings/fleets/counted.py", *words, environment=self._fleet.environment)

    def unfinished(self):
        """Returns how many tasks the broker has, those at hand included."""
        ask = ("redis-cli", "-s", self._socket)
        return int(said(*ask, "llen", "celery")) + int(said(*ask, "hlen", "unacked"))


@pytest.fixture
def celery(fleet):
    if not shutil.which("redis-server"):
        pytest.skip("there is no redis-server: script/bootstrap --tests installs it")
    return Celery(fleet)


@pytest.mark.long
@pytest.mark.seconds(400)
def test_celery(fleet, celery):
    celery.send("send", "0", "200")
    celery.start_workers("one", "two")
    revoked = f"{PREFIX}:one@here-0"
    times = story(fleet, revoked, "one")
    holds("every task is done as often as is promised", all(count in AT_LEAST_ONCE for count in times), times)
    holds("the broker has no task left", await_true(lambda: celery.unfinished() == 0), celery.unfinished())
    fleet.unrevoke(revoked)
    is_back = await_true(lambda: fleet.log("one").count(f"{revoked} takes tasks") == 2)
    holds("the revoked process takes tasks again once it is unrevoked", is_back, tail(fleet.log("one")))
    equal("the workers end in the usual way", [0, 0], celery.stop_workers())


@pytest.mark.long
@pytest.mark.seconds(200)
def test_celery_deaf(fleet, celery):
    """A task that never looks is ended with its process, and another device does it. A worker with a process that
    waits for its device ends at once."""
    celery.start_workers("one")
    celery.send("deaf")
    first = is_done_by_another(fleet, "one")
    is_waiting = await_true(lambda: f"{first} takes no tasks: not allowed: DEVICE_REVOKED" in fleet.log("one"))
    holds("the revoked one waits, and says why", is_waiting, tail(fleet.log("one")))
    equal("the worker ends in the usual way", [0], celery.stop_workers())


@pytest.mark.long
def test_celery_wrong_use(fleet, celery):
    cases = {
        "MACHINEID_DEVICE_PREFIX is not set: set it to": {"MACHINEID_DEVICE_PREFIX": None},
        "MACHINEID_INTERVAL_MS must be a whole number": {"MACHINEID_INTERVAL_MS": "5s"},
        "MACHINEID_ORG_KEY is not set": {"MACHINEID_ORG_KEY": None},
        "needs --pool prefork": {},
    }
    for message, changes in cases.items():
        pool = [] if changes else ["--pool", "solo"]
        command = (*CELERY, "-m", "celery", "--app", "shop", "worker", *pool)
        result = outcome(*command, environment={**fleet.environment, **changes}, seconds=60)
        last = tail(result.stdout, 1)
        is_said = result.returncode == 1 and last.startswith("machineid_celery: ") and message in last
        holds(f"it does not start: {message}", is_said, f"status {result.returncode}: {tail(result.stdout)}")


def is_done_by_another(fleet, log):
    """Revokes the device that does a task which never looks. Returns the device."""
    holds("it is begun", await_true(lambda: fleet.events("begun"), 60), tail(fleet.log(log)))
    first = fleet.events("begun")[0]["device"]
    fleet.revoke(first)
    fleet.await_done(1, log, 60)
    equal("it is begun twice, and done once", (2, 1), (len(fleet.events("begun")), len(fleet.events("done"))))
    holds("by another device the second time", fleet.events("done")[0]["device"] != first, fleet.events("done"))
    return first


# ---- Programs that have their workers themselves, and read how many tasks there are


def run_story(fleet, *command, often):
    """The story with such a program, which is then given more tasks, and ends when they are done. `often` is how often
    a task is done: what the engine promises."""
    program = fleet.start(*command, log="program", stdin=subprocess.PIPE, text=True, bufsize=1)
    program.stdin.write("0 200\n")
    revoked = f"{PREFIX}:one-0"
    times = story(fleet, revoked, "program")
    holds("every task is done as often as is promised", all(count in often for count in times), times)
    fleet.unrevoke(revoked)
    is_back = await_true(lambda: fleet.log("program").count(f"{revoked} takes tasks") == 2)
    holds("the revoked worker takes tasks again once it is unrevoked", is_back, tail(fleet.log("program")))

    def is_given_some():
        return revoked in {event["device"] for event in fleet.events("begun") if event["number"] >= 200}

    count = 200
    while count < 600 and not is_given_some():
        program.stdin.write(f"{count} 20\n")
        count += 20
        fleet.await_done(count, "program")
    holds("and is given some", is_given_some(), tail(fleet.log("program")))
    program.stdin.close()
    equal("the program ends when all is done", 0, program.wait(60))
    equal("all tasks are done", set(range(count)), {event["number"] for event in fleet.events("done")})


def run_shop(fleet, *command, orders="1001\n1002\n1003\n", **more):
    """Runs the program that a README shows, in which workers pack three parcels of each order."""
    result = outcome(*command, environment=fleet.environment, input=orders, merged=False, seconds=100, **more)
    packed = sorted(re.findall(r"shop:test:worker:\S+-\d: (order \d+: parcel \d)", result.stdout))
    expected = [f"order {order}: parcel {parcel}" for order in (1001, 1002, 1003) for parcel in range(3)]
    equal("all parcels are packed", (0, expected), (result.returncode, packed))
    unnamed = {**fleet.environment, "MACHINEID_DEVICE_PREFIX": None}
    result = outcome(*command, environment=unnamed, input=orders, seconds=100, **more)
    is_said = "MACHINEID_DEVICE_PREFIX is not set: set it to" in tail(result.stdout, 2)
    holds("without a prefix it does not start", is_said and result.returncode != 0, tail(result.stdout))


# ---- Ray


@pytest.fixture
def counted_ray(fleet):
    """The command that runs a cluster, and its driver."""
    fleet.environment["PYTHONPATH"] += f":{ROOT}/examples/ray:{ROOT}/Tests/bindings/fleets"
    fleet.environment |= {
        "RAY_USAGE_STATS_ENABLED": 0,
        "RAY_DEDUP_LOGS": 0,
        "RAY_TMPDIR": fleet.folder,
        # Without it Ray takes 127.0.0.1 for the machine's address in its network. Linux is neither of the two.
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": 0,
    }
    installed = outcome(*RAY, "-c", "import ray")  # the first time this installs it
    if installed.returncode != 0 and "MACHINEID_PYTHON" in os.environ:
        pytest.skip("the Python that MACHINEID_PYTHON names has no ray")
    (fleet.folder / "ray").mkdir()
    return (*RAY, "Tests/bindings/fleets/counted_ray.py")


@pytest.mark.long
@pytest.mark.seconds(200)
def test_ray_shop(fleet, counted_ray):
    run_shop(fleet, *RAY, "examples/ray/shop.py", "1001", "1002", "1003")


@pytest.mark.long
@pytest.mark.seconds(400)
def test_ray(fleet, counted_ray):
    run_story(fleet, *counted_ray, often=AT_LEAST_ONCE)


@pytest.mark.long
@pytest.mark.seconds(400)
def test_ray_deaf(fleet, counted_ray):
    program = fleet.start(*counted_ray, log="program", stdin=subprocess.PIPE, text=True, bufsize=1)
    program.stdin.write("deaf\n")
    first = is_done_by_another(fleet, "program")
    is_waiting = await_true(lambda: f"{first} takes no tasks: not allowed: DEVICE_REVOKED" in fleet.log("program"))
    holds("the revoked one waits, and says why", is_waiting, tail(fleet.log("program")))
    program.stdin.close()
    equal("the program ends, although a worker waits", 0, program.wait(60))


@pytest.mark.long
@pytest.mark.seconds(400)
def test_ray_lost_node(fleet, counted_ray):
    program = fleet.start(*counted_ray, log="program", stdin=subprocess.PIPE, text=True, bufsize=1)
    program.stdin.write("0 100\n")
    are_at_work = await_true(lambda: len({event["device"] for event in fleet.events("begun")}) == 4, 60)
    holds("all four workers are at work", are_at_work, tail(fleet.log("program")))
    program.stdin.write("lose\n")
    fleet.await_done(100, "program")
    numbers = [event["number"] for event in fleet.events("begun")]
    holds("the task of the lost worker is begun twice", len(numbers) > 100, numbers)
    devices = [f"{PREFIX}:one-{index}" for index in range(4)]
    is_back = await_true(lambda: any(fleet.log("program").count(f"{device} takes tasks") == 2 for device in devices))
    holds("the worker is started on another node, as the same device", is_back, tail(fleet.log("program")))
    program.stdin.close()
    equal("the program ends in the usual way", 0, program.wait(60))


# ---- Go


@pytest.fixture
def go(tmp_path, library):
    """Runs go in the module."""
    if not shutil.which("go"):
        pytest.skip("there is no go")
    environment = {
        # The tag is for the library of the system, which pkg-config finds here.
        "GOFLAGS": "-tags=machineid_system",
        "PKG_CONFIG_PATH": describe_library(tmp_path, library),
        "GOTOOLCHAIN": "local",
        "LD_LIBRARY_PATH": library,
        "MACHINEID_EMULATOR": ROOT / "build/bin/machineid-emulator",
    }
    return lambda *words: said("go", *words, environment=environment, cwd=ROOT / "bindings/go")


@pytest.mark.long
@pytest.mark.seconds(200)
def test_go_shop(fleet, go, tmp_path):
    go("build", "-o", tmp_path / "shop", "./examples/pool/shop")
    run_shop(fleet, tmp_path / "shop")


@pytest.mark.long
@pytest.mark.seconds(300)
def test_go(fleet, go, tmp_path):
    go("build", "-o", tmp_path / "counted", "../../Tests/bindings/fleets/counted.go")
    run_story(fleet, tmp_path / "counted", often=ONCE)


@pytest.mark.long
@pytest.mark.seconds(300)
def test_go_tests(go):
    """The tests of the pool itself: tasks that fail or are given back, and the ends of a pool."""
    go("vet", "./examples/...")
    go("vet", "../../Tests/bindings/fleets/counted.go")
    passed = go("test", "-count=1", "-v", "./examples/...").count("--- PASS: ")
    holds("its tests pass", passed >= 4, passed)


# ---- Java


@pytest.fixture(scope="module")
def java(tmp_path_factory, library):
    """Compiles programs with the package and the executor, and returns the command that runs one."""
    jna = "/usr/share/java/jna.jar"
    if not shutil.which("javac"):
        pytest.skip("there is no javac")
    sources = [*(ROOT / "bindings/java/src/main").rglob("*.java"), *(ROOT / "bindings/java/examples").rglob("*.java")]
    classes = tmp_path_factory.mktemp("classes")
    compiler = ("javac", "--release", "17", "-encoding", "UTF-8", "-Xlint:all", "-Werror", "-cp", jna, "-d", classes)
    said(*compiler, *sources, *(ROOT / "Tests/bindings/fleets").glob("*.java"))
    return ("java", f"-Dmachineid.library={library}/libmachineid.so.0", "-cp", f"{classes}:{jna}")


@pytest.mark.long
@pytest.mark.seconds(200)
def test_java_shop(fleet, java):
    run_shop(fleet, *java, "Shop")


@pytest.mark.long
@pytest.mark.seconds(300)
def test_java(fleet, java):
    run_story(fleet, *java, "Counted", often=ONCE)


@pytest.mark.long
@pytest.mark.seconds(200)
def test_java_ends(fleet, java):
    passes("tasks that fail, and the ends of an executor", *java, "Ends", environment=fleet.environment)

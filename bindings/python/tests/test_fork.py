"""Children of fork: multiprocessing, and a server that loads the program before it forks."""

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import threading
import urllib.request

import pytest

from libmachineid.testing import eventually

# Python 3.12 and later say this of every fork in a process with a thread, such as that of a guard.
pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")

APPLICATION = '''
import os
from libmachineid import Client

client = Client.from_env()
assert client.validate("agent")  # so that the parent has a connection
guard = client.guard("agent")
parent, own = os.getpid(), None


def application(environ, start_response):
    global own
    assert os.getpid() != parent and not guard
    if own is None:
        own = client.guard("agent")
    start_response("200 OK", [])
    return [b"%d %d %d" % (os.getpid(), bool(client.validate("agent")), bool(own))]
'''


def ask(client, count):
    return [client.validate("agent").allowed for _ in range(count)]


def test_a_pool_of_processes(client):
    """The parent makes the client, and its children and itself use it at the same time."""
    context = multiprocessing.get_context("fork")
    global _client
    _client = client
    with context.Pool(4) as pool:
        pending = pool.map_async(_ask_inherited, [25] * 8)
        assert all(ask(client, 50))
        assert all(all(answers) for answers in pending.get(60))


def _ask_inherited(count):
    return ask(_client, count)


def test_a_child_that_is_spawned_makes_its_own(authority, tmp_path):
    program = (
        "import multiprocessing, libmachineid\n"
        "def ask(_):\n"
        "    with libmachineid.Client.from_env() as client:\n"
        "        return client.validate('agent').allowed\n"
        "if __name__ == '__main__':\n"
        "    with multiprocessing.get_context('spawn').Pool(2) as pool:\n"
        "        assert all(pool.map(ask, range(4)))\n"
    )
    file = tmp_path / "spawning.py"
    file.write_text(program)
    subprocess.run([sys.executable, "-W", "error", file], check=True, timeout=60)


def test_forks_amid_calls_of_other_threads(client):
    stop, answers = threading.Event(), []

    def keep_asking():
        while not stop.is_set():
            answers.append(client.validate("agent").allowed)

    threads = [threading.Thread(target=keep_asking) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(20):
            child = os.fork()
            if child == 0:
                os._exit(0 if client.validate("agent") else 1)
            assert os.waitpid(child, 0)[1] == 0
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert answers and all(answers)


def test_a_guard_is_off_in_a_child(client):
    with client.guard("agent") as guard:
        child = os.fork()
        if child == 0:
            is_right = not guard and guard.wait_until_off(0) and guard.decision().state == "ended"
            with client.guard("agent") as own:
                is_right = is_right and bool(own)
            guard.stop()
            client.close()
            os._exit(0 if is_right else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert guard and client.validate("agent")


def test_a_child_may_end_in_the_usual_way(client):
    """At the end of the child, the interpreter frees what the parent made."""
    with client.guard("agent") as guard:
        program = multiprocessing.get_context("fork").Process(target=ask, args=(client, 3))
        program.start()
        program.join(60)
        assert program.exitcode == 0 and guard


@pytest.mark.skipif(not shutil.which("gunicorn"), reason="gunicorn is not installed")
def test_gunicorn_preload(authority, tmp_path):
    (tmp_path / "application.py").write_text(APPLICATION)
    said = tmp_path / "said"
    with open(said, "wb") as output:
        server = subprocess.Popen(
            [
                *(sys.executable, "-m", "gunicorn", "--preload", "--workers", "3", "--bind", "127.0.0.1:0"),
                *("--chdir", tmp_path, "--worker-tmp-dir", tmp_path, "application:application"),
            ],
            stdout=output,
            stderr=output,
        )
    try:
        assert eventually(lambda: said.read_text().count("Booting worker") == 3), said.read_text()
        url = said.read_text().split("Listening at: ")[1].split()[0]
        answers = [urllib.request.urlopen(url, timeout=30).read().split() for _ in range(60)]
        assert {tuple(answer[1:]) for answer in answers} == {(b"1", b"1")}, said.read_text()
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(60)
    assert server.returncode == 0


def test_a_guard_does_not_hold_up_the_end(authority):
    program = (
        "import libmachineid, threading, time\n"
        "client = libmachineid.Client.from_env()\n"
        "guard = client.guard('agent')\n"
        "thread = threading.Thread(target=guard.wait_until_off, daemon=True)\n"
        "thread.start()\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, timeout=30)


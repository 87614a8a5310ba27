"""Guards, in threads and processes."""

import contextlib
import gc
import os
import pathlib
import pickle
import select
import threading
import time

import pytest

import libmachineid
from libmachineid.testing import eventually

SLACK_S = float(os.environ.get("CHECK_SLACK_MS", "1000")) / 1000
INTERVAL_MS = 200


@pytest.fixture
def guard(client):
    with client.guard("agent", interval_ms=INTERVAL_MS) as guard:
        yield guard


def test_a_guard_is_true_while_the_device_is_allowed(authority, guard):
    assert guard and guard.allowed and guard.decision()
    assert guard.decision().state == "on" and guard.decision().error is None
    begin = time.monotonic()
    authority.revoke("agent")
    assert guard.wait_until_off(30)
    assert time.monotonic() - begin <= INTERVAL_MS * 1.1 / 1000 + 1 + SLACK_S
    assert not guard and not guard.allowed
    known = guard.decision()
    assert (known.state, known.code, len(known.request_id)) == ("denied", "DEVICE_REVOKED", 36)
    assert not known and isinstance(known.error, libmachineid.DeniedError)
    authority.unrevoke("agent")
    assert not guard and guard.decision().state == "denied"


def test_a_guard_of_a_denied_device(client):
    with client.guard("never") as guard:
        assert not guard and guard.decision().code == "DEVICE_NOT_REGISTERED"
        assert guard.wait_until_off(0)


def test_a_lapse_passes(authority, guard):
    authority.outage(503)
    assert guard.wait_until_off(30)
    known = guard.decision()
    assert known.state == "lapsed" and isinstance(known.failure, libmachineid.UnavailableError)
    assert known.error is known.failure and known.failures > 0
    authority.recover()
    assert eventually(lambda: guard)
    assert guard.decision().failure is None


def test_no_guard_without_an_answer(authority, client):
    authority.stop()
    with pytest.raises(libmachineid.ConnectFailedError):
        client.guard("agent")


def test_options(client):
    for options, named in (({"interval_ms": 1}, "interval_ms"), ({"max_age_ms": 0}, "max_age_ms"), ({"x": 1}, "x")):
        with pytest.raises(libmachineid.InvalidOptionsError, match=named):
            client.guard("agent", **options)


def test_waiting_has_a_limit(guard):
    assert guard.wait_until_off(0) is False
    begin = time.monotonic()
    assert guard.wait_until_off(0.3) is False
    assert time.monotonic() - begin >= 0.3


def test_the_descriptor_becomes_readable_when_the_guard_is_denied(authority, guard):
    assert select.select([guard], [], [], 0)[0] == []
    authority.revoke("agent")
    assert select.select([guard], [], [], 30)[0] == [guard]
    assert guard.fileno() >= 0
    guard.stop()
    assert guard.fileno() == -1


def test_stop_lets_waiting_threads_go(guard):
    found, inside = [], threading.Barrier(4)

    def wait():
        inside.wait()
        found.append(guard.wait_until_off())

    threads = [threading.Thread(target=wait) for _ in range(3)]
    for thread in threads:
        thread.start()
    inside.wait()
    guard.stop()
    for thread in threads:
        thread.join(30)
    assert found == [True] * 3
    assert not guard and guard.decision().state == "ended" and "stopped" in repr(guard)
    guard.stop()


def test_a_guard_ends_with_its_client(authority):
    client = authority.client()
    guard = client.guard("agent")
    client.close()
    assert guard.wait_until_off(30)
    assert guard.decision().state == "ended" and isinstance(guard.decision().error, libmachineid.CallCancelledError)
    guard.stop()


def guard_threads():
    count = 0
    for task in pathlib.Path("/proc/self/task").iterdir():
        with contextlib.suppress(OSError):  # it may have ended
            count += (task / "comm").read_text() == "machineid-guard\n"
    return count


def test_the_collector_stops_a_guard(client):
    guard = client.guard("agent")
    assert eventually(lambda: guard_threads() == 1)
    del guard
    gc.collect()
    assert eventually(lambda: guard_threads() == 0)


def test_many_guards_share_one_thread(client):
    guards = [client.guard("agent") for _ in range(20)]
    assert all(guards)
    assert eventually(lambda: guard_threads() == 1)
    for guard in guards:
        guard.stop()
    assert eventually(lambda: guard_threads() == 0)


def test_a_guard_is_not_copied(guard):
    with pytest.raises(TypeError, match="cannot be pickled or copied"):
        pickle.dumps(guard)


def test_looking_does_not_take_long(guard):
    count = 100_000
    begin = time.thread_time()
    for _ in range(count):
        guard.allowed
    each_ns = (time.thread_time() - begin) / count * 1e9
    print(f"a look at a guard: {each_ns:.0f} ns")
    assert each_ns < 20_000

"""The client for asyncio."""

import asyncio
import os
import threading
import time

import pytest

import libmachineid
from libmachineid import AsyncClient

INTERVAL_MS = 200
SLACK_S = float(os.environ.get("CHECK_SLACK_MS", "1000")) / 1000


def run(authority, body, **options):
    """Runs a body with a client, in an event loop of its own."""

    async def main():
        async with authority.async_client(**options) as client:
            return await asyncio.wait_for(body(client), 60)

    return asyncio.run(main())


def test_all_operations(authority):
    async def body(client):
        assert await client.validate("agent")
        assert not await client.validate("never")
        assert (await client.register("new"))["status"] == "ok"
        await client.revoke("new")
        with pytest.raises(libmachineid.DeniedError):
            await client.require("new")
        await client.unrevoke("new")
        await client.restore("new")
        assert (await client.require("new")).allowed
        decisions = await client.validate_many(["agent", "never"])
        assert not decisions and decisions.allowed == ["agent"]
        assert (await client.list_devices())["devices"]
        assert (await client.usage())["planTier"] == "pro"
        await client.remove("new")

    run(authority, body)


def test_a_forgotten_await_lets_nobody_work(authority):
    async def body(client):
        done = []
        for forgotten in (client.validate("never"), client.guard("never"), client.validate_many(["never"])):
            with pytest.raises(TypeError, match="was not awaited"):
                if forgotten:
                    done.append(forgotten)
        with pytest.raises(TypeError, match="was not awaited"):
            done.extend(filter(client.validate, ["never"]))
        assert done == []

    run(authority, body)


def test_calls_are_coroutines_to_asyncio(authority):
    async def body(client):
        task = asyncio.create_task(client.validate("agent"))
        assert await task
        assert all(await asyncio.gather(*(client.validate("agent") for _ in range(200))))
        assert await asyncio.wait_for(client.validate("agent"), 30)
        assert await asyncio.shield(client.validate("agent"))

    run(authority, body)


def test_the_event_loop_goes_on_during_a_call(authority):
    async def body(client):
        authority.pause()
        call = asyncio.ensure_future(client.validate("agent"))
        for _ in range(10):
            await asyncio.sleep(0.01)
        assert not call.done()
        authority.resume()
        assert await call

    run(authority, body)


def test_a_cancelled_task_does_not_wait(authority):
    async def body(client):
        authority.pause()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(client.validate("agent"), 0.05)
        client.cancel()
        decision = await client.validate("agent")
        assert decision.status == "MID_CANCELLED"

    run(authority, body)


def test_a_guard_ends_within_its_interval_without_a_thread(authority):
    async def body(client):
        guard = await client.guard("agent", interval_ms=INTERVAL_MS)
        await asyncio.sleep(0)
        threads = threading.active_count()
        waiting = [asyncio.ensure_future(guard.stopped()) for _ in range(50)]
        await asyncio.sleep(INTERVAL_MS / 1000)
        assert guard and threading.active_count() == threads and not any(task.done() for task in waiting)
        begin, busy = time.monotonic(), time.process_time()
        authority.revoke("agent")
        known = await guard.stopped()
        took_s, busy = time.monotonic() - begin, time.process_time() - busy
        print(f"stopped() after {took_s * 1000:.0f} ms, with {busy * 1000:.0f} ms of processor time")
        assert took_s <= INTERVAL_MS * 1.1 / 1000 + 1 + SLACK_S
        assert known.state == "denied" and known.code == "DEVICE_REVOKED" and not guard
        assert all(known.state == "denied" for known in await asyncio.gather(*waiting))
        await guard.stop()

    run(authority, body)


def test_waiting_for_a_guard_costs_no_processor(authority):
    async def body(client):
        async with client.guard("agent", interval_ms=3_600_000) as guard:
            waiting = asyncio.ensure_future(guard.stopped())
            await asyncio.sleep(0.1)
            busy = time.process_time()
            await asyncio.sleep(1)
            busy = time.process_time() - busy
            print(f"one second of waiting: {busy * 1000:.1f} ms of processor time")
            assert busy < 0.2 and not waiting.done()
        assert (await waiting).state == "ended"

    run(authority, body)


def test_a_guard_in_async_with(authority):
    async def body(client):
        async with client.guard("agent", interval_ms=INTERVAL_MS) as guard:
            assert guard and guard.allowed and guard.device_id == "agent" and "on" in repr(guard)
            authority.outage(503)
            while guard:
                await asyncio.sleep(0.01)
            assert guard.decision().state == "lapsed"
            stopped = asyncio.ensure_future(guard.stopped())
            authority.recover()
            while not guard:
                await asyncio.sleep(0.01)
            assert not stopped.done(), "a lapse is no end"
        assert not guard
        assert (await stopped).state == "ended"

    run(authority, body)


def test_a_guard_of_a_denied_device_is_stopped_at_once(authority):
    async def body(client):
        async with client.guard("never") as guard:
            assert not guard
            assert (await guard.stopped()).code == "DEVICE_NOT_REGISTERED"

    run(authority, body)


def test_a_guard_ends_with_its_client(authority):
    async def body(client):
        guard = await client.guard("agent")
        waiting = asyncio.ensure_future(guard.stopped())
        await asyncio.sleep(0)
        client.cancel()
        assert (await waiting).state == "ended"
        await guard.stop()

    run(authority, body)


def test_many_guards_come_and_go(authority):
    """Their descriptors are used again by those that come after them."""

    async def body(client):
        for _ in range(30):
            guards = await asyncio.gather(*(client.guard("agent") for _ in range(10)))
            waiting = [asyncio.ensure_future(guard.stopped()) for guard in guards]
            await asyncio.sleep(0)
            await asyncio.gather(*(guard.stop() for guard in guards))
            assert [known.state for known in await asyncio.gather(*waiting)] == ["ended"] * 10

    run(authority, body)


def test_arguments(authority):
    async def body(client):
        with pytest.raises(TypeError, match="device_id must be a str, not NoneType"):
            await client.validate(None)
        with pytest.raises(TypeError, match="cannot be pickled or copied"):
            import pickle

            pickle.dumps(client)
        assert repr(client) == "<libmachineid.AsyncClient, open>"

    run(authority, body)
    with pytest.raises(libmachineid.InvalidOptionsError, match="timeout_ms"):
        authority.async_client(timeout_ms=0)


def test_from_env(authority):
    async def main():
        async with AsyncClient.from_env(max_connections=2) as client:
            assert all(await asyncio.gather(*(client.validate("agent") for _ in range(20))))
        with pytest.raises(libmachineid.InvalidArgumentError, match="closed"):
            await client.validate("agent")

    asyncio.run(main())


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_client_made_before_a_fork(authority):
    client = authority.async_client()

    async def ask():
        return await client.validate("agent")

    assert asyncio.run(ask())
    child = os.fork()
    if child == 0:
        os._exit(0 if asyncio.run(ask()) else 1)
    assert asyncio.run(ask())
    assert os.waitpid(child, 0)[1] == 0
    asyncio.run(client.close())

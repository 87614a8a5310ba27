"""The client for asyncio."""

import asyncio
import concurrent.futures
import functools
import os
from collections.abc import Coroutine
from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable, Generator, Generic, Iterable, NoReturn, Optional, Type, TypeVar

from ._client import Client
from ._decisions import Decision, Decisions, GuardDecision
from ._guard import Guard
from ._texts import Reply

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._options import EnvironmentOptions, GuardOptions, Options

T = TypeVar("T")
Self = TypeVar("Self", bound="AsyncClient")

# The library's default for max_connections: more calls at once wait their turn.
_MAX_CONNECTIONS = 64


class Pending(Coroutine[Any, Any, T], Generic[T]):
    """A call that has not been awaited. It is a coroutine, but for one thing: in a condition, where every coroutine is
    true, it raises TypeError, so that a forgotten `await` lets no denied device work."""

    __slots__ = ("_coroutine", "_name")

    def __init__(self, name: str, coroutine: "Coroutine[Any, Any, T]") -> None:
        self._name = name
        self._coroutine = coroutine

    def __bool__(self) -> NoReturn:
        self._coroutine.close()
        raise TypeError(f"{self._name}() was not awaited: write `if await client.{self._name}(...)`")

    def __await__(self) -> Generator[Any, Any, T]:
        return self._coroutine.__await__()

    def send(self, value: Any) -> Any:
        return self._coroutine.send(value)

    def throw(self, *exception: Any) -> Any:
        return self._coroutine.throw(*exception)

    def close(self) -> None:
        self._coroutine.close()

    def __repr__(self) -> str:
        return f"<libmachineid.Pending {self._name}>"


class _Threads:
    """The threads in which calls block. There are as many as there are calls at once, up to a limit, and none for a
    guard that is awaited. A child of fork has none of its parent's threads and makes its own."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._process = 0
        self._pool: Optional[concurrent.futures.ThreadPoolExecutor] = None

    async def run(self, function: Callable[..., T], *arguments: Any) -> T:
        pool = self._pool
        if pool is None or self._process != os.getpid():
            pool = concurrent.futures.ThreadPoolExecutor(self._limit, thread_name_prefix="libmachineid")
            self._pool, self._process = pool, os.getpid()
        return await asyncio.get_running_loop().run_in_executor(pool, functools.partial(function, *arguments))

    def close(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None and self._process == os.getpid():
            pool.shutdown(wait=False)


class AsyncClient:
    """A connection to the authority for one organisation, for asyncio.

        async with AsyncClient.from_env() as client:
            await client.register("agent-01")
            if await client.validate("agent-01"):
                await work()

    Its options and its methods are those of Client. A call that waits takes a thread, of max_connections at most, and
    the event loop goes on. A task that is cancelled stops waiting at once, but what it has asked is not taken back.
    """

    def __init__(self, org_key: str, **options: "Unpack[Options]") -> None:
        self._wrap(Client(org_key, **options), options.get("max_connections"))

    @classmethod
    def from_env(cls: Type[Self], **options: "Unpack[EnvironmentOptions]") -> Self:
        """As Client.from_env()."""
        client = cls.__new__(cls)
        client._wrap(Client.from_env(**options), options.get("max_connections"))
        return client

    def _wrap(self, client: Client, max_connections: Optional[int]) -> None:
        self._client = client
        self._threads = _Threads(_MAX_CONNECTIONS if max_connections is None else max_connections)

    def _call(self, name: str, *arguments: Any) -> "Pending[Any]":
        return Pending(name, self._threads.run(getattr(self._client, name), *arguments))

    # ---- The life of a client

    def cancel(self) -> None:
        """As Client.cancel(). It does not block."""
        self._client.cancel()

    async def close(self) -> None:
        """As Client.close()."""
        self._client.cancel()
        await self._threads.run(self._client.close)
        self._threads.close()

    async def __aenter__(self: Self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    def __repr__(self) -> str:
        return repr(self._client).replace("Client", type(self).__name__, 1)

    def __reduce__(self) -> "tuple[Any, ...]":
        raise TypeError("an AsyncClient cannot be pickled or copied: each process makes its own")

    # ---- Decisions

    def validate(self, device_id: str) -> Pending[Decision]:
        """As Client.validate()."""
        return self._call("validate", device_id)

    def require(self, device_id: str) -> Pending[Decision]:
        """As Client.require()."""
        return self._call("require", device_id)

    def validate_many(self, device_ids: Iterable[str]) -> Pending[Decisions]:
        """As Client.validate_many()."""
        return self._call("validate_many", device_ids)

    def guard(self, device_id: str, **options: "Unpack[GuardOptions]") -> "_Starting":
        """Starts a guard, as Client.guard() does:

            async with client.guard("agent-01") as guard:
                while guard:
                    await work()

            guard = await client.guard("agent-01")
        """
        return _Starting(self._threads, functools.partial(self._client.guard, device_id, **options))

    # ---- What an operator does

    def register(self, device_id: str) -> Pending[Reply]:
        """As Client.register()."""
        return self._call("register", device_id)

    def revoke(self, device_id: str) -> Pending[Reply]:
        """As Client.revoke()."""
        return self._call("revoke", device_id)

    def unrevoke(self, device_id: str) -> Pending[Reply]:
        """As Client.unrevoke()."""
        return self._call("unrevoke", device_id)

    def restore(self, device_id: str) -> Pending[Reply]:
        """As Client.restore()."""
        return self._call("restore", device_id)

    def remove(self, device_id: str) -> Pending[Reply]:
        """As Client.remove()."""
        return self._call("remove", device_id)

    def list_devices(self) -> Pending[Reply]:
        """As Client.list_devices()."""
        return self._call("list_devices")

    def usage(self) -> Pending[Reply]:
        """As Client.usage()."""
        return self._call("usage")

    def stats(self) -> Reply:
        """As Client.stats(). It asks nobody and does not block."""
        return self._client.stats()


class AsyncGuard:
    """A guard in asyncio. It is true while the device may run: looking does not block. AsyncClient.guard() makes it,
    for the event loop that is running then."""

    def __init__(self, guard: Guard, threads: _Threads) -> None:
        self._guard = guard
        self._threads = threads
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        self._watched: Optional[int] = None
        self._is_stopping = False

    @property
    def device_id(self) -> str:
        return self._guard.device_id

    @property
    def allowed(self) -> bool:
        """May the device run now?"""
        return self._guard.allowed

    def __bool__(self) -> bool:
        return self._guard.allowed

    def decision(self) -> GuardDecision:
        """What the guard knows, for your log. It does not block."""
        return self._guard.decision()

    def stopped(self) -> Pending[GuardDecision]:
        """Waits until the guard is off for good: denied, ended by its client, or stopped. A lapse may pass, and does
        not count. It takes no thread: the event loop watches the guard's descriptor. Any number of tasks may wait."""
        return Pending("stopped", self._stopped())

    async def _stopped(self) -> GuardDecision:
        if asyncio.get_running_loop() is not self._loop:
            raise RuntimeError("this guard was started in another event loop; start one in each")
        if self._watched is None and not self._is_stopping and not self._ended.is_set():
            descriptor = self._guard.fileno()
            if descriptor < 0:
                raise OSError("no descriptor is left to wait for this guard with; close some, or raise RLIMIT_NOFILE")
            self._loop.add_reader(descriptor, self._has_ended)
            self._watched = descriptor
        await self._ended.wait()
        return self._guard.decision()

    def _has_ended(self) -> None:
        self._unwatch()
        self._ended.set()

    def _unwatch(self) -> None:
        """Takes the descriptor out of the event loop: it stays readable, and the guard closes it when it is stopped."""
        if self._watched is not None:
            self._loop.remove_reader(self._watched)
            self._watched = None

    async def stop(self) -> None:
        """Stops the guard, in 250 ms at most; the event loop goes on. Tasks inside stopped() go on too."""
        self._is_stopping = True
        self._unwatch()
        try:
            await self._threads.run(self._guard.stop)
        finally:
            self._ended.set()

    async def __aenter__(self) -> "AsyncGuard":
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.stop()

    def __repr__(self) -> str:
        return repr(self._guard).replace("Guard", "AsyncGuard", 1)


class _Starting(Pending[AsyncGuard]):
    """A guard that is being started: await it, or use it in `async with`."""

    __slots__ = ("_started",)

    def __init__(self, threads: _Threads, start: Callable[[], Guard]) -> None:
        async def begin() -> AsyncGuard:
            return AsyncGuard(await threads.run(start), threads)

        super().__init__("guard", begin())
        self._started: Optional[AsyncGuard] = None

    async def __aenter__(self) -> AsyncGuard:
        self._started = await self
        return self._started

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        exception: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        if self._started is not None:
            await self._started.stop()

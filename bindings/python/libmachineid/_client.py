"""The client that blocks."""

from ctypes import byref, c_char_p, c_int, c_void_p
from typing import TYPE_CHECKING, Any, Iterable, List, Optional, Type, TypeVar

from . import _native
from ._decisions import Decision, Decisions, decisions_of
from ._guard import Guard
from ._handles import Owner, checked, open_owner
from ._native import calls
from ._texts import Reply, as_reply, c_string, options_text, status_name, taken

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._options import EnvironmentOptions, GuardOptions, Options

Self = TypeVar("Self", bound="Client")


class Client:
    """A connection to the authority for one organisation.

        with Client.from_env() as client:
            client.register("agent-01")
            if client.validate("agent-01"):
                work()

    Make one for the whole process. Any number of threads may use it at once, and children of fork may go on with it.
    A call blocks its thread until it has an answer or `timeout_ms` has passed, and does not hold the interpreter lock;
    Ctrl-C takes effect after the call. In asyncio, use AsyncClient.

    Options that are not given have the library's defaults, which machineid.h lists:

    base_url               the authority; https, or http to loopback (https://machineid.io)
    timeout_ms             for one call, everything included (10000)
    connect_timeout_ms     for name, TCP, proxy and TLS of one attempt (3000)
    max_retries            further attempts after a transport failure or an outage (2)
    ca_file, ca_path       the only certificate authorities to trust
    pinned_public_key      the only server keys to accept, sha256//BASE64, joined by ";"
    proxy, no_proxy        a proxy's URL, and the hosts that are reached without it
    user_agent             libmachineid/VERSION
    max_connections        more calls at once wait their turn (64)
    max_connection_age_ms  an older connection takes no further request (300000)
    """

    def __init__(self, org_key: str, **options: "Unpack[Options]") -> None:
        self._open(calls.mid_client_new, c_string("org_key", org_key), options_text(options))

    @classmethod
    def from_env(cls: Type[Self], **options: "Unpack[EnvironmentOptions]") -> Self:
        """Makes a client with the org key in the environment variable MACHINEID_ORG_KEY, or in the file that
        MACHINEID_ORG_KEY_FILE names, or else in another variable that the option env_var names. MACHINEID_BASE_URL
        stands in for the option base_url."""
        client = cls.__new__(cls)
        client._open(calls.mid_client_from_env, options_text(options))
        return client

    def _open(self, make: Any, *arguments: bytes) -> None:
        self._owner: Optional[Owner] = None
        handle, text = c_void_p(), c_void_p()
        checked(make(*arguments, byref(handle), byref(text)), text)
        self._owner = Owner(handle, calls.mid_client_free)

    # ---- The life of a client

    def close(self) -> None:
        """Ends the client's guards and its calls in flight, as cancel() does, and frees it when the last of them has
        returned. Any thread may call it, any number of times. A call on a closed client raises
        InvalidArgumentError."""
        self.cancel()
        self._owner = None

    def cancel(self) -> None:
        """Ends the client's guards and, with MID_CANCELLED, its calls in flight and to come. It returns at once. Any
        thread may call it; on a closed client it does nothing."""
        owner = self._owner
        if owner is not None:
            calls.mid_client_cancel(owner.handle)

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<libmachineid.{type(self).__name__}, {'open' if self._owner is not None else 'closed'}>"

    def __reduce__(self) -> "tuple[Any, ...]":
        raise TypeError("a Client cannot be pickled or copied: threads share one, and each process makes its own")

    # ---- Decisions

    def validate(self, device_id: str) -> Decision:
        """May this device run now? The decision is true when it may. Where there is no answer it is false, and says
        why."""
        owner, allowed, text = open_owner(self._owner, "client"), c_int(0), c_void_p()
        status = calls.mid_validate(owner.handle, c_string("device_id", device_id), byref(allowed), byref(text))
        return Decision(device_id, allowed.value == 1, status_name(status), as_reply(taken(text)))

    def require(self, device_id: str) -> Decision:
        """Returns the decision when the device may run now. Otherwise raises DeniedError, or the error that says why
        there is no decision."""
        decision = self.validate(device_id)
        error = decision.error
        if error is not None:
            raise error
        return decision

    def validate_many(self, device_ids: Iterable[str]) -> Decisions:
        """May each of these devices run now? They are asked about together, within one timeout_ms for all, and one that
        gets no answer is denied by itself. The result is true when all are allowed."""
        if isinstance(device_ids, (str, bytes)):
            raise TypeError(f"device_ids must be a list of str, not one {type(device_ids).__name__}")
        ids: List[str] = list(device_ids)
        texts = (c_char_p * len(ids))(*(c_string(f"device_ids[{n}]", one) for n, one in enumerate(ids)))
        owner, flags, text = open_owner(self._owner, "client"), (c_int * len(ids))(), c_void_p()
        status = calls.mid_validate_many(owner.handle, texts, len(ids), flags, byref(text))
        return decisions_of(ids, list(flags), status_name(status), taken(text))

    def guard(self, device_id: str, **options: "Unpack[GuardOptions]") -> Guard:
        """Starts a guard, which keeps the device's permission fresh in the background: validates once, in this call,
        and then every interval_ms (5000). No allow counts that is older than max_age_ms (three intervals). After a
        denial there is a guard too, which is denied; where there is no answer, an error is raised.

            with client.guard("agent-01") as guard:
                while guard:
                    work()
        """
        owner, handle, text = open_owner(self._owner, "client"), c_void_p(), c_void_p()
        status = calls.mid_guard_start(
            owner.handle, c_string("device_id", device_id), options_text(options), byref(handle), byref(text)
        )
        first = as_reply(checked(status, text))
        return Guard(device_id, Owner(handle, calls.mid_guard_stop), first)

    # ---- What an operator does. These return the authority's reply, or raise an error.

    def register(self, device_id: str) -> Reply:
        """Registers a device with the organisation. Registering again changes nothing and restores no revoked device.
        Over the plan's limit it raises RefusedError, with the code "device_limit_reached"."""
        return self._ask(calls.mid_register, c_string("device_id", device_id))

    def revoke(self, device_id: str) -> Reply:
        """Revokes a device: from now on it is denied."""
        return self._ask(calls.mid_revoke, c_string("device_id", device_id))

    def unrevoke(self, device_id: str) -> Reply:
        """Takes a revocation back."""
        return self._ask(calls.mid_unrevoke, c_string("device_id", device_id))

    def restore(self, device_id: str) -> Reply:
        """The same as unrevoke(), as the vendor's SDK also calls it."""
        return self._ask(calls.mid_restore, c_string("device_id", device_id))

    def remove(self, device_id: str) -> Reply:
        """Removes a device for good."""
        return self._ask(calls.mid_remove, c_string("device_id", device_id))

    def list_devices(self) -> Reply:
        """Lists the organisation's devices, active and revoked."""
        return self._ask(calls.mid_list_devices)

    def usage(self) -> Reply:
        """Tells the organisation's plan: tier, state, limit, devices used."""
        return self._ask(calls.mid_usage)

    def stats(self) -> Reply:
        """Tells what the client has done so far. It asks nobody."""
        if not _native.HAS_STATS:
            raise AttributeError(
                f"libmachineid {_native.version()} has no mid_client_stats; a later version of the library has it"
            )
        return self._ask(calls.mid_client_stats)

    def _ask(self, operation: Any, *arguments: bytes) -> Reply:
        owner, text = open_owner(self._owner, "client"), c_void_p()
        return as_reply(checked(operation(owner.handle, *arguments, byref(text)), text))

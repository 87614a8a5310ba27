"""scenario.py - every operation of machineid.py, and the ways in which they fail."""

import os
from concurrent.futures import ThreadPoolExecutor

import machineid

DEVICE = "worker:prod:queue-consumer:07"


def threads(client):
    with ThreadPoolExecutor(8) as pool:
        decisions = list(pool.map(client.validate, [DEVICE] * 32))
    print(f"threads: {sum(map(bool, decisions))} of 32 allowed", flush=True)


def fork(client):
    """The child reports its result through its exit status."""
    child = os.fork()
    if child == 0:
        os._exit(0 if client.validate(DEVICE) else 1)
    parent = client.validate(DEVICE)
    _, ended = os.waitpid(child, 0)
    print(f"fork: parent {word(parent)}, child {word(ended == 0)}")


def never_registered(client):
    """Asks about a device that was never registered, in the conditions that a programmer is likely to write first; none
    may let it work."""
    done = []
    if client.validate("never"):
        done.append("if")
    if not client.validate("never"):
        pass
    else:
        done.append("not")
    client.validate("never") and done.append("and")
    done.extend("filter" for _ in filter(client.validate, ["never"]))
    try:
        client.require("never")
        done.append("require")
    except machineid.Error as error:
        print("never registered:", ", ".join(done) or "nothing done")
        print(f"never registered: {error.status} {error.code} request_id={len(error.request_id)} characters")


def refused(step, kind, client, device_id):
    """A bad argument must raise the language's argument error, which names the parameter."""
    try:
        client.validate(device_id)
        print(f"{step}: asked")
    except kind as error:
        print(f"{step}:", "an argument error that names it" if "device_id" in str(error) else error)


def secret():
    """Gives a key that cannot be sent; the error must not show it."""
    shown = []
    for key in "org_marker\0", "org_marker\ud800", b"org_marker", ["org_marker"]:
        try:
            machineid.Client(key)
            shown.append("accepted: marker")
        except (TypeError, ValueError) as error:
            if "marker" in repr(error):
                shown.append(str(error))
    print("secret:", ", ".join(shown) or "refused, and not shown")


class Closing(str):
    """Closes the client at the last moment before the library is called."""

    def encode(self, *arguments):
        self.client.close()
        return super().encode(*arguments)


def closed_under_a_call():
    device = Closing(DEVICE)
    device.client = machineid.Client.from_env()
    decision = device.client.validate(device)
    assert not decision and decision.status == "MID_CANCELLED", decision
    decision = device.client.validate(DEVICE)
    assert not decision and decision.status == "MID_INVALID_ARGUMENT", decision


def word(allowed):
    return "allowed" if allowed else "denied"


print("version", machineid.version())

with machineid.Client.from_env() as client:
    print("register: MID_OK status=" + client.register(DEVICE)["status"])
    print("register again: MID_OK status=" + client.register(DEVICE)["status"])
    decision = client.validate(DEVICE)
    print(f"validate: {decision.status} allowed={decision.allowed:d} code={decision.code}")
    if decision:
        print("work: one unit done")

    threads(client)
    fork(client)

    client.revoke(DEVICE)
    print("revoke: MID_OK")
    decision = client.validate(DEVICE)
    print(f"validate: {decision.status} allowed={decision.allowed:d} code={decision.code}", end=" ")
    print(f"request_id={len(decision.request_id)} characters")
    print("register revoked: MID_OK status=" + client.register(DEVICE)["status"])
    client.unrevoke(DEVICE)
    print("unrevoke: MID_OK")
    decision = client.validate(DEVICE)
    print(f"validate: {decision.status} allowed={decision.allowed:d} code={decision.code}")
    client.restore(DEVICE)
    print("restore: MID_OK")

    print(f"list: MID_OK {len(client.list_devices()['devices'])} device")
    print("usage: MID_OK planTier=" + client.usage()["planTier"])
    decision = client.validate("wörker:prod:07")
    print(f"umlaut device: {decision.status} allowed={decision.allowed:d}")
    never_registered(client)
    client.remove(DEVICE)
    print("remove: MID_OK")
    try:
        client.remove(DEVICE)
    except machineid.Error as error:
        print(f"remove again: {error.status} {error.code} request_id={len(error.request_id)} characters")

    try:
        machineid.Client.from_env(timeout=1)
    except machineid.Error as error:
        print("wrong option:", error.status, error.code, "timeout" if "timeout" in error.message else error.message)
    decision = client.validate("")
    print("no device:", decision.status, decision.code)
    refused("NUL", ValueError, client, "a\0b")
    refused("surrogate", ValueError, client, "w\ud800")
    refused("null", TypeError, client, None)
    secret()
closed_under_a_call()

# The reply holds unusual numbers. Its answer counts all the same.
with machineid.Client("org_runtimes", base_url=os.environ["MACHINEID_ODD_URL"]) as odd:
    decision = odd.validate(DEVICE)
    print(f"odd numbers: {decision.status} allowed={decision.allowed:d}")

# An outage is neither an answer nor a refusal: the next call may bring an answer.
with machineid.Client("org_outage", base_url=os.environ["MACHINEID_OUTAGE_URL"], max_retries=0) as out:
    decision = out.validate(DEVICE)
    print(f"outage: {decision.status} allowed={decision.allowed:d} {decision.code}")
    decision = out.validate(DEVICE)
    print(f"outlived: {decision.status} allowed={decision.allowed:d}")

with machineid.Client("org_runtimes", base_url="http://127.0.0.1:1", max_retries=0) as unreachable:
    decision = unreachable.validate(DEVICE)
    print(f"unreachable: {decision.status} allowed={decision.allowed:d} {decision.code}")
    unreachable.cancel()
    decision = unreachable.validate(DEVICE)
    print(f"cancelled: {decision.status} allowed={decision.allowed:d}")

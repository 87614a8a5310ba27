"""scenario.py - every operation of machineid.py, and the ways in which they fail."""

import os
from concurrent.futures import ThreadPoolExecutor

import machineid

DEVICE = "worker:prod:queue-consumer:07"


def threads(client):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(client.is_allowed, [DEVICE] * 32))
    print(f"threads: {answers.count(True)} of 32 allowed", flush=True)


def fork(client):
    """The child reports its result through its exit status."""
    child = os.fork()
    if child == 0:
        os._exit(0 if client.is_allowed(DEVICE) else 1)
    parent = client.is_allowed(DEVICE)
    _, ended = os.waitpid(child, 0)
    print(f"fork: parent {word(parent)}, child {word(ended == 0)}")


def outcome(client, device_id):
    """The result of validate(): a decision, or the error raised. Both have a status, a code and a request id."""
    try:
        return client.validate(device_id)
    except machineid.Error as error:
        return error


def show(step, result):
    return f"{step}: {result.status} allowed={isinstance(result, machineid.Decision):d}"


def never_registered(client):
    """Asks about a device that was never registered, in the conditions that a programmer is likely to write first; none
    may let it work."""
    done, errors = [], []

    def condition():
        if client.validate("never"):
            done.append("if")

    def negation():
        if not client.validate("never"):
            return
        done.append("not")

    def comparison():
        if client.validate("never") is not None:
            done.append("is not None")

    def statement():
        client.validate("never")
        done.append("try")

    for way in condition, negation, comparison, statement:
        try:
            way()
        except machineid.Error as error:
            errors.append(error)
    if client.is_allowed("never"):
        done.append("is_allowed")
    client.is_allowed("never") and done.append("and")
    done.extend("filter" for _ in filter(client.is_allowed, ["never"]))
    assert len(errors) == 4, errors
    print("never registered:", ", ".join(done) or "nothing done")
    print(f"never registered: {errors[0].status} {errors[0].code} request_id={len(errors[0].request_id)} characters")


def many(client):
    """Asks about several devices in one call. One that cannot be asked about costs only that device its decision."""
    decisions = client.validate_many([DEVICE, "never", "", DEVICE])
    print("many:", *(int(isinstance(one, machineid.Decision)) for one in decisions))
    print("many:", *(one.code for one in decisions))
    none = client.validate_many([])
    print(f"many: {'work' if none else 'none asked'}, {len(none)} decisions")
    done = []
    if client.validate_many([DEVICE, "never"]):
        done.append("if")
    if not client.validate_many([DEVICE, "never"]):
        pass
    else:
        done.append("not")
    print("many, one never registered:", ", ".join(done) or "nothing done")
    assert client.validate_many([DEVICE, DEVICE])


def guards(client):
    """A guard is true while the device may run."""
    with client.guard(DEVICE, interval_ms=50) as guard:
        print("guard:", on_or_off(guard))
        client.revoke(DEVICE)
        if not guard.wait_until_off(30):
            print("guard: on 30 s after a revoke")
        known = guard.decision()
        length = len(known["decision"]["request_id"])
        print(f"guard: {known['state']} after a revoke, {known['decision']['code']} request_id={length} characters")
        client.unrevoke(DEVICE)
        print("guard:", "on" if guard else f"still {guard.decision()['state']}", "after an unrevoke")
    print("guard, stopped:", on_or_off(guard))

    done = []
    if client.guard("never"):
        done.append("if")
    while client.guard("never"):
        done.append("while")
        break
    print("guard, never registered:", ", ".join(done) or "nothing done")

    with machineid.Client.from_env() as other:
        cancelled = other.guard(DEVICE)
        assert cancelled
        other.cancel()
        print("guard, cancelled:", on_or_off(cancelled))


def on_or_off(guard):
    return "on" if guard else "off"


def refused(step, kind, client, device_id):
    """A bad argument must raise the language's argument error, which names the parameter."""
    try:
        client.is_allowed(device_id)
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
    assert outcome(device.client, device).status == "MID_CANCELLED"
    assert outcome(device.client, DEVICE).status == "MID_INVALID_ARGUMENT"


def word(allowed):
    return "allowed" if allowed else "denied"


print("version", machineid.version())

with machineid.Client.from_env() as client:
    print("register: MID_OK status=" + client.register(DEVICE)["status"])
    print("register again: MID_OK status=" + client.register(DEVICE)["status"])
    decision = outcome(client, DEVICE)
    print(show("validate", decision), f"code={decision.code}")
    if client.is_allowed(DEVICE):
        print("work: one unit done")

    threads(client)
    fork(client)

    client.revoke(DEVICE)
    print("revoke: MID_OK")
    denial = outcome(client, DEVICE)
    print(show("validate", denial), f"code={denial.code} request_id={len(denial.request_id)} characters")
    print("register revoked: MID_OK status=" + client.register(DEVICE)["status"])
    client.unrevoke(DEVICE)
    print("unrevoke: MID_OK")
    decision = outcome(client, DEVICE)
    print(show("validate", decision), f"code={decision.code}")
    client.restore(DEVICE)
    print("restore: MID_OK")

    print(f"list: MID_OK {len(client.list_devices()['devices'])} device")
    print("usage: MID_OK planTier=" + client.usage()["planTier"])
    print(show("umlaut device", outcome(client, "wörker:prod:07")))
    never_registered(client)
    many(client)
    guards(client)
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
    error = outcome(client, "")
    print("no device:", error.status, error.code)
    refused("NUL", ValueError, client, "a\0b")
    refused("surrogate", ValueError, client, "w\ud800")
    refused("null", TypeError, client, None)
    secret()
closed_under_a_call()

# The reply holds unusual numbers. Its answer counts all the same.
with machineid.Client("org_runtimes", base_url=os.environ["MACHINEID_ODD_URL"]) as odd:
    print(show("odd numbers", outcome(odd, DEVICE)))

# An outage is neither an answer nor a refusal: the next call may bring an answer.
with machineid.Client("org_outage", base_url=os.environ["MACHINEID_OUTAGE_URL"], max_retries=0) as out:
    error = outcome(out, DEVICE)
    print(show("outage", error), error.code)
    print(show("outlived", outcome(out, DEVICE)))

with machineid.Client("org_runtimes", base_url="http://127.0.0.1:1", max_retries=0) as unreachable:
    error = outcome(unreachable, DEVICE)
    print(show("unreachable", error), error.code)
    unreachable.cancel()
    print(show("cancelled", outcome(unreachable, DEVICE)))

"""The common scenario: every operation, and the ways in which they fail. bindings/scenario.txt has what it prints."""

import functools
import os
import subprocess
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import libmachineid
from libmachineid import Client, Error

DEVICE = "worker:prod:queue-consumer:07"
SLACK_MS = float(os.environ.get("CHECK_SLACK_MS", "0"))
say = functools.partial(print, flush=True)
# Python 3.12 and later say this of every fork in a process with a thread, such as that of a guard.
warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)


def main():
    say("version", libmachineid.version())
    with Client.from_env() as client:
        devices(client)
        guards(client)
        client.remove(DEVICE)
        say("remove: MID_OK")
        refused(client)
    failures()


def devices(client):
    say("register: MID_OK status=" + client.register(DEVICE)["status"])
    say("register again: MID_OK status=" + client.register(DEVICE)["status"])
    tell(client.validate(DEVICE))
    if client.validate(DEVICE):
        say("work: one unit done")
    with ThreadPoolExecutor(8) as pool:
        say(f"threads: {sum(map(bool, pool.map(client.validate, [DEVICE] * 32)))} of 32 allowed")
    child = os.fork()
    if child == 0:
        os._exit(0 if client.validate(DEVICE) else 1)
    parent = client.validate(DEVICE)
    _, ended = os.waitpid(child, 0)
    say(f"fork: parent {word(parent)}, child {word(ended == 0)}")

    client.revoke(DEVICE)
    say("revoke: MID_OK")
    tell(client.validate(DEVICE))
    say("register revoked: MID_OK status=" + client.register(DEVICE)["status"])
    client.unrevoke(DEVICE)
    say("unrevoke: MID_OK")
    tell(client.validate(DEVICE))
    client.restore(DEVICE)
    say("restore: MID_OK")
    say(f"list: MID_OK {len(client.list_devices()['devices'])} device")
    say("usage: MID_OK planTier=" + client.usage()["planTier"])
    decision = client.validate("wörker:prod:07")
    say(f"umlaut device: {decision.status} allowed={decision.allowed:d}")
    never_registered(client)

    many = client.validate_many([DEVICE, "never", "", DEVICE])
    say("many:", *(f"{decision.allowed:d}" for decision in many))
    say("many:", *(decision.code for decision in many))
    say(f"many: none asked, {len(client.validate_many([]))} decisions")
    done = []
    if client.validate_many([DEVICE, "never"]):
        done.append("if")
    if client.validate_many([]):
        done.append("none")
    say("many, one never registered:", ", ".join(done) or "nothing done")


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
    except Error as error:
        say("never registered:", ", ".join(done) or "nothing done")
        say(f"never registered: {error.status} {error.code} request_id={len(error.request_id)} characters")


def guards(client):
    interval_ms = 200
    guard = client.guard(DEVICE, interval_ms=interval_ms)
    say("guard:", "on" if guard else "off")
    ask("/emulator/outage", '{"httpStatus":503}')
    guard.wait_until_off(30)
    known = guard.decision()
    say(f"guard: {known.state} in an outage, {known.failure and known.failure.code}")
    ask("/emulator/outage")
    end = time.monotonic() + 30
    while not guard and time.monotonic() < end:
        time.sleep(0.01)
    say("guard:", "on again after it" if guard else "off after it")
    fork(client, guard)

    begin = time.monotonic()
    client.revoke(DEVICE)
    guard.wait_until_off(30)
    took_ms = (time.monotonic() - begin) * 1000
    in_time = "within its interval" if took_ms <= interval_ms * 1.1 + 1000 + SLACK_MS else f"after {took_ms:.0f} ms"
    known = guard.decision()
    say(f"guard: {known.state} {in_time}, {known.code} request_id={len(known.request_id)} characters")
    client.unrevoke(DEVICE)
    assert client.validate(DEVICE)
    say(f"guard: still {guard.decision().state} after unrevoke")
    guard.stop()

    with client.guard(DEVICE) as stopped:
        pass
    say("guard, stopped:", "on" if stopped else "off")
    with client.guard("never") as never:
        done = []
        if never:
            done.append("if")
        while never:
            done.append("while")
            break
    say("guard, never registered:", ", ".join(done) or "nothing done")


def fork(client, guard):
    child = os.fork()
    if child == 0:
        with client.guard(DEVICE) as new:
            os._exit(guard.allowed + 2 * (not new.allowed))
    _, ended = os.waitpid(child, 0)
    code = os.WEXITSTATUS(ended) if os.WIFEXITED(ended) else 255
    own, new = on(not code & 2), on(code & 1)
    say(f"guard, fork: {on(guard)} in the parent, {new} in the child, {own} in a new one of the child")


def refused(client):
    try:
        client.remove(DEVICE)
    except Error as error:
        say(f"remove again: {error.status} {error.code} request_id={len(error.request_id)} characters")
    try:
        Client.from_env(timeout_ms=0)
    except Error as error:
        named = "timeout_ms" if "timeout_ms" in error.message else error.message
        say("wrong option:", error.status, error.code, named)
    decision = client.validate("")
    say("no device:", decision.status, decision.code)
    for step, kind, device_id in (
        ("NUL", ValueError, "a\0b"),
        ("surrogate", ValueError, "w\ud800"),
        ("null", TypeError, None),
        ("number", TypeError, 7),
    ):
        try:
            client.validate(device_id)
            say(f"{step}: asked")
        except kind as error:
            say(f"{step}:", "an argument error that names it" if "device_id" in str(error) else error)
    secret()
    closed = Client.from_env()
    closed.close()
    try:
        say("closed:", closed.validate(DEVICE))
    except ValueError as error:
        say("closed:", "an argument error that says so" if "closed" in str(error) else error)


def secret():
    """Gives a key that cannot be sent; no error may show it, nor may the client that has one."""
    shown = []
    for key in "org_marker\0", "org_marker\ud800", "org_marker\n\x7f", b"org_marker", ["org_marker"]:
        try:
            Client(key)
            shown.append("accepted: marker")
        except (TypeError, ValueError) as error:
            if "marker" in repr(error) or "marker" in str(error):
                shown.append(str(error))
    if "marker" in repr(Client("org_marker")):
        shown.append("repr")
    say("secret:", ", ".join(shown) or "refused, and not shown")


def failures():
    # The reply holds unusual numbers. Its answer counts all the same.
    with Client("org_bindings", base_url=os.environ["MACHINEID_ODD_URL"]) as odd:
        decision = odd.validate(DEVICE)
        say(f"odd numbers: {decision.status} allowed={decision.allowed:d}")
    # An outage is neither an answer nor a refusal: the next call may bring an answer.
    with Client("org_outage", base_url=os.environ["MACHINEID_BASE_URL"], max_retries=0) as out:
        tell_failure("outage", out.validate(DEVICE))
        decision = out.validate(DEVICE)
        say(f"outlived: {decision.status} allowed={decision.allowed:d}")
    with Client("org_bindings", base_url="http://127.0.0.1:1", max_retries=0) as unreachable:
        tell_failure("unreachable", unreachable.validate(DEVICE))
    silent = os.environ["MACHINEID_SILENT_URL"]
    with Client("org_bindings", base_url=silent, timeout_ms=50) as slow:
        tell_failure("timeout", slow.validate(DEVICE))

    with Client.from_env() as client, Client("org_bindings", base_url=silent, timeout_ms=60000) as waiting:
        client.register(DEVICE)
        guard = client.guard(DEVICE)
        found = []
        thread = threading.Thread(target=lambda: found.append(waiting.validate(DEVICE)))
        thread.start()
        time.sleep(0.2)  # so that it is most probably in flight; a call to come would be cancelled too
        waiting.cancel()
        thread.join(30)
        say(f"cancel: a call in flight {found[0].status} allowed={found[0].allowed:d}")
        client.cancel()
        decision = client.validate(DEVICE)
        say(f"cancel: a call to come {decision.status} allowed={decision.allowed:d}")
        guard.wait_until_off(30)
        say("cancel: a guard has", guard.decision().state)


def tell(decision):
    line = f"validate: {decision.status} allowed={decision.allowed:d} code={decision.code}"
    say(line if decision else f"{line} request_id={len(decision.request_id)} characters")


def tell_failure(step, decision):
    say(f"{step}: {decision.status} allowed={decision.allowed:d} {decision.code}")


def ask(path, body="{}"):
    subprocess.run(["ask", path, body], check=True)


def on(state):
    return "on" if state else "off"


def word(allowed):
    return "allowed" if allowed else "denied"


main()

"""The vendor's SDK and the release library make the same calls; what each sends and receives must be equal."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import checks
import pytest
from emulator import Emulator
from exchanges import Exchange, Recorder
from library import Client, Library, Refused
from machineid import MachineID

ORG_KEY = "org_sdk_tests"
DEVICE = "worker:prod:queue-consumer:07"

# The life of a device: each operation, and the part of the reply that shows that it worked.
LIFE = [
    ("usage", (), {"devicesUsed": 0}),
    ("register", (DEVICE,), {"status": "ok", "deviceId": DEVICE}),
    ("register", (DEVICE,), {"status": "exists", "deviceId": DEVICE}),
    ("validate", (DEVICE,), {"allowed": True, "code": "ALLOW"}),
    ("list_devices", (), {"status": "ok"}),
    ("revoke", (DEVICE,), {"status": "ok"}),
    ("validate", (DEVICE,), {"allowed": False, "code": "DEVICE_REVOKED"}),
    ("unrevoke", (DEVICE,), {"status": "ok"}),
    ("validate", (DEVICE,), {"allowed": True, "code": "ALLOW"}),
    ("revoke", (DEVICE,), {"status": "ok"}),
    ("restore", (DEVICE,), {"status": "ok"}),
    ("usage", (), {"devicesUsed": 1}),
    ("remove", (DEVICE,), {"status": "ok"}),
    ("validate", (DEVICE,), {"allowed": False}),
    ("remove", (DEVICE,), {"status": "error"}),
]


@dataclass
class Pair:
    """Both clients, of one emulator, whose requests are recorded."""

    emulator: Emulator
    recorder: Recorder
    library: Library
    sdk: MachineID
    ours: Client


@pytest.fixture
def pair(emulator, library) -> Iterator[Pair]:
    started = emulator("--plan", "pro", "--org-key", ORG_KEY)
    loaded = Library(str(library / "libmachineid.so.0"))
    with Recorder(started.url) as recorder:
        ours = Client(loaded, ORG_KEY, recorder.url)
        yield Pair(started, recorder, loaded, MachineID(ORG_KEY, recorder.url), ours)
        ours.close()


def check(what: str, *faults: str) -> None:
    checks.holds(what, not faults, "\n".join(faults))


def differences(sdk: Exchange, ours: Exchange) -> list[str]:
    """Returns the differences between two requests in what the service reads, and whether the key is in a wrong place.
    """
    pairs = {
        "method": (sdk.method, ours.method),
        "path": (sdk.path, ours.path),
        "x-org-key": (sdk.header("x-org-key"), ours.header("x-org-key")),
        "content-type": (sdk.header("content-type"), ours.header("content-type")),
        "body": tuple(json.loads(e.body) if e.body else None for e in (sdk, ours)),
    }
    faults = [f"{name}: the SDK sent {one!r}, the library {two!r}" for name, (one, two) in pairs.items() if one != two]
    if ORG_KEY in ours.path or ORG_KEY.encode() in ours.body:
        faults.append("the org key is in the path or the body")
    return faults


def lasting(reply: bytes) -> dict:
    """Returns a reply without the values that differ in every reply."""
    return {key: value for key, value in json.loads(reply).items() if key != "request_id"}


def live(who: str, client, recorder: Recorder) -> list[Exchange]:
    for operation, arguments, expected in LIFE:
        reply = getattr(client, operation)(*arguments)
        found = {key: reply.get(key) for key in expected}
        wrong = [] if found == expected else [f"found {found}"]
        check(f"{who}: {operation} gives {expected}", *wrong)
    return recorder.take()


def test_the_life_of_a_device(pair: Pair) -> None:
    theirs = live("the SDK", pair.sdk, pair.recorder)
    pair.emulator.ask(ORG_KEY, "/emulator/reset")
    our = live("the library", pair.ours, pair.recorder)
    check(
        "one request for each call",
        *([] if len(theirs) == len(our) == len(LIFE) else [f"the SDK made {len(theirs)}, the library {len(our)}"]),
    )
    seen = set()
    for (operation, _, _), one, two in zip(LIFE, theirs, our):
        faults = differences(one, two)
        if lasting(one.reply) != lasting(two.reply):
            faults.append(f"the SDK received {one.reply!r}, the library {two.reply!r}")
        if operation not in seen or faults:
            body = one.body.decode() or "-"
            check(f"{operation:12} {one.method:4} {one.path:26} {one.header('content-type') or '-':16} {body}", *faults)
        seen.add(operation)


def test_trimming(pair: Pair) -> None:
    """White space around a device id: every kind that Python trims, and some characters that it does not."""
    spaces = [chr(code) for code in range(1, 0x110000) if chr(code).isspace()]
    for space in spaces + ["\u200b", "\ufeff", "\u180e", "\x1b", "\x7f"]:
        device = f"{space}a{space}\U0001f916 \u00e9{space}{space}"
        pair.sdk.validate(device)
        pair.ours.validate(device)
        one, two = pair.recorder.take()
        check(f"an id in U+{ord(space):04X} is sent as {json.loads(one.body)['deviceId']!a}", *differences(one, two))


def attempt(call, *arguments) -> bool:
    """Returns whether a call is refused before anything is sent."""
    try:
        call(*arguments)
        return False
    except (ValueError, Refused):
        return True


def test_refusals(pair: Pair) -> None:
    library, recorder = pair.library, pair.recorder
    for text in ("", " ", "\t\r\n", "\u00a0\u2003\u3000\x1c"):
        for operation in ("register", "validate", "revoke", "unrevoke", "restore", "remove"):
            refused = [attempt(getattr(client, operation), text) for client in (pair.sdk, pair.ours)]
            sent = len(recorder.take())
            faults = [] if refused == [True, True] and not sent else [f"refused: {refused}, requests sent: {sent}"]
            check(f"{operation} of {text!a} is refused", *faults)
        refused = [attempt(MachineID, text, recorder.url), attempt(Client, library, text, recorder.url)]
        check(f"the org key {text!a} is refused", *([] if refused == [True, True] else [f"refused: {refused}"]))

    for key in (f" {ORG_KEY}\n", f"\u00a0{ORG_KEY}\u2003\t"):
        client = Client(library, key, recorder.url)
        MachineID(key, recorder.url).usage()
        client.usage()
        client.close()
        one, two = recorder.take()
        check(f"the org key {key!a} is trimmed", *differences(one, two))

    for url in (recorder.url + "/", recorder.url + "/prefix", recorder.url + "/prefix/"):
        client = Client(library, ORG_KEY, url)
        MachineID(ORG_KEY, url).usage()
        client.usage()
        client.close()
        one, two = recorder.take()
        check(f"base_url …{url.removeprefix(recorder.url)} asks for {one.path}", *differences(one, two))

"""The vendor's SDK and the release library make the same calls; what each sends and receives must be equal.

    compare.py EMULATOR_URL ORG_KEY LIBRARY
"""

import http.client
import json
import sys
from urllib.parse import urlsplit

from library import Client, Library, Refused
from machineid import MachineID
from recorder import Exchange, Recorder

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

passed = failed = 0


def check(what: str, *faults: str) -> None:
    global passed, failed
    if faults:
        failed += 1
        print(f"FAILED  {what}")
        for fault in faults:
            print(f"            {fault}")
    else:
        passed += 1
        print(f"ok      {what}")


def differences(sdk: Exchange, ours: Exchange, org_key: str) -> list[str]:
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
    if org_key in ours.path or org_key.encode() in ours.body:
        faults.append("the org key is in the path or the body")
    return faults


def lasting(reply: bytes) -> dict:
    """Returns a reply without the values that differ in every reply."""
    return {key: value for key, value in json.loads(reply).items() if key != "request_id"}


def reset(emulator: str, org_key: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(emulator).netloc, timeout=10)
    connection.request("POST", "/emulator/reset", headers={"x-org-key": org_key})
    assert connection.getresponse().status == 200, "the emulator does not reset"
    connection.close()


def live(who: str, client, recorder: Recorder) -> list[Exchange]:
    for operation, arguments, expected in LIFE:
        reply = getattr(client, operation)(*arguments)
        found = {key: reply.get(key) for key in expected}
        wrong = [] if found == expected else [f"found {found}"]
        check(f"{who}: {operation} gives {expected}", *wrong)
    return recorder.take()


def compare_lives(emulator: str, org_key: str, sdk: MachineID, ours: Client, recorder: Recorder) -> None:
    reset(emulator, org_key)
    theirs = live("the SDK", sdk, recorder)
    reset(emulator, org_key)
    our = live("the library", ours, recorder)
    check(
        "one request for each call",
        *([] if len(theirs) == len(our) == len(LIFE) else [f"the SDK made {len(theirs)}, the library {len(our)}"]),
    )
    seen = set()
    for (operation, _, _), one, two in zip(LIFE, theirs, our):
        faults = differences(one, two, org_key)
        if lasting(one.reply) != lasting(two.reply):
            faults.append(f"the SDK received {one.reply!r}, the library {two.reply!r}")
        if operation not in seen or faults:
            body = one.body.decode() or "-"
            check(f"{operation:12} {one.method:4} {one.path:26} {one.header('content-type') or '-':16} {body}", *faults)
        seen.add(operation)


def compare_trimming(sdk: MachineID, ours: Client, org_key: str, recorder: Recorder) -> None:
    """White space around a device id: every kind that Python trims, and some characters that it does not."""
    spaces = [chr(code) for code in range(1, 0x110000) if chr(code).isspace()]
    for space in spaces + ["\u200b", "\ufeff", "\u180e", "\x1b", "\x7f"]:
        device = f"{space}a{space}\U0001f916 \u00e9{space}{space}"
        sdk.validate(device)
        ours.validate(device)
        one, two = recorder.take()
        check(f"an id in U+{ord(space):04X} is sent as {json.loads(one.body)['deviceId']!a}", *differences(one, two, org_key))


def attempt(call, *arguments) -> bool:
    """Returns whether a call is refused before anything is sent."""
    try:
        call(*arguments)
        return False
    except (ValueError, Refused):
        return True


def compare_refusals(library: Library, sdk: MachineID, ours: Client, org_key: str, recorder: Recorder) -> None:
    for text in ("", " ", "\t\r\n", "\u00a0\u2003\u3000\x1c"):
        for operation in ("register", "validate", "revoke", "unrevoke", "restore", "remove"):
            refused = [attempt(getattr(client, operation), text) for client in (sdk, ours)]
            sent = len(recorder.take())
            faults = [] if refused == [True, True] and not sent else [f"refused: {refused}, requests sent: {sent}"]
            check(f"{operation} of {text!a} is refused", *faults)
        refused = [attempt(MachineID, text, recorder.url), attempt(Client, library, text, recorder.url)]
        check(f"the org key {text!a} is refused", *([] if refused == [True, True] else [f"refused: {refused}"]))

    for key in (f" {org_key}\n", f"\u00a0{org_key}\u2003\t"):
        client = Client(library, key, recorder.url)
        MachineID(key, recorder.url).usage()
        client.usage()
        client.close()
        one, two = recorder.take()
        check(f"the org key {key!a} is trimmed", *differences(one, two, org_key))

    for url in (recorder.url + "/", recorder.url + "/prefix", recorder.url + "/prefix/"):
        client = Client(library, org_key, url)
        MachineID(org_key, url).usage()
        client.usage()
        client.close()
        one, two = recorder.take()
        check(f"base_url …{url.removeprefix(recorder.url)} asks for {one.path}", *differences(one, two, org_key))


def main() -> None:
    emulator, org_key, path = sys.argv[1:]
    library = Library(path)
    with Recorder(emulator) as recorder:
        sdk, ours = MachineID(org_key, recorder.url), Client(library, org_key, recorder.url)
        compare_lives(emulator, org_key, sdk, ours, recorder)
        compare_trimming(sdk, ours, org_key, recorder)
        compare_refusals(library, sdk, ours, org_key, recorder)
        ours.close()
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()

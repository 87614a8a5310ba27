"""Replies of many TLS records, from nginx: whole to the byte, or too large."""

import json

from checks import equal, expect
from probe import Probe

LIMIT = 16 * 1024 * 1024


def run(world):
    path = world.files / "api/v1/devices/list"
    with Probe(base_url=world.nginx.url("files"), ca_file=world.ca_file, timeout_ms=20000) as probe:
        for size in (100_000, LIMIT):
            path.write_bytes(list_of(size))
            for n in range(2):
                saved = world.folder / "saved"
                result = probe.call("list_devices", save=saved)
                expect(f"a reply of {size} bytes, time {n + 1}", result, "MID_OK")
                equal(f"a reply of {size} bytes, time {n + 1}: to the byte", True, saved.read_bytes() == path.read_bytes())
        path.write_bytes(list_of(LIMIT + 1))
        result = probe.call("list_devices")
        expect(f"a reply of {LIMIT + 1} bytes", result, "MID_BAD_REPLY", message=f"larger than {LIMIT}")
        path.write_bytes(list_of(1000))
        expect("and then a small one", probe.call("list_devices"), "MID_OK")


def list_of(size):
    """A list of devices of just this size."""
    device = {"deviceId": "worker:prod:queue-consumer:00001", "revoked": False}
    text = json.dumps({"status": "ok", "devices": [device] * (size // 80)}).encode()
    return text + b" " * (size - len(text))

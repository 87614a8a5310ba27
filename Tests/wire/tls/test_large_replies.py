"""Replies of many TLS records, from nginx: complete byte for byte, or too large."""

import json

from checks import expect, holds
from probe import Probe

# The limit of the list of devices, which is the largest reply.
LIMIT = 4 * 1024 * 1024


def test_large_replies(world):
    path = world.files / "api/v1/devices/list"
    with Probe(base_url=world.nginx.url("files"), ca_file=world.ca_file, timeout_ms=20000) as probe:
        for size in (100_000, LIMIT):
            path.write_bytes(list_of(size))
            saved = world.folder / "saved"
            expect(f"a reply of {size} bytes", probe.call("list_devices", save=saved), "MID_OK")
            holds(f"a reply of {size} bytes: byte for byte", saved.read_bytes() == path.read_bytes())
        path.write_bytes(list_of(LIMIT + 1))
        result = probe.call("list_devices")
        expect(f"a reply of {LIMIT + 1} bytes", result, "MID_BAD_REPLY", message=f"larger than {LIMIT}")
        path.write_bytes(list_of(1000))
        expect("and then a small one", probe.call("list_devices"), "MID_OK")


def list_of(size):
    """Returns a list of exactly this size, of at most 1000 devices: no plan has more."""
    device = {"deviceId": "worker:prod:queue-consumer:00001", "revoked": False, "note": "n" * 4000}
    text = json.dumps({"status": "ok", "devices": [device] * min(1000, size // 4200)}).encode()
    return text + b" " * (size - len(text))

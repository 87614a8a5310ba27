"""The authority's right answers.

The texts depend only on the operation and the device, so that each shows which request it answers.
"""

import json
import uuid

PLAN = {
    "planTier": "pro", "planState": "active", "accessUntil": None, "limit": 25, "devicesUsed": 1, "remaining": 24,
    "overLimit": False, "softGraceWindow": False,
}

PATHS = {
    "/api/v1/devices/register": "register",
    "/api/v1/devices/validate": "validate",
    "/api/v1/devices/list": "list_devices",
    "/api/v1/devices/revoke": "revoke",
    "/api/v1/devices/unrevoke": "unrevoke",
    "/api/v1/devices/remove": "remove",
    "/api/v1/usage": "usage",
}

GET = {"list_devices", "usage"}

# Several operations of the library are the same one of the service.
WIRE_NAMES = {"restore": "unrevoke", "guard_start": "validate"}


def asked_about(operation, device):
    """Returns the devices that the probe asks about when it is given this one."""
    return [device, f"{device}:2"] if operation == "validate_many" else [device]


def right(operation, device, allowed=True):
    """Returns the right reply, as bytes; an array of replies if several devices were asked about."""
    if operation == "validate_many":
        return b"[" + b",".join(right("validate", each, allowed) for each in asked_about(operation, device)) + b"]"
    operation = WIRE_NAMES.get(operation, operation)
    if operation == "validate":
        reply = {"allowed": allowed, "code": "ALLOW" if allowed else "DEVICE_REVOKED",
                 "request_id": str(uuid.uuid5(uuid.NAMESPACE_URL, device)), "deviceId": device}
    elif operation == "register":
        reply = {"status": "ok", "handler": "devices/register", "deviceId": device, **PLAN}
    elif operation == "list_devices":
        reply = {"status": "ok", "devices": [{"deviceId": "agent-01", "revoked": False},
                                             {"deviceId": "agent-02", "revoked": True}]}
    elif operation == "usage":
        reply = {"status": "ok", **PLAN}
    else:
        reply = {"status": "ok", "deviceId": device, "revoked": operation == "revoke"}
    return json.dumps(reply, separators=(",", ":")).encode()


# An unrequested permission in the shape of a right answer. If a client ever returns it, something is wrong.
STRAY = b'{"allowed":true,"code":"STRAY","request_id":"00000000-0000-0000-0000-000000000000"}'

"""A program as people write it for the vendor's SDK, machineid-io 0.1.6. test_vendor.py changes one line and runs it.
"""

import os
import sys

from machineid import MachineID

DEVICE = "worker:prod:queue-consumer:07"
BASE_URL = os.environ["MACHINEID_BASE_URL"]


def gate(client, what):
    """Ends the program when the device is denied."""
    reply = client.validate(DEVICE)
    if not isinstance(reply, dict):
        sys.exit("the reply is no dict")
    if not reply.get("allowed"):
        print(f"ended: {reply.get('code')}")
        sys.exit(0)
    print(f"{what}: {reply['code']}")


def main():
    client = MachineID.from_env(base_url=BASE_URL, timeout=5.0)
    registered = client.register(DEVICE)
    status = registered.get("status")
    if status not in ("ok", "exists"):
        sys.exit(f"register failed: {registered}")
    print("registered:", status, registered["limit"])
    gate(client, "start")
    print("work: done")
    print("devices:", sorted(device["deviceId"] for device in client.list_devices()["devices"]))
    print("usage:", client.usage()["devicesUsed"])
    print("removed:", sorted(client.remove("never")))
    for wrong in ("", None):
        try:
            client.validate(wrong)
        except ValueError as error:
            print("refused:", error)
    client.revoke(DEVICE)
    client.restore(DEVICE)
    gate(client, "restored")
    print("revoked:", client.revoke(DEVICE)["status"])
    gate(client, "work")
    sys.exit("a revoked device was allowed")


main()

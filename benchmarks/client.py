"""client.py - calls a second from Python.

client.py sdk|requests CALLS
"""

import os
import sys
import time

URL = os.environ["MACHINEID_BASE_URL"]


def sdk():
    from machineid import MachineID

    client = MachineID(org_key="org_bench", base_url=URL)
    return lambda: client.validate("agent-01")["allowed"]


def session():
    import requests

    kept = requests.Session()
    kept.headers["x-org-key"] = "org_bench"
    return lambda: kept.post(f"{URL}/api/v1/devices/validate", json={"deviceId": "agent-01"}, timeout=10).json()["allowed"]


validate = {"sdk": sdk, "requests": session}[sys.argv[1]]()
calls = int(sys.argv[2])
assert validate() is True
start = time.monotonic()
for _ in range(calls):
    assert validate() is True
print(f"{calls / (time.monotonic() - start):.1f}")

"""client.py - calls a second from Python.

client.py sdk|requests CALLS [THREADS]

CALLS from each thread, with a client of its own.
"""

import os
import sys
import threading
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


make = {"sdk": sdk, "requests": session}[sys.argv[1]]
calls = int(sys.argv[2])
count = int(sys.argv[3]) if len(sys.argv) > 3 else 1
ready = threading.Barrier(count + 1)
failures = []


def run():
    try:
        validate = make()
        assert validate() is True
        ready.wait()
        for _ in range(calls):
            assert validate() is True
    except BaseException as failure:
        failures.append(failure)
        ready.abort()


threads = [threading.Thread(target=run) for _ in range(count)]
for thread in threads:
    thread.start()
try:
    ready.wait()
except threading.BrokenBarrierError:
    sys.exit(f"client.py: {failures}")
start = time.monotonic()
for thread in threads:
    thread.join()
if failures:
    sys.exit(f"client.py: {failures}")
print(f"{count * calls / (time.monotonic() - start):.1f}")

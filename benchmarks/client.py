"""client.py - measures calls from Python: calls per second, or how long calls take.

client.py sdk|requests CALLS [THREADS]
client.py sdk|requests latency CALLS

Each thread makes CALLS calls with a client of its own. latency.c describes what latency prints.
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
    request = {"url": f"{URL}/api/v1/devices/validate", "json": {"deviceId": "agent-01"}, "timeout": 10}
    return lambda: kept.post(**request).json()["allowed"]


def latency(make, calls):
    make()  # imports
    start = time.monotonic()
    validate = make()
    took = []
    for _ in range(2 + calls):
        assert validate() is True
        end = time.monotonic()
        took.append((end - start) * 1000)
        start = end
    kept = sorted(took[2:])
    print(*(f"{number:.3f}" for number in (*took[:2], kept[calls // 2], kept[calls * 99 // 100], kept[-1])), 0)


def rate(make, calls, count):
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


make = {"sdk": sdk, "requests": session}[sys.argv[1]]
if sys.argv[2] == "latency":
    latency(make, int(sys.argv[3]))
else:
    rate(make, int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 1)

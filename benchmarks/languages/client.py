"""client.py package|plain CALLS - calls of the package for Python, or of requests. languages.py says what it prints."""

import gc
import os
import sys
import time

URL = os.environ["MACHINEID_BASE_URL"]


def package():
    from libmachineid import Client

    client = Client("org_bench", base_url=URL)
    return lambda: bool(client.validate("agent-01"))


def plain():
    import requests

    kept = requests.Session()
    kept.headers["x-org-key"] = "org_bench"
    request = {"url": f"{URL}/api/v1/devices/validate", "json": {"deviceId": "agent-01"}, "timeout": 10}
    return lambda: kept.post(**request).json()["allowed"]


def ask(validate, calls):
    for _ in range(calls):
        if validate() is not True:
            sys.exit("client.py: denied")


def resident():
    gc.collect()
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))


validate = {"package": package, "plain": plain}[sys.argv[1]]()
calls = int(sys.argv[2])
ask(validate, calls // 10)
before = resident()
start = time.monotonic()
ask(validate, calls - calls // 10)
rate = (calls - calls // 10) / (time.monotonic() - start)
print(f"{rate:.1f} {before} {resident()}")

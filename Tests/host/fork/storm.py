"""The fork storm from Python: multiprocessing in fork mode, through ctypes, while threads are in calls.

    storm.py LIBRARY FORKS

The authority is in MACHINEID_BASE_URL, the org key in MACHINEID_ORG_KEY, options in CLIENT_OPTIONS.
"""

import ctypes
import json
import multiprocessing
import os
import subprocess
import sys
import threading
import time

PATIENCE_S = 20
FIRST_CALL_S = 1 + float(os.environ.get("CHECK_SLACK_MS", "50")) / 1000
THREADS = 6

library = ctypes.CDLL(sys.argv[1])
owned = ctypes.c_void_p
for name in ("mid_register", "mid_revoke", "mid_remove"):
    getattr(library, name).argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(owned)]
library.mid_validate.argtypes = [
    ctypes.c_void_p,
    ctypes.c_char_p,
    ctypes.POINTER(ctypes.c_int),
    ctypes.POINTER(owned),
]
library.mid_client_from_env.argtypes = [ctypes.c_char_p, ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(owned)]
library.mid_client_free.argtypes = [ctypes.c_void_p]
library.mid_client_free.restype = None
library.mid_free.argtypes = [owned]
library.mid_free.restype = None

client = ctypes.c_void_p()


def take(text):
    try:
        return ctypes.string_at(text).decode()
    finally:
        library.mid_free(text)


def validate(device):
    """Returns whether the device is allowed, and checks that the reply is about this device."""
    allowed, text = ctypes.c_int(-1), owned()
    status = library.mid_validate(client, device.encode(), ctypes.byref(allowed), ctypes.byref(text))
    reply = take(text)
    if status != 0:
        raise AssertionError(f"{device}: status {status}: {reply}")
    if json.loads(reply)["deviceId"] != device:
        raise AssertionError(f"asked about {device}, answered {reply}")
    return bool(allowed.value)


def ask(operation, device):
    text = owned()
    status = getattr(library, operation)(client, device.encode(), ctypes.byref(text))
    reply = take(text)
    if status != 0 or json.loads(reply)["deviceId"] != device:
        raise AssertionError(f"{operation} {device}: status {status}: {reply}")


def expect(device, allowed):
    if validate(device) is not allowed:
        raise AssertionError(f"{device}: allowed is not {allowed}")


def child(number):
    device = f"python:{number}"
    began = time.monotonic()
    expect(device, False)
    took = time.monotonic() - began
    if took >= FIRST_CALL_S:
        raise AssertionError(f"{device}: the first call took {took:.1f} s")
    ask("mid_register", device)
    expect(device, True)
    ask("mid_revoke", device)
    expect(device, False)
    ask("mid_remove", device)
    if number % 2:
        library.mid_client_free(client)


class Caller(threading.Thread):
    over = threading.Event()

    def __init__(self, number):
        super().__init__()
        self.device = f"python-parent:{number}"
        self.allowed = number % 2 == 0
        self.calls = 0
        self.has_called = threading.Event()
        self.fault = None

    def run(self):
        try:
            ask("mid_register", self.device)
            if not self.allowed:
                ask("mid_revoke", self.device)
            while not Caller.over.is_set():
                expect(self.device, self.allowed)
                self.calls += 1
                self.has_called.set()
        except Exception as fault:
            self.fault = fault
        self.has_called.set()


def stacks(pid):
    ask = ["-ex", "set print frame-arguments none", "-ex", "thread apply all bt 40"]
    command = ["gdb", "-batch", "-p", str(pid), *ask]
    output = subprocess.run(command, capture_output=True, text=True).stdout
    print("\n".join(line for line in output.splitlines() if line.startswith(("Thread", "#"))), flush=True)


def main():
    forks = int(sys.argv[2])
    options = os.environ.get("CLIENT_OPTIONS", "{}").encode()
    if library.mid_client_from_env(options, ctypes.byref(client), None) != 0:
        raise SystemExit("there is no client, so the test cannot run")
    context = multiprocessing.get_context("fork")
    callers = [Caller(number) for number in range(THREADS)]
    for caller in callers:
        caller.start()
    # The first calls of a process are tested separately, by cold.c.
    for caller in callers:
        caller.has_called.wait()
    faults = []
    began = time.monotonic()
    for number in range(forks):
        process = context.Process(target=child, args=(number,))
        process.start()
        expect("python-main", False)
        process.join(PATIENCE_S)
        if process.exitcode is None:
            stacks(process.pid)
            process.kill()
            process.join()
            faults.append(f"child {number} hangs")
        elif process.exitcode != 0:
            faults.append(f"child {number} ended with {process.exitcode}")
        if len(faults) > 5:
            break

    # The workers of a pool live longer than one task.
    with context.Pool(4) as pool:
        answers = pool.map_async(validate, [f"pool:{n}" for n in range(100)]).get(PATIENCE_S)
    if any(answers):
        faults.append("a worker of a pool was allowed")

    Caller.over.set()
    for caller in callers:
        caller.join()
        if caller.fault is not None or caller.calls == 0:
            faults.append(f"{caller.device}: {caller.fault or 'no calls'}")
    library.mid_client_free(client)
    for fault in faults:
        print(fault)
    calls = sum(caller.calls for caller in callers)
    print(f"{forks} forks during {calls} calls of {THREADS} other threads, {time.monotonic() - began:.1f} s")
    sys.exit(1 if faults else 0)


main()

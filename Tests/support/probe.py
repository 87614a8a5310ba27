"""Controls probe.c: one client of the library in a process of its own."""

import contextlib
import json
import os
import select
import subprocess
import time

from checks import failed

ORG_KEY = "org_that_nobody_else_may_see"
# A call that takes this much longer than its timeout_ms hangs.
PATIENCE_S = float(os.environ.get("PROBE_PATIENCE_S", "3"))


class Result:
    """The result of a call."""

    def __init__(self, answer, timeout_ms):
        self.status = answer.get("status", "it hangs")
        self.allowed = answer.get("allowed")
        self.ms = answer.get("ms", 0)
        self.text = answer.get("text")
        self.fork_ms = answer.get("fork_ms")
        self.timeout_ms = timeout_ms

    def __str__(self):
        return f"{self.status}, allowed {self.allowed}, {self.ms:.0f} ms, {self.text}"


class Probe:
    # Set by the program that runs the tests.
    program = None
    library = None

    def __init__(self, options=None, *, environment={}, wrapper=(), **more):
        """Starts the process and makes the client. Options that are hard to spell in Python go into `options`."""
        self.options = {"timeout_ms": 5000, "max_retries": 0, **(options or {}), **more}
        # The caller's variables are dropped: a proxy variable of the machine would change everything.
        clean = {"PATH": os.environ["PATH"], "LD_LIBRARY_PATH": self.library, **environment}
        memcheck = os.environ.get("PROBE_WRAPPER", "").split()
        self._process = subprocess.Popen(
            [*wrapper, *memcheck, self.program], env=clean, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._buffer = b""
        self._hangs = False
        self.created = self._result("new", org_key=ORG_KEY, options=self.options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        # The probe ends by itself after the last command, unless it hangs, which its last result has shown.
        self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(0 if self._hangs else PATIENCE_S)
        if self._process.poll() is None:
            self._process.kill()
        status = self._process.wait()
        if status != 0 and not self._hangs:
            failed("the probe ends well", f"options {self.options}\nit ended with status {status}")
        self._process.stdout.close()
        return self

    def validate(self, device="agent", **disturbance):
        """`disturbance` is cancel_after_ms or fork_after_ms."""
        return self.call("validate", device, **disturbance)

    def call(self, operation, device="agent", save=None, **disturbance):
        more = {"save": str(save)} if save else {}
        more |= {name: ms for name, ms in disturbance.items() if ms is not None}
        return self._result("call", operation=operation, device=device, **more)

    def setenv(self, name, value):
        self._do("setenv", name=name, value=value)

    def race(self, threads, private):
        # 64 private clients are slow, which is what they are meant to show.
        options = {**self.options, "timeout_ms": 30000, "connect_timeout_ms": 30000}
        arguments = {"threads": threads, "private": private, "org_key": ORG_KEY, "options": options}
        return self._do("race", 30, **arguments)

    def _result(self, what, **arguments):
        return Result(self._do(what, **arguments), self.options["timeout_ms"])

    def _do(self, what, seconds=None, /, **arguments):
        """Returns the answer to a command; an empty one if the probe hangs, now or before."""
        if not self._hangs:
            self._process.stdin.write((json.dumps({"do": what, **arguments}) + "\n").encode())
            self._process.stdin.flush()
        deadline = time.monotonic() + (seconds or self.options["timeout_ms"] / 1000) + PATIENCE_S
        while b"\n" not in self._buffer:
            left = 0 if self._hangs else max(0, deadline - time.monotonic())
            if not select.select([self._process.stdout], [], [], left)[0]:
                self._hangs = True
                return {}
            data = os.read(self._process.stdout.fileno(), 65536)
            if not data:
                raise RuntimeError(f"the probe died of {what} {arguments} with the options {self.options}")
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        return json.loads(line)


def attempt(options=None, device="agent", **more):
    """Makes one validate with a new client. If the client cannot be made, that is the result."""
    with Probe(options, **more) as probe:
        return probe.validate(device) if probe.created.status == "MID_OK" else probe.created

"""Runs the probe against every behaviour, with every operation, each time in a new process.

It is started by Tests/support/hostile_engine.py, which compiles the probe and passes the path of the library.
"""

import argparse
import concurrent.futures
import dataclasses
import fnmatch
import json
import os
import ssl
import subprocess
import sys
import threading
import zlib

import behaviours
import report
from authority import Authority
from judge import judge
from registry import CONNECT_FAILED, TIMEOUT, TRANSFER_FAILED, UNAVAILABLE
from replies import asked_about


@dataclasses.dataclass(frozen=True)
class Watch:
    """How a run is watched: by a clock alone, or by a tool that slows everything down, so that time is not measured."""

    text: str
    prefix: tuple = ()
    is_timed: bool = False
    patience: int = 120


WATCHES = {
    "clock": Watch("", is_timed=True, patience=30),
    "sanitizer": Watch(", with AddressSanitizer"),
    "valgrind": Watch(", under valgrind", prefix=(
        "valgrind", "--quiet", "--error-exitcode=99", "--leak-check=full",
        "--errors-for-leak-kinds=definite,indirect,possible", "--show-leak-kinds=definite,indirect,possible")),
}


class Run:
    """One process: its task and its result."""

    def __init__(self, behaviour, operation, max_retries, watch):
        self.behaviour = behaviour
        self.operation = operation
        self.max_retries = max_retries
        self.watch = watch
        self.is_timed = watch.is_timed
        self.is_hung = False
        self.complaints = []
        self.lines = []

    @property
    def is_idle(self):
        """Whether it mostly waits, so that many such runs can go on at once."""
        return self.behaviour.waits or self.behaviour.paced or self.max_retries > 0

    @property
    def timeout_ms(self):
        if self.behaviour.waits:
            return 500 if self.is_timed else 2000
        if self.behaviour.paced:
            return 1000 if self.is_timed else 6000
        return 3000 if self.is_timed else 20_000

    def perform(self, authority, probe, options):
        self.behaviour.prepare()
        visit = authority.open(self.behaviour, self.timeout_ms)
        self.device = f"worker:{visit.id:06}"
        self.devices = asked_about(self.operation, self.device)
        options = {"timeout_ms": self.timeout_ms, "max_retries": self.max_retries, **options, **self.behaviour.options}
        command = [*self.watch.prefix, probe, visit.base_url, self.operation, self.device,
                   json.dumps(options)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        patience = threading.Timer(self.watch.patience, self._kill, [process])
        patience.start()
        try:
            first = process.stdout.readline()
            self.entities = [visit.entities.get(device, visit.entities.get("")) for device in self.devices]
            self.requests = visit.requests
            visit.first_call_over.set()
            if self.behaviour.settles:
                visit.settled.wait(20)
            visit.disarm()
            rest, errors = process.communicate(b"\n")
        finally:
            patience.cancel()
            authority.close(visit)
        self.exit_code = process.returncode
        self.errors = errors.decode(errors="replace")
        self.connections = len(visit.connections)
        self.faults = visit.faults
        try:
            self.lines = [json.loads(line) for line in (first + rest).splitlines()]
        except ValueError:
            self.errors += f"\nprinted: {first + rest!r}"
        self.complaints = judge(self)
        return self

    def _kill(self, process):
        self.is_hung = True
        process.kill()


def operations_for(behaviour, arguments):
    if arguments.operations:
        return [operation for operation in behaviour.operations if operation in arguments.operations.split(",")]
    if arguments.watch != "valgrind":
        # A behaviour that settles does so on one connection, but two devices take two.
        left_out = {"validate_many"} if behaviour.settles else set()
        if not arguments.long:
            left_out |= {*behaviour.operations} - {*behaviour.quick}
            # To save time, each behaviour gets only one of these two, chosen by its name.
            left_out.add(("validate_many", "guard_start")[zlib.crc32(behaviour.name.encode()) % 2])
        return [operation for operation in behaviour.operations if operation not in left_out]
    # A process takes two seconds of CPU time under valgrind. These two operations differ most from each other.
    if behaviour.family and not behaviour.name.endswith("0"):
        return []
    return [operation for operation in behaviour.operations if operation in ("validate", "list_devices")]


def plan(arguments):
    """Yields every run that is to be made."""
    wanted = [behaviour for behaviour in behaviours.all.values()
              if not arguments.names or any(fnmatch.fnmatch(behaviour.name, name) for name in arguments.names)]
    if not wanted:
        print(f"hostile: no behaviour is called {' or '.join(arguments.names)}; authority.py --list names them", file=sys.stderr)
        sys.exit(2)
    watch = WATCHES[arguments.watch]
    for behaviour in wanted:
        if arguments.https and not behaviour.over_tls:
            continue
        for operation in operations_for(behaviour, arguments):
            yield Run(behaviour, operation, behaviour.max_retries, watch)
        if arguments.watch == "valgrind":
            continue
        # If a retry may help, it must also do no harm.
        if not behaviour.max_retries and not behaviour.family and "validate" in behaviour.operations:
            again = {CONNECT_FAILED, TRANSFER_FAILED, TIMEOUT, UNAVAILABLE}
            if behaviour.validate & again:
                yield Run(behaviour, "validate", 2, watch)


def perform_all(runs, authority, arguments):
    """Performs the busy runs a few at a time, and then those that mostly wait, many at a time."""
    cores = os.cpu_count() or 2
    for are_idle, workers in ((False, cores + 1), (True, 2 * cores if arguments.watch == "valgrind" else 12 * cores)):
        group = [run for run in runs if run.is_idle is are_idle]
        with concurrent.futures.ThreadPoolExecutor(workers) as pool:
            list(pool.map(lambda run: run.perform(authority, arguments.probe, arguments.options), group))


def remeasure(runs, authority, arguments):
    """Repeats the runs that took too long, each alone, to tell a late library from a busy machine."""
    for run in runs:
        if run.complaints and all(complaint.is_about_time for complaint in run.complaints):
            before = run.complaints
            run.perform(authority, arguments.probe, arguments.options)
            run.was_remeasured = before


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--probe", required=True)
    parser.add_argument("--watch", choices=WATCHES, default="clock")
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--summary", action="store_true")
    parser.add_argument("--https", metavar="CERTIFICATE", help="speak TLS, with this certificate and its key in one file")
    parser.add_argument("--operations", help="only these, comma-separated")
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    arguments.options = {"ca_file": arguments.https} if arguments.https else {}
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if arguments.https else None
    if context is not None:
        context.load_cert_chain(arguments.https)
    authority = Authority(context=context)
    runs = list(plan(arguments))
    if not runs:
        sys.exit(f"hostile: only one in ten of a family runs under valgrind, and {' '.join(arguments.names)} does not")
    print(f"hostile: {len(runs)} runs{WATCHES[arguments.watch].text}; the table comes when all are done",
          file=sys.stderr, flush=True)
    perform_all(runs, authority, arguments)
    remeasure(runs, authority, arguments)
    passed = report.show(runs, authority.strays, arguments.summary)
    sys.stdout.flush()
    os._exit(0 if passed else 1)  # does not wait for threads whose connections are still open


if __name__ == "__main__":
    main()

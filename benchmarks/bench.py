"""bench.py - runs everything side by side and prints one table: script/bench starts it.

bench.py BUILD [--quick] [--asleep] [NAME...]

Each round runs every contender once, in turn; the table has the medians of the rounds, of the figures and of their ratios.
BUILD holds the programs.
"""

import contextlib
import importlib.metadata
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "Tests/tls"))

from certificates import Issuer  # noqa: E402
from daemons import find  # noqa: E402
from nginx import Nginx  # noqa: E402

REPLY = (
    '{"allowed":true,"code":"ALLOW","request_id":"11111111-2222-4333-8444-555555555555","status":"ok","reason":"allow",'
    '"handler":"devices/validate","deviceId":"agent-01","planTier":"free","planState":"active","accessUntil":null,'
    '"limit":3,"devicesUsed":1,"remaining":2,"overLimit":false,"softGraceWindow":false}'
)


class Server:
    """nginx with a canned reply, on http and on https."""

    def __init__(self, folder):
        authority = Issuer(folder, "authority")
        # Everybody reads the system's authorities too, as they would for the vendor's.
        system = subprocess.run(["curl-config", "--ca"], capture_output=True, text=True, check=True).stdout.strip()
        authorities = folder / "authorities.pem"
        authorities.write_bytes(pathlib.Path(system).read_bytes() + authority.path.read_bytes())
        self.ca = str(authorities)
        # Nothing is asked of the emulator, and so there is none.
        self.nginx = Nginx(folder, "http://127.0.0.1:1", is_root=os.geteuid() == 0)
        forever = "access_log off; keepalive_requests 1000000000; keepalive_timeout 600s;"
        self.nginx.site("http", None, forever, answer=REPLY)
        self.nginx.site("https", authority.issue("server"), forever, answer=REPLY)
        self.nginx.start()

    def environment(self, scheme):
        kept = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
        if scheme == "http":
            return kept | {"MACHINEID_BASE_URL": f"http://127.0.0.1:{self.nginx.port('http')}"}
        return kept | {"MACHINEID_BASE_URL": self.nginx.url("https"), "CA_FILE": self.ca, "REQUESTS_CA_BUNDLE": self.ca}


def progress(text):
    """What is going on, for whoever looks on: over the line before it, on a terminal only."""
    if sys.stderr.isatty():
        print(f"\r{text:70.70}" + ("" if text else "\r"), end="", file=sys.stderr, flush=True)


class Bench:
    def __init__(self, build, quick, wanted):
        self.build, self.quick, self.wanted, self.rows = build, quick, wanted, []

    def wants(self, name):
        return not self.wanted or name in self.wanted

    def numbers(self, environment, command):
        """What a program prints: numbers."""
        if command[0].startswith("@"):
            command = [f"{self.build}/{command[0][1:]}", *command[1:]]
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"bench: {' '.join(command)} ended with {done.returncode}: {done.stderr}")
        return [float(number) for number in done.stdout.split()]

    def rounds(self, environment, contenders, rounds):
        """What each contender printed, a list of numbers for each round."""
        results = {name: [] for name in contenders}
        for n in range(1 if self.quick else rounds):
            for name, command in contenders.items():
                progress(name)
                results[name].append(self.numbers(environment, command))
        progress("")
        return results

    def row(self, what, value, unit, ratio="", target=""):
        self.rows.append((what, value, unit, ratio, target))

    def compare(self, title, unit, results, base, targets={}):
        """A row for each contender, with its ratio to `base`."""
        for name, rows in results.items():
            ratio = "" if name == base else f"{ratio_of(rows, results[base]):.2f} x"
            self.row(f"{title}: {name}", f"{medians(rows)[0]:,.0f}", unit, ratio, targets.get(name, ""))

    def scaled(self, calls):
        return str(max(calls // 40, 8) if self.quick else calls)


def medians(rows):
    return [statistics.median(column) for column in zip(*rows)]


def ratio_of(rows, others):
    """The median of the rounds' ratios. A shared machine is slow for seconds and fast for seconds: what runs side by side
    compares, a median of one time and a median of another do not."""
    return statistics.median(one[0] / other[0] for one, other in zip(rows, others))


def sequential(bench, server):
    for scheme in "http", "https":
        calls = bench.scaled(4000)
        slow = bench.scaled(1200 if scheme == "http" else 60)
        results = bench.rounds(server.environment(scheme), {
            "C, libcurl and jansson": ["@validate", "bare", calls],
            "this library": ["@validate", "null", calls],
            "this library, with json": ["@validate", "json", calls],
            "Go net/http": ["@client_go", calls],
            "requests.Session": [sys.executable, "benchmarks/client.py", "requests", slow],
            "official Python SDK": [sys.executable, "benchmarks/client.py", "sdk", slow],
        }, 15)
        bench.compare(f"{scheme}, 1 thread", "calls/s", results, "C, libcurl and jansson")
        times = ratio_of(results["this library"], results["official Python SDK"])
        bench.row(f"{scheme}: this library against the SDK", f"{times:.1f}", "x", "", "12" if scheme == "http" else "40")


def threads(bench, server):
    targets = dict.fromkeys(("one client, 8 connections", "one client, 64 connections"), "1.00 x")
    for scheme in "http", "https":
        calls = bench.scaled(200)
        results = bench.rounds(server.environment(scheme), {
            "64 private C handles": ["@validate", "bare", calls, "64"],
            "one client, 8 connections": ["@validate", "null", calls, "64", "8"],
            "one client, 64 connections": ["@validate", "null", calls, "64", "64"],
        }, 41)
        bench.compare(f"{scheme}, 64 threads", "calls/s", results, "64 private C handles", targets)
        slow = "8" if scheme == "http" else "1"
        results = bench.rounds(server.environment(scheme), {
            "64 private C handles": ["@validate", "bare", calls, "64"],
            "one client, with json": ["@validate", "json", calls, "64", "8"],
            "Go net/http": ["@client_go", calls, "64"],
            "requests.Session": [sys.executable, "benchmarks/client.py", "requests", "8", "64"],
            "official Python SDK": [sys.executable, "benchmarks/client.py", "sdk", slow, "64"],
        }, 5)
        bench.compare(f"{scheme}, 64 threads, others", "calls/s", results, "64 private C handles")
    results = bench.rounds(server.environment("https"), {
        "64 private C handles": ["@validate", "bare", "5", "64", "8", "cold"],
        "one client, 8 connections": ["@validate", "null", "5", "64", "8", "cold"],
        "one client, 64 connections": ["@validate", "null", "5", "64", "64", "cold"],
    }, 7)
    bench.compare("https, 64 threads, cold, 5 calls each", "calls/s", results, "64 private C handles", targets)


def many(bench, server):
    for scheme in "http", "https":
        results = bench.rounds(server.environment(scheme), {
            "C, curl_multi": ["@many", "bare", "1000", bench.scaled(4)],
            "mid_validate_many": ["@many", "ours", "1000", bench.scaled(4)],
        }, 25)
        bench.compare(f"{scheme}, 1000 devices", "devices/s", results, "C, curl_multi", {"mid_validate_many": "0.95 x"})


def guard(bench, server):
    rows = bench.rounds(server.environment("http"), {"guard": ["@guard"]}, 15)["guard"]
    load, clock, look = medians(rows)
    ratio = statistics.median(look / clock for _, clock, look in rows)
    bench.row("an atomic load", f"{load:.1f}", "ns")
    bench.row("clock_gettime(CLOCK_BOOTTIME)", f"{clock:.1f}", "ns")
    bench.row("mid_guard_allowed", f"{look:.1f}", "ns", f"{ratio:.2f} x", "1.20 x")


def guards(bench, server):
    count, interval, seconds = (400, 200, 1) if bench.quick else (10000, 5000, 5)
    command = ["@guards", str(count), str(interval), str(seconds)]
    rows = bench.rounds(server.environment("http"), {"guards": command}, 9)["guards"]
    checks, ours, many = medians(rows)
    # Of a processor: one second of a thread is 100 % of it for a second.
    beyond = statistics.median(rate * (own - other) / 1e6 * 100 for rate, own, other in rows)
    title = f"guards, {count:,} every {interval / 1000:g} s"
    bench.row(f"{title}: checks", f"{checks:,.0f}", "a second")
    bench.row(f"{title}: processor time of a check by mid_validate_many", f"{many:.1f}", "us")
    ratio = statistics.median(own / other for _, own, other in rows)
    bench.row(f"{title}: processor time of a check by the guards' thread", f"{ours:.1f}", "us", f"{ratio:.2f} x")
    bench.row(f"{title}: what their thread takes beyond that", f"{beyond:.1f}", "% of a processor", "", "5 %")


def load(bench, server):
    results = bench.rounds(server.environment("http"), {
        "an empty library": ["@load", "empty"],
        "libcurl and jansson, initialised": ["@load", "libraries"],
        "this library and a client": ["@load", "ours"],
        "what it adds where those are there": ["@load", "both"],
        "what a first call adds, after one with libcurl": ["@load", "call"],
    }, 41)
    for name, rows in results.items():
        time, resident, own = medians(rows)
        adds = name.startswith("what it adds")
        bench.row(f"load: {name}", f"{time:,.0f}", "us", "", "500 us" if adds else "")
        bench.row(f"load: {name}, resident", f"{resident:,.0f}", "KB", "", "200 KB" if adds else "")
        bench.row(f"load: {name}, of which no other file's", f"{own:,.0f}", "KB")


def instructions(bench, server):
    def collected(mode, calls):
        command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", f"{bench.build}/validate", mode, str(calls)]
        done = subprocess.run(command, env=server.environment("http"), stdin=subprocess.DEVNULL, capture_output=True, text=True)
        return int(re.search(r"Collected : (\d+)", done.stderr).group(1))

    # How often libcurl has to wait for a reply is a matter of chance, and a percent: hence the rounds.
    few, many = (100, 200) if bench.quick else (300, 1000)
    costs = {"bare": [], "null": [], "json": []}
    for _ in range(1 if bench.quick else 7):
        for mode, values in costs.items():
            values.append((collected(mode, many) - collected(mode, few)) / (many - few))
    bare, null, json = map(statistics.median, costs.values())
    bench.row("instructions of a call: C, libcurl and jansson", f"{bare:,.0f}", "")
    bench.row("instructions of a call: this library", f"{null:,.0f}", "", f"{null / bare:.3f} x", "1.02 x")
    bench.row("instructions of a call: this library, with json", f"{json:,.0f}", "", f"{json / bare:.3f} x", "1.03 x")


@contextlib.contextmanager
def awake():
    """Keeps the processors from falling asleep: the kernel does so while this file is open.

    Waking a virtual processor that sleeps takes its host up to a tenth of a millisecond, as long as a whole call does here.
    Programs that keep them busy would not do: a processor that runs one, however idle, takes no waiting thread from another.
    """
    try:
        latency = open("/dev/cpu_dma_latency", "wb", buffering=0)
        if pathlib.Path("/sys/devices/system/cpu/cpuidle/current_driver").read_text().strip() == "none":
            raise OSError("this kernel has no idle driver")
    except OSError as error:
        sys.exit(f"bench: processors cannot be kept awake ({error}): run it as root, or with --asleep")
    with latency:
        latency.write(bytes(4))  # microseconds
        yield


def version_of(command, pattern):
    text = subprocess.run(command, capture_output=True, text=True)
    return re.search(pattern, text.stdout + text.stderr).group(1)


def packages(*names):
    return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)


def heading():
    with open("/proc/cpuinfo") as file:
        model = re.search(r"model name\s*: (.*)", file.read())
    return (
        f"{model.group(1) if model else platform.machine()}, {os.cpu_count()} cores; Linux {platform.release()}; "
        f"libcurl {version_of(['curl', '--version'], r'libcurl/([0-9.]+)')}, "
        f"{version_of(['openssl', 'version'], r'(OpenSSL [0-9.]+)')}, nginx {version_of([find('nginx'), '-v'], r'nginx/([0-9.]+)')}, "
        f"jansson {version_of(['pkg-config', '--modversion', 'jansson'], r'([0-9.]+)')}, "
        f"Python {platform.python_version()}, {packages('machineid-io', 'requests')}, "
        f"Go {version_of(['go', 'version'], r'go([0-9.]+)')}"
    )


def main():
    build, *arguments = sys.argv[1:]
    flags = {"--quick", "--asleep"}
    quick = "--quick" in arguments
    bench = Bench(build, quick, [name for name in arguments if name not in flags])
    parts = [instructions, sequential, threads, many, guard, guards, load]
    unknown = set(bench.wanted) - {part.__name__ for part in parts}
    if unknown:
        sys.exit(f"bench: there is no {' '.join(unknown)}; there are {' '.join(part.__name__ for part in parts)}")
    with tempfile.TemporaryDirectory() as folder:
        server = Server(pathlib.Path(folder))
        try:
            with contextlib.nullcontext() if quick or "--asleep" in arguments else awake():
                for part in parts:
                    if bench.wants(part.__name__):
                        part(bench, server)
        finally:
            server.nginx.stop()
    print(heading() + "\n")
    print("| what | median | | ratio | target |\n|---|---|---|---|---|")
    for row in bench.rows:
        print("| " + " | ".join(row) + " |")


main()

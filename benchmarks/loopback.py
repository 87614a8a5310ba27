"""The groups that measure on loopback: the authority is on this machine, and nothing is lost on the way."""

import re
import statistics
import subprocess
import sys

from rounds import medians, ratio_of


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
        target = "12" if scheme == "http" else "40"
        bench.row(f"{scheme}: this library against the SDK", f"{times:.1f}", "x", "", target)


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
            "C, curl_multi": ["@many", "bare", "1000", bench.scaled(4), "8"],
            "mid_validate_many": ["@many", "ours", "1000", bench.scaled(4), "8"],
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
    checks, ours, paced, many = medians(rows)
    title = f"guards, {count:,} every {interval / 1000:g} s"
    bench.row(f"{title}: checks", f"{checks:,.0f}", "a second")
    bench.row(f"{title}: processor time of a device of mid_validate_many, all at once", f"{many:.1f}", "us")
    bench.row(f"{title}: the same, at the pace of the guards", f"{paced:.1f}", "us")
    ratio = statistics.median(own / other for _, own, other, _ in rows)
    bench.row(f"{title}: processor time of a check by the guards' thread", f"{ours:.1f}", "us", f"{ratio:.2f} x")

    def beyond(column):
        """In percent of a processor: one second of a thread is 100 % of it for a second."""
        return f"{statistics.median(row[0] * (row[1] - row[column]) / 1e6 * 100 for row in rows):.1f}"

    bench.row(f"{title}: what their thread takes beyond that", beyond(2), "% of a processor", "", "5 %")
    bench.row(f"{title}: what it takes beyond devices all at once", beyond(3), "% of a processor")


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
        count = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
        command = [*count, f"{bench.build}/validate", mode, str(calls)]
        no_input = {"stdin": subprocess.DEVNULL, "capture_output": True}
        done = subprocess.run(command, env=server.environment("http"), text=True, **no_input)
        return int(re.search(r"Collected : (\d+)", done.stderr).group(1))

    # How often libcurl has to wait for a reply is a matter of chance, worth a percent: hence the rounds.
    few, many = (100, 200) if bench.quick else (300, 1000)
    costs = {"bare": [], "null": [], "json": []}
    for _ in range(1 if bench.quick else 7):
        for mode, values in costs.items():
            values.append((collected(mode, many) - collected(mode, few)) / (many - few))
    bare, null, json = map(statistics.median, costs.values())
    bench.row("instructions of a call: C, libcurl and jansson", f"{bare:,.0f}", "")
    bench.row("instructions of a call: this library", f"{null:,.0f}", "", f"{null / bare:.3f} x", "1.02 x")
    bench.row("instructions of a call: this library, with json", f"{json:,.0f}", "", f"{json / bare:.3f} x", "1.03 x")

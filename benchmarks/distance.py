"""The groups that measure a realistic distance: the authority is behind a relay, at a round trip of 20 ms.

The targets are listed beside the figures: a first call takes at most four round trips and 10 ms, a call on a kept
connection one round trip and 1 ms.
"""

import contextlib
import statistics
import sys

from authority import Relay

ROUND_TRIP = 20
# The library's default.
CONNECTIONS = 64
# These determine which requests are lost.
SEEDS = 5, 10, 11

# What a latency program prints, in this order, followed by the number of failed calls.
LATENCIES = ("first call", "second call", "p50", "p99", "worst")


@contextlib.contextmanager
def at_distance(bench, server, **silence):
    """Yields the environment for clients at that distance, and the relay in between."""
    relay = Relay(server, f"{bench.build}/relay", server.nginx.port("http2"), ROUND_TRIP // 2, **silence)
    try:
        yield server.environment("http2", relay.port), relay
    finally:
        relay.stop()


def distance(bench, server):
    with at_distance(bench, server) as (environment, _):
        one_thread(bench, environment)
        many_threads(bench, environment)
        many_devices(bench, environment)


def one_thread(bench, environment):
    def contenders(calls, slow):
        return {
            "a C handle": ["@latency", "bare", calls],
            "this library": ["@latency", "ours", calls],
            "Go over HTTP/1.1": ["@client_go", "-latency", calls],
            "Go over HTTP/2": ["@client_go", "-http2", "-latency", calls],
            "requests.Session": [sys.executable, "benchmarks/client.py", "requests", "latency", calls],
            "official Python SDK": [sys.executable, "benchmarks/client.py", "sdk", "latency", slow],
        }

    def compare(results, wanted, limits):
        if any(row[-1] for rows in results.values() for row in rows):
            sys.exit(f"bench: calls failed at a distance: {results}")
        for name in wanted:
            column = LATENCIES.index(name)
            targets = {"this library": f"{limits[name]} ms"} if name in limits else {}
            bench.compare(f"at 20 ms, {name}", "ms", results, "a C handle", targets, column=column, digits=1)

    compare(bench.rounds(environment, contenders("1", "1"), 15), LATENCIES[:2], {"first call": 4 * ROUND_TRIP + 10})
    results = bench.rounds(environment, contenders(bench.scaled(1000), bench.scaled(250)), 3)
    compare(results, LATENCIES[2:4], {"p50": ROUND_TRIP + 1})


def many_threads(bench, environment):
    calls = bench.scaled(100)
    few = bench.scaled(20)
    results = bench.rounds(environment, {
        "64 private C handles": ["@validate", "bare", calls, "64"],
        "one client": ["@validate", "null", calls, "64", "0"],
        "Go over HTTP/1.1": ["@client_go", calls, "64"],
        "Go over HTTP/2": ["@client_go", "-http2", calls, "64"],
        "requests.Session": [sys.executable, "benchmarks/client.py", "requests", few, "64"],
        "official Python SDK": [sys.executable, "benchmarks/client.py", "sdk", "1", "64"],
    }, 5)
    bench.compare("at 20 ms, 64 threads", "calls/s", results, "64 private C handles")


def many_devices(bench, environment):
    devices = bench.scaled(10000)
    base = f"C, curl_multi, {CONNECTIONS} connections"
    # The devices are divided evenly among the threads.
    part, fourth = str(int(devices) // 64), str(int(devices) // 256 + 1)
    multi = bench.rounds(environment, {
        base: ["@many", "bare", devices, "1", str(CONNECTIONS)],
        "mid_validate_many": ["@many", "ours", devices, "1", "0"],
        "C handles, 64 threads": ["@validate", "bare", part, "64"],
        "Go over HTTP/1.1, 64 at once": ["@client_go", part, "64"],
        "Go over HTTP/2, 64 at once": ["@client_go", "-http2", part, "64"],
        "Go over HTTP/2, 256 at once": ["@client_go", "-http2", fourth, "256"],
    }, 5)
    title = "at 20 ms, 10000 devices"
    bench.compare(title, "devices/s", multi, base, {"mid_validate_many": "0.95 x, 2,600/s"})
    cold = {name: multi[name] for name in (base, "mid_validate_many")}
    bench.compare(f"{title} from cold", "devices/s", cold, base, column=1)


def silence(bench, server):
    """One request in 100 finds that its connection has gone silent. All clients have the same timeouts, and lose the
    same requests.
    """
    threads = "16"
    calls, timeout = bench.scaled(250), "1000" if bench.quick else "10000"
    contenders = {
        "16 private C handles": ["@latency", "bare", calls, threads, timeout],
        "one client": ["@latency", "ours", calls, threads, timeout],
        "Go over HTTP/1.1": ["@client_go", "-latency", "-timeout", f"{timeout}ms", calls, threads],
    }
    results = {name: [] for name in contenders}
    # With these seeds, no request before the counted ones is lost; with the first seed, one of the few of --quick is
    # lost.
    for seed in SEEDS[:1] if bench.quick else SEEDS:
        for name, command in contenders.items():
            with at_distance(bench, server, silent=10, seed=seed) as (environment, relay):
                row = bench.numbers(environment, command, name)
                _, requests, silent = relay.stop()
            results[name].append([*row[2:], silent, requests / (int(threads) * (int(calls) + 2))])
    times = {"p50": "ms", "p99": "ms", "worst": "ms"}
    columns = {**times, "failed": "calls", "silent": "connections", "requests": "a call"}
    for column, (name, unit) in enumerate(columns.items()):
        for contender, rows in results.items():
            # A median would hide one bad run.
            summary = max if name in ("worst", "failed") else statistics.median
            value = summary(row[column] for row in rows)
            digits = {"failed": 0, "silent": 0, "requests": 3}.get(name, 1)
            bench.row(f"one in 100 silent, {name}: {contender}", f"{value:,.{digits}f}", unit)

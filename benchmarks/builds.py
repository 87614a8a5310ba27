"""The portable build beside the shared one and beside C on the system's libcurl and jansson. It runs only when it is
named."""

import pathlib
import re
import statistics
import subprocess

from rounds import medians

ROOT = pathlib.Path(__file__).resolve().parents[1]
SHARED, PORTABLE = "the shared build", "the portable build"
FOLDERS = {SHARED: ROOT / "build/lib", PORTABLE: ROOT / "build/portable/amd64-glibc/lib"}


def readelf(option, library):
    return subprocess.run(["readelf", "-W", option, library], capture_output=True, text=True, check=True).stdout


def facts(bench):
    for name, folder in FOLDERS.items():
        library = folder / "libmachineid.so.0"
        needed = re.findall(r"NEEDED.*\[(.*)\]", readelf("-d", library))
        versions = re.findall(r"GLIBC_(\d+)\.(\d+)", readelf("-V", library))
        floor = ".".join(map(str, max((int(major), int(minor)) for major, minor in versions)))
        exported = re.findall(r"(?:GLOBAL|WEAK) +\w+ +\d+ (\w+)", readelf("--dyn-syms", library))
        others = [symbol for symbol in exported if not symbol.startswith("mid_")]
        bench.row(f"{name}: size, stripped", f"{library.stat().st_size:,}", "bytes")
        bench.row(f"{name}: needs", ", ".join(needed), "")
        bench.row(f"{name}: oldest glibc", floor, "")
        bench.row(f"{name}: exports, others than mid_", f"{len(exported)}, {len(others)}", "")


def load(bench, server):
    for scheme in "http", "https":
        environment = server.environment(scheme)
        calls = {"C, libcurl and jansson": (environment, ["@load", "libraries-call"])}
        for name, folder in FOLDERS.items():
            calls[name] = ({**environment, "LD_LIBRARY_PATH": str(folder)}, ["@load", "first"])
        rows = {name: [] for name in calls}
        for _ in range(1 if bench.quick else 21):
            for name, (variables, command) in calls.items():
                rows[name].append(bench.numbers(variables, command, name))
        for name, found in rows.items():
            time, resident, own = medians(found)
            title = f"from nothing to the first {scheme} answer: {name}"
            bench.row(title, f"{time / 1000:,.1f}", "ms")
            bench.row(f"{title}, resident", f"{resident:,.0f}", "KB")
            bench.row(f"{title}, of which no other file's", f"{own:,.0f}", "KB")


def opening(bench, server):
    environment = server.environment("http")
    rows = {name: [] for name in FOLDERS}
    for _ in range(1 if bench.quick else 21):
        for name, folder in FOLDERS.items():
            rows[name].append(bench.numbers({**environment, "LD_LIBRARY_PATH": str(folder)}, ["@load", "ours"], name))
    for name, found in rows.items():
        time, resident, own = medians(found)
        bench.row(f"loading and a client: {name}", f"{time:,.0f}", "us")
        bench.row(f"loading and a client: {name}, resident", f"{resident:,.0f}", "KB")
        bench.row(f"loading and a client: {name}, of which no other file's", f"{own:,.0f}", "KB")


def instructions(bench, server):
    few, many = (100, 200) if bench.quick else (200, 600)

    def collected(mode, calls, variables):
        command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", f"{bench.build}/validate"]
        done = subprocess.run(
            [*command, mode, str(calls)], env=variables, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
        return int(re.search(r"Collected : (\d+)", done.stderr).group(1))

    for scheme in "http", "https":
        environment = server.environment(scheme)
        ways = {"C, libcurl and jansson": ("bare", environment)}
        ways |= {name: ("null", {**environment, "LD_LIBRARY_PATH": str(folder)}) for name, folder in FOLDERS.items()}
        costs = {name: [] for name in ways}
        for _ in range(1 if bench.quick else 3):
            for name, (mode, variables) in ways.items():
                most, least = collected(mode, many, variables), collected(mode, few, variables)
                costs[name].append((most - least) / (many - few))
        middle = {name: statistics.median(values) for name, values in costs.items()}
        for name, value in middle.items():
            ratio = "" if name not in FOLDERS else f"{value / middle['C, libcurl and jansson']:.3f} x"
            bench.row(f"instructions of a call, {scheme}: {name}", f"{value:,.0f}", "", ratio)


def portable(bench, server):
    facts(bench)
    opening(bench, server)
    load(bench, server)
    instructions(bench, server)

"""bench.py - runs all benchmarks side by side and prints one table. script/bench starts it.

bench.py BUILD [--quick] [--asleep] [NAME...]

Each round runs every contender once, in turn. The table has the medians over the rounds, of the figures and of their
ratios. BUILD holds the programs.
"""

import contextlib
import importlib.metadata
import os
import pathlib
import platform
import re
import subprocess
import sys
import tempfile

from authority import Server
from builds import portable
from daemons import find
from distance import distance, silence
from languages import languages
from loopback import guard, guards, instructions, load, many, sequential, threads
from rounds import Bench, announce


@contextlib.contextmanager
def awake():
    """Keeps the processors awake: the kernel does so while this file is open.

    Waking a sleeping virtual processor takes its host up to a tenth of a millisecond, as long as a whole call takes
    here. Programs that keep the processors busy are no alternative: a processor that runs one, even at idle priority,
    takes no waiting thread from another.
    """
    try:
        if pathlib.Path("/sys/devices/system/cpu/cpuidle/current_driver").read_text().strip() == "none":
            reason = "since this kernel has no idle driver"
            sys.exit(f"bench: processors cannot be kept awake, {reason}: run it with --asleep")
        latency = open("/dev/cpu_dma_latency", "wb", buffering=0)
    except OSError as error:
        sys.exit(f"bench: processors cannot be kept awake ({error}): run this as root, or with --asleep")
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
        f"{version_of(['openssl', 'version'], r'(OpenSSL [0-9.]+)')}, "
        f"nginx {version_of([find('nginx'), '-v'], r'nginx/([0-9.]+)')}, "
        f"jansson {version_of(['pkg-config', '--modversion', 'jansson'], r'([0-9.]+)')}, "
        f"Python {platform.python_version()}, {packages('machineid-io', 'requests')}, "
        f"Go {version_of(['go', 'version'], r'go([0-9.]+)')}"
    )


def main():
    build, *arguments = sys.argv[1:]
    flags = {"--quick", "--asleep"}
    quick = "--quick" in arguments
    bench = Bench(build, quick, [name for name in arguments if name not in flags])
    parts = [instructions, sequential, threads, many, guard, guards, load, distance, silence, portable, languages]
    unknown = set(bench.wanted) - {part.__name__ for part in parts}
    if unknown:
        sys.exit(f"bench: there is no {' '.join(unknown)}; there are {' '.join(part.__name__ for part in parts)}")
    with tempfile.TemporaryDirectory() as folder:
        server = Server(pathlib.Path(folder))
        try:
            with contextlib.nullcontext() if quick or "--asleep" in arguments else awake():
                for part in parts:
                    if bench.wants(part.__name__):
                        announce(part.__name__)
                        part(bench, server)
        finally:
            server.nginx.stop()
    print(heading() + "\n")
    print("| what | median | | ratio | target |\n|---|---|---|---|---|")
    for row in bench.rows:
        print("| " + " | ".join(row) + " |")


main()

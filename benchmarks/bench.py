"""bench.py - runs everything side by side and prints one table: script/bench starts it.

bench.py BUILD [--quick] [NAME...]

Each round runs every contender once, in turn; the table has the medians of the rounds. BUILD holds the programs.
"""

import os
import platform
import re
import signal
import statistics
import subprocess
import sys
import tempfile

REPLY = (
    '{"allowed":true,"code":"ALLOW","request_id":"11111111-2222-4333-8444-555555555555","status":"ok","reason":"allow",'
    '"handler":"devices/validate","deviceId":"agent-01","planTier":"free","planState":"active","accessUntil":null,'
    '"limit":3,"devicesUsed":1,"remaining":2,"overLimit":false,"softGraceWindow":false}'
)
SITE = """
    server {
        listen 127.0.0.1:%d %s;
        %s
        keepalive_requests 1000000000;
        keepalive_timeout 600s;
        location / { default_type application/json; return 200 '%s'; }
    }"""
CONF = """
worker_processes 1; daemon off; pid %s/pid; error_log stderr error;%s
events { worker_connections 4096; }
http {
    access_log off; client_body_temp_path %s/body; proxy_temp_path %s/proxy; fastcgi_temp_path %s/fastcgi;
    uwsgi_temp_path %s/uwsgi; scgi_temp_path %s/scgi;%s
}"""


class Server:
    """nginx with a canned reply, on http and on https."""

    def __init__(self, folder):
        run = dict(check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.ca = f"{folder}/ca.pem"
        subprocess.run(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost "
            f"-addext subjectAltName=IP:127.0.0.1,DNS:localhost -keyout {folder}/key.pem -out {self.ca}".split(), **run)
        self.ports = free_port(), free_port()
        tls = f"ssl_certificate {self.ca}; ssl_certificate_key {folder}/key.pem;"
        sites = SITE % (self.ports[0], "", "", REPLY) + SITE % (self.ports[1], "ssl", tls, REPLY)
        user = " user root;" if os.geteuid() == 0 else ""
        with open(f"{folder}/nginx.conf", "w") as file:
            file.write(CONF % (folder, user, *[folder] * 5, sites))
        self.process = subprocess.Popen(["nginx", "-p", folder, "-c", f"{folder}/nginx.conf"], stdin=subprocess.DEVNULL)
        for port in self.ports:
            await_port(port, self.process)

    def environment(self, scheme):
        more = {"MACHINEID_BASE_URL": f"http://127.0.0.1:{self.ports[0]}"}
        if scheme == "https":
            more = {"MACHINEID_BASE_URL": f"https://localhost:{self.ports[1]}", "CA_FILE": self.ca,
                    "REQUESTS_CA_BUNDLE": self.ca}
        kept = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
        return kept | more

    def stop(self):
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait()


def free_port():
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def await_port(port, process):
    import socket
    import time

    for _ in range(500):
        if process.poll() is not None:
            sys.exit("bench: nginx does not start")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    sys.exit("bench: nginx does not listen")


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
        """Medians, for each contender a list of as many numbers as it prints."""
        results = {name: [] for name in contenders}
        for n in range(1 if self.quick else rounds):
            for name, command in contenders.items():
                print(f"\r{name:70.70}", end="", file=sys.stderr, flush=True)
                results[name].append(self.numbers(environment, command))
        print("\r" + " " * 70 + "\r", end="", file=sys.stderr, flush=True)
        return {name: [statistics.median(column) for column in zip(*rows)] for name, rows in results.items()}

    def row(self, what, value, unit, ratio="", target=""):
        self.rows.append((what, value, unit, ratio, target))

    def compare(self, title, unit, results, base, targets={}):
        """A row for each contender, with its ratio to `base`."""
        for name, (value, *_) in results.items():
            ratio = "" if name == base else f"{value / results[base][0]:.2f} x"
            self.row(f"{title}: {name}", f"{value:,.0f}", unit, ratio, targets.get(name, ""))

    def scaled(self, calls):
        return str(max(calls // 40, 8) if self.quick else calls)


def sequential(bench, server):
    for scheme in "http", "https":
        calls = bench.scaled(4000)
        slow = bench.scaled(1200 if scheme == "http" else 300)
        results = bench.rounds(server.environment(scheme), {
            "C, libcurl and jansson": ["@validate", "bare", calls],
            "this library": ["@validate", "null", calls],
            "this library, with json": ["@validate", "json", calls],
            "Go net/http": ["@client_go", calls],
            "requests.Session": [sys.executable, "benchmarks/client.py", "requests", slow],
            "official Python SDK": [sys.executable, "benchmarks/client.py", "sdk", slow],
        }, 7)
        bench.compare(f"{scheme}, 1 thread", "calls/s", results, "C, libcurl and jansson")
        times = results["this library"][0] / results["official Python SDK"][0]
        bench.row(f"{scheme}: this library against the SDK", f"{times:.1f}", "x", "", "12" if scheme == "http" else "40")


def threads(bench, server):
    for scheme in "http", "https":
        calls = bench.scaled(400)
        results = bench.rounds(server.environment(scheme), {
            "64 private C handles": ["@validate", "bare", calls, "64"],
            "one client, 8 connections": ["@validate", "null", calls, "64", "8"],
            "one client, 64 connections": ["@validate", "null", calls, "64", "64"],
        }, 7)
        bench.compare(f"{scheme}, 64 threads", "calls/s", results, "64 private C handles",
                      {"one client, 8 connections": "1.00 x"})
    results = bench.rounds(server.environment("https"), {
        "64 private C handles": ["@validate", "bare", "5", "64", "8", "cold"],
        "one client, 8 connections": ["@validate", "null", "5", "64", "8", "cold"],
        "one client, 64 connections": ["@validate", "null", "5", "64", "64", "cold"],
    }, 7)
    bench.compare("https, 64 threads, cold, 5 calls each", "calls/s", results, "64 private C handles",
                  {"one client, 8 connections": "1.00 x"})


def many(bench, server):
    for scheme in "http", "https":
        results = bench.rounds(server.environment(scheme), {
            "C, curl_multi": ["@many", "bare", "1000", bench.scaled(10)],
            "mid_validate_many": ["@many", "ours", "1000", bench.scaled(10)],
        }, 9)
        bench.compare(f"{scheme}, 1000 devices", "devices/s", results, "C, curl_multi", {"mid_validate_many": "0.95 x"})


def guard(bench, server):
    load, clock, look = bench.rounds(server.environment("http"), {"guard": ["@guard"]}, 15)["guard"]
    bench.row("an atomic load", f"{load:.1f}", "ns")
    bench.row("an atomic load and a coarse clock", f"{clock:.1f}", "ns")
    bench.row("mid_guard_allowed", f"{look:.1f}", "ns", f"{look / clock:.2f} x", "10 ns or 3 x")


def load(bench, server):
    results = bench.rounds(server.environment("http"), {
        "libcurl and jansson, initialised": ["@load", "libraries"],
        "this library and a client": ["@load", "ours"],
        "what it adds where those are there": ["@load", "both"],
    }, 41)
    for name, (time, memory) in results.items():
        adds = name.startswith("what")
        bench.row(f"load: {name}", f"{time:,.0f}", "us", "", "500 us" if adds else "")
        bench.row(f"load: {name}", f"{memory:,.0f}", "KB", "", "200 KB" if adds else "")


def instructions(bench, server):
    def cost(mode):
        counts = []
        for calls in (100, 200) if bench.quick else (1000, 2000):
            command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", f"{bench.build}/validate", mode, str(calls)]
            done = subprocess.run(command, env=server.environment("http"), stdin=subprocess.DEVNULL, capture_output=True, text=True)
            counts.append((int(re.search(r"Collected : (\d+)", done.stderr).group(1)), calls))
        return (counts[1][0] - counts[0][0]) / (counts[1][1] - counts[0][1])

    bare = cost("bare")
    bench.row("instructions of a call: C, libcurl and jansson", f"{bare:,.0f}", "")
    for name, mode, target in ("this library", "null", "1.02 x"), ("this library, with json", "json", "1.03 x"):
        value = cost(mode)
        bench.row(f"instructions of a call: {name}", f"{value:,.0f}", "", f"{value / bare:.3f} x", target)


def version_of(command, pattern):
    text = subprocess.run(command, capture_output=True, text=True)
    return re.search(pattern, text.stdout + text.stderr).group(1)


def heading():
    with open("/proc/cpuinfo") as file:
        model = re.search(r"model name\s*: (.*)", file.read())
    return (
        f"{model.group(1) if model else platform.machine()}, {os.cpu_count()} cores; Linux {platform.release()}; "
        f"libcurl {version_of(['curl', '--version'], r'libcurl/([0-9.]+)')}, "
        f"{version_of(['openssl', 'version'], r'(OpenSSL [0-9.]+)')}, nginx {version_of(['nginx', '-v'], r'nginx/([0-9.]+)')}, "
        f"Python {platform.python_version()}, Go {version_of(['go', 'version'], r'go([0-9.]+)')}"
    )


def main():
    build, *arguments = sys.argv[1:]
    quick = "--quick" in arguments
    bench = Bench(build, quick, [name for name in arguments if name != "--quick"])
    parts = [instructions, sequential, threads, many, guard, load]
    unknown = set(bench.wanted) - {part.__name__ for part in parts}
    if unknown:
        sys.exit(f"bench: there is no {' '.join(unknown)}; there are {' '.join(part.__name__ for part in parts)}")
    with tempfile.TemporaryDirectory() as folder:
        server = Server(folder)
        try:
            for part in parts:
                if bench.wants(part.__name__):
                    part(bench, server)
        finally:
            server.stop()
    print(heading() + "\n")
    print("| what | median | | ratio | target |\n|---|---|---|---|---|")
    for row in bench.rows:
        print("| " + " | ".join(row) + " |")


main()

"""openmetrics.py - the counters of a client, in the text format that Prometheus and others scrape.

    openmetrics.serve(client.stats, 9464)    in a thread of its own, until the process ends
"""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def text(stats):
    """The report of mid_client_stats(), a dictionary, as OpenMetrics. Labels are constants of the library's."""
    lines = []

    def family(name, kind, *samples):
        lines.append(f"# TYPE machineid_{name} {kind}")
        for suffix, labels, value in samples:
            inside = ",".join(f'{key}="{label}"' for key, label in labels.items())
            lines.append(f"machineid_{name}{suffix}{{{inside}}} {value}")

    calls, decisions = stats["calls"].items(), stats["decisions"].items()
    family("calls", "counter", *(
        ("_total", {"operation": operation, "status": status}, count)
        for operation, call in calls
        for status, count in call["statuses"].items()))
    times = []
    for operation, call in calls:
        for bound, count in call["duration_ms"]["buckets"].items():
            seconds = bound if bound == "+Inf" else int(bound) / 1000
            times.append(("_bucket", {"operation": operation, "le": seconds}, count))
        times.append(("_sum", {"operation": operation}, call["duration_ms"]["sum"] / 1000))
        times.append(("_count", {"operation": operation}, call["duration_ms"]["count"]))
    family("call_duration_seconds", "histogram", *times)
    family("decisions", "counter", *(
        ("_total", {"decision": decision, "code": code}, count)
        for decision, codes in decisions
        for code, count in codes.items()))
    for name in "retries", "resends", "hedges", "tls_handshakes":
        family(name, "counter", ("_total", {}, stats[name]))
    family("connections_made", "counter", ("_total", {}, stats["connections"]["made"]))
    family("connections_reused", "counter", ("_total", {}, stats["connections"]["reused"]))
    family("guards", "gauge", *(("", {"state": state}, count) for state, count in stats["guards"].items()))
    if stats["last_answer"]:
        family("last_answer_age_seconds", "gauge", ("", {}, stats["last_answer"]["age_ms"] / 1000))
    return "\n".join([*lines, "# EOF", ""])


def serve(stats, port, host="127.0.0.1"):
    """Serves what the function `stats` returns at each request. Returns the server."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = text(stats()).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/openmetrics-text; version=1.0.0; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer((host, port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server

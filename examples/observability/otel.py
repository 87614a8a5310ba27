"""otel.py - the counters of a client as OpenTelemetry metrics. Needs opentelemetry-api.

    otel.observe(client.stats, opentelemetry.metrics.get_meter("machineid"))
"""

from opentelemetry.metrics import Observation


def observe(stats, meter):
    """Makes instruments that read the function `stats` whenever the metrics are exported. OpenTelemetry has no
    histogram that is read, so the times are two counters, whose quotient is the mean."""

    def counter(name, unit, read):
        meter.create_observable_counter(f"machineid.{name}", [lambda options: read(stats())], unit)

    counter("calls", "{call}", lambda report: [
        Observation(count, {"operation": operation, "status": status})
        for operation, call in report["calls"].items()
        for status, count in call["statuses"].items()])
    counter("calls.duration", "ms", lambda report: [
        Observation(call["duration_ms"]["sum"], {"operation": operation})
        for operation, call in report["calls"].items()])
    counter("decisions", "{decision}", lambda report: [
        Observation(count, {"decision": decision, "code": code})
        for decision, codes in report["decisions"].items()
        for code, count in codes.items()])
    counter("attempts", "{attempt}", lambda report: [
        Observation(report[kind], {"kind": kind}) for kind in ("retries", "resends", "hedges")])
    counter("connections", "{request}", lambda report: [
        Observation(count, {"kind": kind}) for kind, count in report["connections"].items()])
    counter("tls_handshakes", "{handshake}", lambda report: [Observation(report["tls_handshakes"])])
    meter.create_observable_gauge("machineid.guards", [lambda options: [
        Observation(count, {"state": state}) for state, count in stats()["guards"].items()]], "{guard}")
    meter.create_observable_gauge("machineid.last_answer.age", [lambda options: [
        Observation(answer["age_ms"]) for answer in [stats()["last_answer"]] if answer]], "ms")

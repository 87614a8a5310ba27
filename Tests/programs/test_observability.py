"""Tests the adapters that docs/observability.md shows: what they make of the counters of a real client."""

import json
import os
import shutil
import subprocess
import sys

import pytest
from checks import equal, holds
from pkgconfig import describe_library
from project import ROOT

KEY = "org_observability"
STATUSES, OPERATIONS, STATES = 15, 10, 4


@pytest.fixture
def environment(emulator, library):
    started = emulator("--org-key", KEY)
    return {
        **os.environ,
        "LD_LIBRARY_PATH": str(library),
        "MACHINEID_ORG_KEY": KEY,
        "MACHINEID_BASE_URL": started.url,
        "PYTHONPATH": f"{ROOT / 'bindings/python'}:{ROOT / 'examples/observability'}",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def printed(*command, environment):
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def check_openmetrics(text):
    """The client has asked about an unregistered device, and has made one call that could not be sent."""
    parser = pytest.importorskip("prometheus_client.openmetrics.parser")
    families = {family.name: family for family in parser.text_string_to_metric_families(text)}
    kinds = {name: family.type for name, family in families.items()}
    equal("guards are a gauge", "gauge", kinds["machineid_guards"])
    equal("times are a histogram", "histogram", kinds["machineid_call_duration_seconds"])
    equal("all others but the age are counters", 8, list(kinds.values()).count("counter"))

    def value(name, **labels):
        family = families[f"machineid_{name}"]
        return [sample.value for sample in family.samples if sample.labels == labels or not labels]

    equal("there is a series for each operation and status", OPERATIONS * STATUSES, len(value("calls")))
    equal("the answer", [1], value("calls", operation="validate", status="MID_OK"))
    equal("the mistake", [1], value("calls", operation="validate", status="MID_INVALID_ARGUMENT"))
    equal("the denial", [1], value("decisions", decision="denied", code="other"))
    equal("no allow", [0], value("decisions", decision="allowed", code="ALLOW"))
    bounds = value("call_duration_seconds", operation="validate", le="+Inf")
    equal("both calls are in the largest bucket", [2], bounds)
    equal("the connection", [1], value("connections_made"))
    equal("guards by state", [0] * STATES, value("guards"))
    holds("the last answer is young", 0 <= value("last_answer_age_seconds")[0] < 60)


VALIDATING = """
import libmachineid
client = libmachineid.Client.from_env()
client.validate("unregistered")
client.validate("")
"""
SERVING = VALIDATING + """
import openmetrics, urllib.request
server = openmetrics.serve(client.stats, 0)
with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/metrics") as answer:
    print(answer.headers["Content-Type"])
    print(answer.read().decode(), end="")
"""
CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def test_openmetrics_in_python(environment):
    content_type, _, text = printed(sys.executable, "-c", SERVING, environment=environment).partition("\n")
    equal("the format is named", CONTENT_TYPE, content_type)
    check_openmetrics(text)


def test_openmetrics_in_go(environment, tmp_path, library):
    if not shutil.which("go"):
        pytest.skip("there is no go")
    # The module of the package, with the example and the program of this test in it.
    module = tmp_path / "go"
    shutil.copytree(ROOT / "bindings/go", module)
    shutil.copytree(ROOT / "Tests/programs/openmetrics", module / "test")
    (module / "openmetrics").mkdir()
    shutil.copy(ROOT / "examples/observability/openmetrics.go", module / "openmetrics")
    # The tag is for the library of the system, which pkg-config finds here.
    go = {
        **environment,
        "PKG_CONFIG_PATH": str(describe_library(tmp_path, library)),
        "GOTOOLCHAIN": "local",
        "GOFLAGS": "-tags=machineid_system",
    }
    for command in ["vet", "./openmetrics", "./test"], ["build", "-o", "program", "./test"]:
        done = subprocess.run(["go", *command], cwd=module, env=go, capture_output=True, text=True)
        equal(f"go {command[0]} finds no fault", "", done.stdout + done.stderr)
    content_type, _, text = printed(module / "program", environment=environment).partition("\n")
    equal("the format is named", CONTENT_TYPE, content_type)
    check_openmetrics(text)


OBSERVING = VALIDATING + """
import json, otel
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
reader = InMemoryMetricReader()
otel.observe(client.stats, MeterProvider([reader]).get_meter("machineid"))
print(reader.get_metrics_data().to_json())
"""


def test_opentelemetry_in_python(environment):
    pytest.importorskip("opentelemetry.sdk.metrics")
    data = json.loads(printed(sys.executable, "-c", OBSERVING, environment=environment))
    metrics = data["resource_metrics"][0]["scope_metrics"][0]["metrics"]
    points = {metric["name"]: metric["data"]["data_points"] for metric in metrics}

    def value(name, **attributes):
        return [point["value"] for point in points[f"machineid.{name}"] if point["attributes"] == attributes]

    equal("there is a point for each operation and status", OPERATIONS * STATUSES, len(points["machineid.calls"]))
    equal("the answer", [1], value("calls", operation="validate", status="MID_OK"))
    equal("the mistake", [1], value("calls", operation="validate", status="MID_INVALID_ARGUMENT"))
    equal("the denial", [1], value("decisions", decision="denied", code="other"))
    equal("the connection", [1], value("connections", kind="made"))
    equal("no handshake", [0], value("tls_handshakes"))
    equal("no retry", [0], value("attempts", kind="retries"))
    equal("guards by state", [0] * STATES, [point["value"] for point in points["machineid.guards"]])
    holds("the last answer is young", 0 <= value("last_answer.age")[0] < 60000)
    monotonic = {metric["name"]: metric["data"].get("is_monotonic") for metric in metrics}
    holds("calls only grow", monotonic["machineid.calls"] is True)

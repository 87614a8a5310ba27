"""The class with the methods of the vendor's SDK, beside the SDK itself where that is installed."""

import copy
import os
import pathlib
import pickle
import subprocess
import sys

import pytest

import libmachineid
from libmachineid import MachineID

PROGRAM = pathlib.Path(__file__).with_name("vendor_program.py")
IMPORT = "from machineid import MachineID"


@pytest.fixture
def vendor(authority):
    return MachineID.from_env(base_url=authority.url)


def lines(program, authority, **variables):
    """Runs the program, and returns what it prints."""
    environment = {**os.environ, **authority.environment, **variables}
    done = subprocess.run([sys.executable, program], env=environment, stdout=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 0
    return done.stdout.splitlines()


@pytest.fixture
def ours(tmp_path):
    """The program, with one line changed."""
    text = PROGRAM.read_text()
    assert text.count(IMPORT) == 1
    changed = tmp_path / "changed.py"
    changed.write_text(text.replace(IMPORT, IMPORT.replace("machineid", "libmachineid", 1)))
    return changed


def test_a_program_for_the_sdk_runs_after_one_change(authority, ours):
    found = lines(ours, authority)
    assert "work: done" in found and found[-1] == "ended: DEVICE_REVOKED", found


def test_it_prints_what_it_prints_with_the_sdk(authority, ours):
    pytest.importorskip("machineid", reason="the vendor's SDK, machineid-io, is not installed")
    theirs = lines(PROGRAM, authority)
    authority.reset()
    authority.register("agent")
    assert lines(ours, authority) == theirs


def test_replies(authority, vendor):
    assert vendor.register("new")["status"] == "ok"
    assert vendor.validate("new")["allowed"] is True
    assert vendor.validate(" new ")["allowed"] is True
    assert vendor.revoke("new") and vendor.validate("new")["code"] == "DEVICE_REVOKED"
    assert vendor.unrevoke("new") and vendor.restore("new")
    assert {device["deviceId"] for device in vendor.list_devices()["devices"]} == {"agent", "new"}
    assert vendor.usage()["planTier"] == "pro"
    assert vendor.remove("new")["status"] == "ok"
    assert vendor.remove("new")["status"] == "error"


def test_a_bare_condition_is_the_decision(vendor):
    assert vendor.validate("agent")
    done = []
    if vendor.validate("never"):
        done.append("if")
    if vendor.remove("never"):
        done.append("remove")
    assert done == []


def test_arguments(authority, vendor):
    for key in (None, "", " ", 7):
        with pytest.raises(ValueError, match="org_key is required"):
            MachineID(key)
    for device_id in (None, "", "\t", 7):
        for call in (vendor.validate, vendor.register, vendor.revoke, vendor.remove):
            with pytest.raises(ValueError, match="device_id is required"):
                call(device_id)
    with pytest.raises(RuntimeError, match="Missing NO_SUCH_VARIABLE"):
        MachineID.from_env("NO_SUCH_VARIABLE")


def test_what_it_is_made_of(authority):
    made = MachineID(f" {authority.org_key}\n", f"{authority.url}/", 2.5)
    assert (made.org_key, made.base_url, made.timeout) == (authority.org_key, authority.url, 2.5)
    assert authority.org_key not in repr(made)
    for again in (copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert again.validate("agent") and again.timeout == 2.5
    assert MachineID(authority.org_key, authority.url, timeout=None).validate("agent")


@pytest.mark.parametrize("fault", ["gone", "hanging"])
def test_its_errors_are_those_of_requests(authority, fault):
    requests = pytest.importorskip("requests", reason="requests is not installed")
    made = MachineID(authority.org_key, authority.url, timeout=0.1 if fault == "hanging" else 30)
    if fault == "gone":
        authority.stop()
    else:
        authority.pause()
    for call in (made.validate, made.register):
        with pytest.raises(requests.RequestException) as caught:
            call("agent")
        assert isinstance(caught.value, libmachineid.NoAnswerError)
        assert isinstance(caught.value, requests.Timeout if fault == "hanging" else requests.ConnectionError)
        assert caught.value.response is None and authority.org_key not in repr(caught.value)


def test_without_requests_its_errors_are_this_package_s(authority, monkeypatch):
    monkeypatch.delitem(sys.modules, "requests.exceptions", raising=False)
    made = MachineID(authority.org_key, authority.url, timeout=30)
    authority.stop()
    with pytest.raises(OSError) as caught:
        made.validate("agent")
    assert type(caught.value) is libmachineid.ConnectFailedError


def test_an_outage_is_a_runtime_error(authority):
    made = MachineID(authority.org_key, authority.url, timeout=30)
    authority.outage(503)
    for call in (made.validate, made.register):
        with pytest.raises(RuntimeError, match="HTTP 503") as caught:
            call("agent")
        assert isinstance(caught.value, libmachineid.UnavailableError)


def test_a_wrong_key_is_a_reply(authority):
    reply = MachineID("org_other", authority.url).validate("agent")
    assert not reply and reply["status"] == "error"

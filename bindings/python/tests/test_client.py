"""The client that blocks: decisions, errors, and what cannot be given to it."""

import copy
import os
import pickle
import threading

import pytest

import libmachineid
from libmachineid import Client, Decision, Decisions

SECRET = "org_marker"


def test_a_decision_is_true_when_the_device_is_allowed(authority, client):
    decision = client.validate("agent")
    assert decision and decision.allowed and decision.error is None
    assert (decision.status, decision.code) == ("MID_OK", "ALLOW")
    authority.revoke("agent")
    decision = client.validate("agent")
    assert not decision
    assert (decision.status, decision.code) == ("MID_OK", "DEVICE_REVOKED")
    assert decision.request_id in str(decision)
    assert isinstance(decision.error, libmachineid.DeniedError)


def test_require_raises_with_the_code_and_the_request_id(client):
    assert client.require("agent").code == "ALLOW"
    with pytest.raises(libmachineid.DeniedError, match="DEVICE_NOT_REGISTERED") as caught:
        client.require("never")
    assert len(caught.value.request_id) == 36 and caught.value.request_id in str(caught.value)
    assert caught.value.http_status is None


def test_many_devices(authority, client):
    authority.register("other")
    decisions = client.validate_many(iter(["agent", "never", "", "other"]))
    assert isinstance(decisions, Decisions) and len(decisions) == 4
    assert [bool(decision) for decision in decisions] == [True, False, False, True]
    assert [decision.status for decision in decisions] == ["MID_OK", "MID_OK", "MID_INVALID_ARGUMENT", "MID_OK"]
    assert (decisions.allowed, decisions.denied) == (["agent", "other"], ["never", ""])
    assert not decisions and decisions[0] and decisions[::3]
    assert client.validate_many(["agent", "other"])
    assert not client.validate_many([])


def test_many_devices_of_a_cancelled_client(client):
    client.cancel()
    decisions = client.validate_many(["agent", "agent"])
    assert [decision.status for decision in decisions] == ["MID_CANCELLED"] * 2
    assert not decisions and isinstance(decisions[0].error, libmachineid.CallCancelledError)


def test_a_thousand_devices_get_their_own_answers(client):
    ids = [f"device-{n}" if n % 100 else "agent" for n in range(1000)]
    decisions = client.validate_many(ids)
    assert [decision.device_id for decision in decisions if decision] == ["agent"] * 10
    assert decisions.allowed == ["agent"] * 10


def test_the_operations_of_an_operator(client):
    assert client.register("new")["status"] == "ok"
    assert client.register("new")["status"] == "exists"
    client.revoke("new")
    assert not client.validate("new")
    client.unrevoke("new")
    assert client.validate("new")
    client.revoke("new")
    client.restore("new")
    assert client.validate("new")
    assert len(client.list_devices()["devices"]) == 2
    assert client.usage()["planTier"] == "pro"
    client.remove("new")
    with pytest.raises(libmachineid.RefusedError, match="device_not_found") as caught:
        client.remove("new")
    assert caught.value.status == "MID_REFUSED" and len(caught.value.request_id) == 36


def test_an_outage_is_no_decision(authority, client):
    authority.outage(503)
    decision = client.validate("agent")
    assert not decision and decision.status == "MID_UNAVAILABLE"
    with pytest.raises(libmachineid.UnavailableError) as caught:
        client.require("agent")
    assert caught.value.http_status == 503 and isinstance(caught.value, libmachineid.NoAnswerError)
    authority.recover()
    assert client.validate("agent")


def test_no_authority(authority, client):
    authority.stop()
    with pytest.raises(ConnectionError) as caught:
        client.require("agent")
    assert isinstance(caught.value, libmachineid.ConnectFailedError)


def test_an_authority_that_hangs(authority):
    with authority.client(timeout_ms=50) as client:
        authority.pause()
        with pytest.raises(TimeoutError) as caught:
            client.require("agent")
        assert isinstance(caught.value, libmachineid.TimedOutError)


def test_a_wrong_key(authority):
    with Client("org_other", base_url=authority.url) as client:
        decision = client.validate("agent")
        assert not decision and decision.status == "MID_REFUSED"
        assert isinstance(decision.error, libmachineid.RefusedError)


@pytest.mark.parametrize("device_id, kind", [(None, TypeError), (7, TypeError), (b"agent", TypeError)])
def test_no_text(client, device_id, kind):
    for call in (client.validate, client.register, client.guard, client.require):
        with pytest.raises(kind, match="device_id must be a str, not "):
            call(device_id)
    with pytest.raises(kind, match=r"device_ids\[1\] must be a str, not "):
        client.validate_many(["agent", device_id])


@pytest.mark.parametrize("device_id, what", [("agent\0x", "NUL"), ("agent\ud800", "lone surrogates")])
def test_texts_that_would_be_another_device(client, device_id, what):
    for call in (client.validate, client.revoke, client.guard):
        with pytest.raises(ValueError, match=f"device_id must be a str without {what}"):
            call(device_id)


@pytest.mark.parametrize("one", ["agent", b"agent"])
def test_many_devices_are_not_the_letters_of_one(client, one):
    with pytest.raises(TypeError, match="device_ids must be a list of str"):
        client.validate_many(one)


def test_options(authority):
    for options, named in (({"timeout": 1}, "timeout"), ({"timeout_ms": 0}, "timeout_ms"), ({"proxy": "x:"}, "proxy")):
        with pytest.raises(ValueError, match=named) as caught:
            authority.client(**options)
        assert isinstance(caught.value, libmachineid.InvalidOptionsError)
    for value in (True, 1.5, b"x", ["x"]):
        with pytest.raises(TypeError, match="timeout_ms must be a str or an int, not "):
            authority.client(timeout_ms=value)
    with pytest.raises(ValueError, match="ca_file must be a str without"):
        authority.client(ca_file="/\udcff")


def test_from_env(authority, monkeypatch):
    with Client.from_env() as client:
        assert client.validate("agent")
    monkeypatch.delenv("MACHINEID_ORG_KEY")
    with pytest.raises(libmachineid.NoOrgKeyError, match="MACHINEID_ORG_KEY"):
        Client.from_env()
    monkeypatch.setenv("OTHER_KEY", authority.org_key)
    with Client.from_env(env_var="OTHER_KEY") as client:
        assert client.validate("agent")


def test_the_key_is_in_no_text():
    texts = [repr(Client(SECRET)), str(vars(Client(SECRET)))]
    for key in (f"{SECRET}\0", f"{SECRET}\ud800", f"{SECRET}\n\x7f", SECRET.encode(), [SECRET]):
        with pytest.raises((TypeError, ValueError)) as caught:
            Client(key)
        texts += [str(caught.value), repr(caught.value)]
        if isinstance(caught.value, UnicodeError):
            texts.append(str(caught.value.object))
    assert not [text for text in texts if "marker" in text]


def test_a_closed_client(authority, client):
    client.close()
    client.close()
    client.cancel()
    for call in (client.validate, client.register, client.guard, lambda device: client.validate_many([device])):
        with pytest.raises(ValueError, match="the client is closed; make a new one") as caught:
            call("agent")
        assert isinstance(caught.value, libmachineid.InvalidArgumentError)
    assert "closed" in repr(client)


def test_a_client_that_is_closed_during_its_calls(authority):
    for _ in range(20):
        client = authority.client()
        found, started = [], threading.Barrier(5)

        def ask():
            started.wait()
            try:
                for _ in range(1000):
                    found.append(client.validate("agent").status)
            except libmachineid.InvalidArgumentError:
                found.append("closed")

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        started.wait()
        client.close()
        for thread in threads:
            thread.join()
        assert set(found) <= {"MID_OK", "MID_CANCELLED", "closed"} and "closed" in found


def test_a_client_that_is_closed_at_the_last_moment(authority):
    class Closing(str):
        def encode(self, *arguments):
            client.close()
            return super().encode(*arguments)

    client = authority.client()
    assert client.validate(Closing("agent")).status == "MID_CANCELLED"


def test_cancel_from_another_thread(authority):
    with authority.client(timeout_ms=600_000) as client:
        authority.pause()
        found = []
        thread = threading.Thread(target=lambda: found.append(client.validate("agent")))
        thread.start()
        client.cancel()
        thread.join(30)
        assert [decision.status for decision in found] == ["MID_CANCELLED"]


def test_a_client_is_not_copied(client):
    for copied in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="cannot be pickled or copied"):
            copied(client)


def test_errors_and_decisions_survive_pickling(client):
    decision = client.validate("never")
    again = pickle.loads(pickle.dumps(decision))
    assert again == decision and not again and again.request_id == decision.request_id
    error = pickle.loads(pickle.dumps(decision.error))
    assert (type(error), str(error)) == (libmachineid.DeniedError, str(decision.error))


def test_every_status_has_its_error(client):
    from libmachineid._errors import error_of

    for status in (0, 1, 100, 101, 102, 200, 201, 202, 203, 204, 205, 300, 400, 401, 402):
        name = libmachineid._texts.status_name(status)
        error = error_of(name, {"code": "X", "message": "HTTP 599: y", "request_id": "r"})
        assert type(error) is not libmachineid.Error and isinstance(error, libmachineid.Error)
        assert error.status == name and "(request id r)" in str(error)
    unknown = error_of(libmachineid._texts.status_name(299), {})
    assert type(unknown) is libmachineid.NoAnswerError and "299" in str(unknown)


@pytest.mark.parametrize("reply", ['{"allowed":true,"n":%s}' % ("9" * 5000), '{"allowed":true,"n":[1e999,-0]}'])
def test_a_reply_with_odd_numbers_is_read(reply):
    assert libmachineid._texts.parsed(reply.encode())["allowed"] is True


def test_a_decision_does_not_depend_on_what_python_can_read():
    assert Decision("agent", True, "MID_OK", {})
    assert not Decision("agent", False, "MID_TIMEOUT", {"allowed": True})


def test_stats(client):
    if libmachineid._native.HAS_STATS:
        client.validate("agent")
        assert client.stats()
    else:
        with pytest.raises(AttributeError, match="has no mid_client_stats"):
            client.stats()


def test_versions():
    assert libmachineid.version() == libmachineid.build_info()["version"] == libmachineid.__version__
    if libmachineid._native.INSIDE.exists():
        assert libmachineid.build_info()["libcurl"]["where"] == "inside"
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        libmachineid.nothing


def memory_kib():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


@pytest.mark.long
def test_memory_after_ten_thousand_calls(client):
    def ask(count):
        for n in range(count):
            client.validate("agent" if n % 2 else "never")
            if n % 100 == 0:
                client.validate_many(["agent", "never"])
                client.guard("agent").stop()

    ask(1000)
    before = memory_kib()
    ask(9000)
    after = memory_kib()
    print(f"resident: {before} KiB after 1,000 calls, {after} KiB after 10,000")
    assert after <= before + 512

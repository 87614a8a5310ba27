"""What a proxy can see: of an https authority only its name. The authority sees nothing of the proxy's."""

import re

import pytest
from checks import equal, expect, holds
from late_replies import BODY, EXTRA, HEAD, Talker
from probe import ORG_KEY, Probe, attempt
from recorder import Recorder, Socks
from servers import DENY, Server, serve

SECRETS = {"the org key": ORG_KEY.encode(), "the device": b"agent-4711", "the path": b"/api/v1"}


@pytest.fixture
def context(world):
    return world.certificate.context()


@pytest.fixture
def proxy_context(world):
    """The proxy has a key of its own, so that a pin of the authority's key does not match the proxy's."""
    return world.authority.issue("proxy").context()


def test_what_a_proxy_sees(world, context, proxy_context):
    for kind, make in {
        "an http proxy": Recorder,
        "an https proxy": lambda: Recorder(proxy_context),
        "a SOCKS proxy": Socks,
    }.items():
        with make() as proxy, Server(serve, context) as server:
            trusted = {"base_url": server.url, "ca_file": world.ca_file, "proxy": proxy.url}
            with Probe(trusted, pinned_public_key=world.certificate.pin) as probe:
                results = [probe.validate("agent-4711"), probe.call("usage"), probe.call("register", "agent-4711")]
                denied = probe.validate("denied")
            expect(f"{kind}: it works", results, "MID_OK", 1)
            expect(f"{kind}: a denial", denied, "MID_OK", 0)
            equal(f"{kind}: it sees the target of the tunnel", {f"127.0.0.1:{server.port}"}, set(proxy.targets))
            for name, secret in SECRETS.items():
                holds(f"{kind}: it does not see {name}", secret not in proxy.received)
                holds(f"{kind}: the authority sees {name}", secret in server.received)


def test_plain_http(world):
    """For http on this machine, only a tunnel keeps the key out of the request to the proxy, and so out of its log."""
    with Recorder() as proxy:
        result = attempt(base_url=world.emulator_url, proxy=proxy.url)
        expect("http on this machine: it works", result, "MID_OK", 1)
        holds("http on this machine: the key is in no request to the proxy", ORG_KEY.encode() not in proxy.heads)


def test_password(world, context):
    for scheme in ("http", "https"):
        with Recorder(context if scheme == "https" else None) as proxy, Server(serve, context) as server:
            url = f"{scheme}://worker:sesame@127.0.0.1:{proxy.port}"
            result = attempt(base_url=server.url, ca_file=world.ca_file, proxy=url)
            expect(f"a password for an {scheme} proxy: it works", result, "MID_OK", 1)
            holds(f"a password for an {scheme} proxy: it is sent", b"proxy-authorization: basic" in proxy.heads.lower())
            seen = b"proxy-authorization" in server.received.lower()
            holds(f"a password for an {scheme} proxy: the authority does not see it", not seen)


def test_user_agent(world, context):
    """The proxy and the authority see the same user agent, once in each request."""
    usual, own = rb"libmachineid/\d+\.\d+\.\d+", rb"agent/1 \(a: b\)"
    for options, agent in ({}, usual), ({"user_agent": "agent/1 (a: b)"}, own):
        with Recorder() as proxy, Server(serve, context) as server:
            with Probe(options, base_url=server.url, ca_file=world.ca_file, proxy=proxy.url) as probe:
                results = [probe.validate(), probe.call("usage")]
            expect(f"a user agent, with {options}: it works", results, "MID_OK", 1)
            for who, received, requests in ("the proxy", proxy.heads, 1), ("the authority", server.received, 2):
                lines = re.findall(rb"(?im)^user-agent:.*\r$", received)
                right = [line for line in lines if re.fullmatch(rb"User-Agent: " + agent + rb"\r", line)]
                what = f"a user agent, with {options}: {who} sees it with each request, once"
                holds(what, len(lines) == len(right) == requests, received)


def test_untrusted_proxy(world, context):
    """The certificate of an https proxy is checked as the authority's is."""
    contexts = {
        "of an unknown authority": (world.foreign_certificate.context(), "issuer"),
        "of another host": (world.authority.issue("other", ["proxy.example"]).context(), "not for this host name"),
        "that has expired": (world.authority.issue("old", begins=-9, ends=-1).context(), "expired"),
    }
    for what, (proxy_context, message) in contexts.items():
        with Recorder(proxy_context) as proxy, Server(serve, context) as server:
            for base_url in (server.url, world.emulator_url):
                result = attempt(base_url=base_url, ca_file=world.ca_file, proxy=proxy.url)
                expect(f"an https proxy with a certificate {what}", result, "MID_TLS_FAILED", message=message)
            equal(f"an https proxy with a certificate {what}: nothing is sent", b"", proxy.received)


def test_late_replies(world, context, proxy_context):
    """As in Tests/wire/tls/test_late_replies.py, but here the late reply is inside the TLS connection to the proxy."""
    cases = {"in a record of its own": [HEAD + BODY, EXTRA], "with the body": [HEAD, BODY + EXTRA]}
    for name, records in cases.items():
        for kind, outer in {"http": None, "https": proxy_context}.items():
            what = f"late reply through an {kind} proxy, {name}"
            with Recorder(outer, gathers=0.1) as proxy, Server(Talker(records), context) as server:
                with Probe(base_url=server.url, ca_file=world.ca_file, proxy=proxy.url) as probe:
                    expect(f"{what}: the first call is answered", probe.validate(), "MID_OK", 1)
                    second = probe.validate("denied")
                    if expect(f"{what}: the second has its own answer", second, "MID_OK", 0):
                        equal(f"{what}: byte for byte", DENY.decode(), second.text)

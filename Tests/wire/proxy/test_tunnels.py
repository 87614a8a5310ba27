"""Calls through a real proxy, tinyproxy: what works, and how failures are reported."""

import pytest
from checks import equal, expect, holds
from daemons import free_port
from probe import Probe, attempt
from tinyproxy import Tinyproxy

OPERATIONS = ("register", "validate", "list_devices", "usage", "revoke", "unrevoke", "restore", "remove")
# The name is longer than DNS allows, so no machine finds it, and the network is not asked.
UNKNOWN_HOST = "a" * 64 + ".invalid"


@pytest.fixture
def proxy(world, tmp_path):
    with Tinyproxy(tmp_path, "open") as proxy:
        yield proxy


@pytest.fixture
def locked_proxy(world, tmp_path):
    with Tinyproxy(tmp_path, "locked", "BasicAuth worker sesame-4711") as proxy:
        yield proxy


def test_closed(world, tmp_path):
    with Tinyproxy(tmp_path, "closed", "ConnectPort 0") as proxy:
        result = attempt(trusted(world), proxy=proxy.url)
        expect("a proxy that refuses to tunnel", result, "MID_CONNECT_FAILED", message="proxy.*HTTP 403")


def trusted(world, site="valid"):
    return {"base_url": world.nginx.url(site), "ca_file": world.ca_file}


def test_works(world, proxy):
    target = f"localhost:{world.nginx.port('valid')}"
    with Probe(trusted(world), proxy=proxy.url) as probe:
        results = [probe.call(operation, "by-proxy") for operation in OPERATIONS] + [probe.validate()]
        expect("https through a proxy: every operation", results, "MID_OK", 1)
        expect("https through a proxy: a denial", probe.validate("unknown"), "MID_OK", 0)
    equal("https through a proxy: one tunnel for all", [target], proxy.tunnels(1))
    before = len(proxy.tunnels())

    spellings = [f"127.0.0.1:{proxy.port}", f"http://localhost:{proxy.port}/", f"HTTP://127.0.0.1:{proxy.port}"]
    results = [attempt(trusted(world), proxy=spelling) for spelling in spellings]
    expect("a proxy under its other names", results, "MID_OK", 1)
    equal("a proxy under its other names: it was used", [target] * 3, proxy.tunnels(before + 3)[before:])
    before += 3

    with Probe(base_url=world.emulator_url, proxy=proxy.url) as probe:
        results = [probe.validate() for _ in range(3)]
    expect("http on this machine through a proxy on this machine", results, "MID_OK", 1)
    target = world.emulator_url.removeprefix("http://")
    equal("http on this machine: also through a tunnel", [target], proxy.tunnels(before + 1)[before:])


def test_fails(world, proxy):
    result = attempt(trusted(world, "unknown authority"), proxy=proxy.url)
    expect("a certificate is checked through a proxy too", result, "MID_TLS_FAILED", message="issuer")
    result = attempt(base_url=f"https://127.0.0.1:{free_port()}", proxy=proxy.url)
    expect("no authority behind the proxy", result, "MID_CONNECT_FAILED", message="proxy.*HTTP 50")
    result = attempt(base_url=f"https://{UNKNOWN_HOST}", proxy=proxy.url)
    expect("an unknown authority behind the proxy", result, "MID_CONNECT_FAILED", message="proxy.*HTTP 50")

    for elsewhere in ("http://proxy.example:3128", "http://192.0.2.1:3128", "socks5h://proxy.example", "10.0.0.1"):
        result = attempt(base_url=world.emulator_url, proxy=elsewhere)
        what = f"http on this machine accepts no proxy on another machine: {elsewhere}"
        expect(what, result, "MID_INVALID_OPTIONS", message="^proxy .*another machine")
    for wrong in ("ftp://127.0.0.1:1", "http://", "http://127.0.0.1:99999", "http://a b/"):
        result = attempt(trusted(world), proxy=wrong)
        expect(f"not a proxy: {wrong}", result, "MID_INVALID_OPTIONS", message="^proxy ")


def test_password(world, locked_proxy):
    proxy = locked_proxy
    seen = []
    for what, user in (("none", ""), ("a wrong one", "worker:guess-0815@"), ("another user's", "boss:sesame%2D4711@")):
        # Older versions of tinyproxy answer a wrong password with 401, newer ones with 407.
        asked = f"proxy.*HTTP {'40[17]' if user else '407'}"
        result = attempt(trusted(world), proxy=f"http://{user}127.0.0.1:{proxy.port}", max_retries=2)
        expect(f"a proxy that asks for a password: {what}", result, "MID_CONNECT_FAILED", message=asked)
        seen.append(result.text)
    for base_url in (world.nginx.url("valid"), world.emulator_url):
        url = f"http://worker:sesame%2D4711@127.0.0.1:{proxy.port}"
        with Probe(trusted(world), base_url=base_url, proxy=url) as probe:
            results = [probe.validate() for _ in range(3)]
        expect(f"a proxy that asks for a password: the right one, to {base_url[:5]}", results, "MID_OK", 1)
    gone = attempt(trusted(world), proxy=f"http://worker:sesame-4711@127.0.0.1:{free_port()}")
    bad = attempt(trusted(world), proxy=f"ftp://worker:sesame-4711@127.0.0.1:{proxy.port}")
    expect("a password that is not asked for: the proxy is gone", gone, "MID_CONNECT_FAILED")
    expect("a password that is not asked for: the proxy is of an unknown kind", bad, "MID_INVALID_OPTIONS")
    seen += [gone.text, bad.text]
    holds("a proxy's password is in no message", not any(s in t for s in ("sesame", "guess") for t in seen), seen)


def test_unreachable_proxy(world):
    """The authority would answer, but only the proxy may be used."""
    before = len(world.nginx.requests("valid"))
    gone = f"http://127.0.0.1:{free_port()}"
    for retries in (0, 2):
        result = attempt(trusted(world), proxy=gone, max_retries=retries)
        expect(f"a proxy that is down, {retries} retries", result, "MID_CONNECT_FAILED", message="to the proxy")
        result = attempt(trusted(world), proxy=f"http://{UNKNOWN_HOST}:3128", max_retries=retries)
        expect(f"a proxy that is not found, {retries} retries", result, "MID_RESOLVE_FAILED", message=UNKNOWN_HOST)
    result = attempt(base_url=world.emulator_url, proxy=gone)
    expect("a proxy that is down, for http", result, "MID_CONNECT_FAILED", message="to the proxy")
    equal("without the proxy nothing is sent", before, len(world.nginx.requests("valid")))

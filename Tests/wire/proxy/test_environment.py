"""Proxies from the environment: which variable counts, and that the variables are read once, when the client is made.
"""

import pytest
from checks import equal, expect
from daemons import free_port
from probe import Probe, attempt
from recorder import Recorder

SECURE = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")


@pytest.fixture
def first():
    with Recorder() as proxy:
        yield proxy


@pytest.fixture
def second():
    with Recorder() as proxy:
        yield proxy


def trusted(world):
    return {"base_url": world.nginx.url("valid"), "ca_file": world.ca_file}


def test_which_counts(world, first, second):
    """In each of `cases` the first proxy is used, and in each of `direct` none; the second is never used."""
    one, two, gone = first.url, second.url, f"http://127.0.0.1:{free_port()}"
    cases = [({name: one}, {}) for name in SECURE]
    # An earlier name in SECURE takes precedence.
    cases += [({name: one, SECURE[n + 1]: two}, {}) for n, name in enumerate(SECURE[:-1])]
    # An empty variable counts as unset.
    cases += [({name: "", SECURE[n + 1]: one}, {}) for n, name in enumerate(SECURE[:-1])]
    cases += [
        ({"HTTPS_PROXY": two}, {"proxy": one}),
        ({"HTTPS_PROXY": "ftp://nonsense"}, {"proxy": one}),
        ({"HTTPS_PROXY": one, "NO_PROXY": "localhost"}, {"no_proxy": ""}),
        ({"HTTPS_PROXY": one, "NO_PROXY": "", "no_proxy": ""}, {}),
        ({"HTTPS_PROXY": one, "no_proxy": "other.example", "NO_PROXY": "localhost"}, {}),
    ]
    for variables, options in cases:
        used = first.connections
        what = f"environment {spelled(variables)} with {spelled(options) or 'no options'}"
        expect(what, attempt(trusted(world), environment=variables, **options), "MID_OK", 1)
        equal(f"{what}: the right proxy", (used + 1, 0), (first.connections, second.connections))

    direct = [
        ({}, {}),
        ({name: "" for name in SECURE}, {}),
        ({"http_proxy": two, "HTTP_PROXY": two, "PROXY": two, "SOCKS_PROXY": two}, {}),
        ({"HTTPS_PROXY": two}, {"proxy": ""}),
        ({"HTTPS_PROXY": two, "NO_PROXY": "localhost"}, {}),
        ({"HTTPS_PROXY": two, "no_proxy": "localhost", "NO_PROXY": "other.example"}, {}),
        # An http authority on this machine uses none of them, and does not even check them.
        ({"http_proxy": two, "HTTP_PROXY": two}, {"base_url": world.emulator_url}),
        ({name: two for name in SECURE}, {"base_url": world.emulator_url}),
        ({name: gone for name in (*SECURE, "http_proxy")}, {"base_url": world.emulator_url}),
        ({"HTTPS_PROXY": "ftp://nonsense"}, {"base_url": world.emulator_url}),
    ]
    used = first.connections
    for variables, options in direct:
        what = f"environment {spelled(variables) or 'empty'} with {spelled(options) or 'no options'}: no proxy"
        expect(what, attempt(trusted(world), environment=variables, **options), "MID_OK", 1)
    equal("environment: no proxy was used", (used, 0), (first.connections, second.connections))


def test_wrong(world):
    for name in SECURE:
        for value in ("ftp://127.0.0.1:1", "http://127.0.0.1:99999", "http://"):
            result = attempt(trusted(world), environment={name: value})
            expect(f"environment {name}={value}", result, "MID_INVALID_OPTIONS", message=f"^{name} ")
    # libcurl ignores upper-case HTTP_PROXY, because CGI sets it from a client's header; it must have no effect by
    # another route.
    result = attempt(trusted(world), environment={"HTTP_PROXY": "ftp://127.0.0.1:1"})
    expect("environment HTTP_PROXY is ignored", result, "MID_OK", 1)


def test_trimmed(world, first):
    """White space around a value, as it comes from files with secrets or variables."""
    for name in SECURE:
        used = first.connections
        result = attempt(trusted(world), environment={name: f" \t{first.url}\r\n"})
        expect(f"environment {name} with white space around it", result, "MID_OK", 1)
        equal(f"environment {name} with white space around it: used", used + 1, first.connections)
        result = attempt(trusted(world), environment={name: " \n"})
        expect(f"environment {name} that is only white space: no proxy", result, "MID_OK", 1)
        result = attempt(trusted(world), environment={name: "http://m\u00fcnchen.test:3128\n"})
        message = f"^{name} has a host name that is not ASCII; write xn--"
        expect(f"environment {name} with a host name that is not ASCII", result, "MID_INVALID_OPTIONS", message=message)
    used = first.connections
    for text in ("localhost\n", " * \r\n", "\tother.example, localhost\n"):
        for name in ("no_proxy", "NO_PROXY"):
            result = attempt(trusted(world), environment={"HTTPS_PROXY": first.url, name: text})
            expect(f"environment {name}={text!r}", result, "MID_OK", 1)
        result = attempt(trusted(world), proxy=f"{first.url}\n", no_proxy=text)
        expect(f"no_proxy {text!r}", result, "MID_OK", 1)
    equal("no_proxy with white space around it: no proxy was used", used, first.connections)
    result = attempt(trusted(world), proxy=f" {first.url}\n")
    expect("proxy with white space around it", result, "MID_OK", 1)
    equal("proxy with white space around it: used", used + 1, first.connections)


@pytest.mark.parametrize("name", SECURE)
def test_read_once(world, name):
    """Each call uses a new connection, so that a later value of the variable would take effect."""
    with Recorder() as first, Recorder() as second:
        options = {**trusted(world), "base_url": world.nginx.url("one request, TLS 1.3")}
        with Probe(options, environment={name: first.url}) as probe:
            results = [probe.validate()]
            for variable in ("https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy", "http_proxy"):
                probe.setenv(variable, second.url)
            results.append(probe.validate())
            probe.setenv("NO_PROXY", "*")
            probe.setenv("no_proxy", "*")
            results.append(probe.validate())
            for variable in (*SECURE, "http_proxy"):
                probe.setenv(variable, None)
            results.append(probe.validate())
        expect(f"{name} is read once", results, "MID_OK", 1)
        equal(f"{name} is read once: its proxy is still used", (4, 0), (first.connections, second.connections))


def test_bypass_read_once(world):
    options = {**trusted(world), "base_url": world.nginx.url("one request, TLS 1.3")}
    with Recorder() as proxy:
        with Probe(options, environment={"HTTPS_PROXY": proxy.url, "NO_PROXY": "localhost"}) as probe:
            results = [probe.validate()]
            probe.setenv("NO_PROXY", None)
            results.append(probe.validate())
        with Probe(options) as probe:
            probe.setenv("HTTPS_PROXY", proxy.url)
            results.append(probe.validate())
        expect("NO_PROXY, and the absence of a proxy, is read once", results, "MID_OK", 1)
        equal("NO_PROXY, and the absence of a proxy, is read once: no proxy", 0, proxy.connections)


def spelled(values):
    return " ".join(f"{name}={value or 'nothing'}" for name, value in values.items())

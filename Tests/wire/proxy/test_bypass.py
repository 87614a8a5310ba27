"""no_proxy: which hosts are reached without the proxy."""

from checks import equal, expect
from probe import attempt
from recorder import Recorder

# no_proxy, the authority's host, and whether the proxy is used.
CASES = [
    ("", "localhost", True),
    ("localhost", "localhost", False),
    ("LOCALHOST", "localhost", False),
    ("other.example,localhost", "localhost", False),
    (" other.example , localhost ", "localhost", False),
    ("*", "localhost", False),
    ("local", "localhost", True),
    ("host", "localhost", True),
    (".localhost", "localhost", False),
    ("localhost.example", "localhost", True),
    ("127.0.0.1", "localhost", True),
    ("127.0.0.1", "127.0.0.1", False),
    ("127.0.0.0/8", "127.0.0.1", False),
    ("10.0.0.0/8", "127.0.0.1", True),
    ("127.0.0.2", "127.0.0.1", True),
    # Patterns that look as if they might work, but do not.
    ("localhost:{port}", "localhost", True),
    ("https://localhost", "localhost", True),
    ("*.localhost", "localhost", True),
    ("*,other.example", "localhost", True),
    ("127.0.0.1:{port}", "127.0.0.1", True),
    ("127.*", "127.0.0.1", True),
    ("127.0.0.0/255.0.0.0", "127.0.0.1", True),
]


def test_no_proxy(world):
    port = world.nginx.port("valid")
    for pattern, host, is_used in CASES:
        bypass = pattern.format(port=port)
        for how in ("option", "environment"):
            with Recorder() as proxy:
                options = {"base_url": world.nginx.url("valid", host), "ca_file": world.ca_file, "proxy": proxy.url}
                variables = {"NO_PROXY": bypass} if how == "environment" else {}
                if how == "option":
                    options["no_proxy"] = bypass
                what = f'no_proxy "{bypass}" ({how}), to {host}'
                expect(what, attempt(options, environment=variables), "MID_OK", 1)
                route = "through the proxy" if is_used else "not through the proxy"
                equal(f"{what}: {route}", int(is_used), proxy.connections)

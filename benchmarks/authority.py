"""The authority of the benchmarks: nginx with a canned reply, nearby or behind a relay."""

import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "Tests/support"))

from certificates import Issuer  # noqa: E402
from daemons import Daemon, free_port  # noqa: E402
from nginx import Nginx  # noqa: E402

REPLY = (
    '{"allowed":true,"code":"ALLOW","request_id":"11111111-2222-4333-8444-555555555555","status":"ok","reason":"allow",'
    '"handler":"devices/validate","deviceId":"agent-01","planTier":"free","planState":"active","accessUntil":null,'
    '"limit":3,"devicesUsed":1,"remaining":2,"overLimit":false,"softGraceWindow":false}'
)


class Server:
    """nginx with a canned reply, on http and https, and on a separate site for HTTP/2 beside HTTP/1.1."""

    def __init__(self, folder):
        self.folder = folder
        authority = Issuer(folder, "authority")
        # All clients also read the system's authorities, as they would for the vendor's service.
        system = subprocess.run(["curl-config", "--ca"], capture_output=True, text=True, check=True).stdout.strip()
        authorities = folder / "authorities.pem"
        authorities.write_bytes(pathlib.Path(system).read_bytes() + authority.path.read_bytes())
        self.ca = str(authorities)
        # No request reaches an emulator, so there is none.
        self.nginx = Nginx(folder, "http://127.0.0.1:1", is_root=os.geteuid() == 0)
        forever = "access_log off; keepalive_requests 1000000000; keepalive_timeout 600s;"
        self.nginx.site("http", None, forever, answer=REPLY)
        pair = authority.issue("server")
        self.nginx.site("https", pair, forever, answer=REPLY)
        self.nginx.site("http2", pair, forever, " http2", answer=REPLY)
        self.nginx.start()

    def environment(self, scheme, port=None):
        """Returns the environment for the clients, through the relay on `port` if there is one."""
        kept = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
        if scheme == "http":
            return kept | {"MACHINEID_BASE_URL": f"http://127.0.0.1:{self.nginx.port('http')}"}
        url = f"https://localhost:{port or self.nginx.port(scheme)}"
        return kept | {"MACHINEID_BASE_URL": url, "CA_FILE": self.ca, "REQUESTS_CA_BUNDLE": self.ca}


class Relay:
    """The way to a port, with a delay of `one_way` milliseconds in each direction. Of 1000 requests, `silent` are lost.
    """

    def __init__(self, server, program, target, one_way, silent=0, seed=1):
        self.port = free_port()
        self._output = server.folder / f"relay-{self.port}.out"
        command = [program, self.port, target, one_way * 1000, silent, seed]
        self._daemon = Daemon([str(word) for word in command], [self.port], self._output)

    def stop(self):
        """Returns the number of connections, of requests, and of connections that went silent."""
        self._daemon.stop()
        return [int(number) for number in self._output.read_text().split()]

"""Runs nginx with TLS in front of an emulator, until SIGTERM or SIGINT.

    tls_front.py EMULATOR_URL FOLDER

Prints "URL CHURNING_URL CA_FILE" once it listens. The first site keeps its connections; the second ends each after
three requests, so that handshakes are frequent.
"""

import os
import pathlib
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "tls"))

from certificates import HERE, Issuer  # noqa: E402
from nginx import Nginx  # noqa: E402


def main():
    emulator, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    authority = Issuer(folder, "authority")
    certificate = authority.issue("server", [*HERE, "authority.example"])
    nginx = Nginx(folder, emulator, is_root=os.geteuid() == 0)
    nginx.site("steady", certificate, "keepalive_requests 100000000;")
    nginx.site("churning", certificate, "keepalive_requests 3;")
    nginx.start()
    print(nginx.url("steady"), nginx.url("churning"), authority.path, flush=True)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    nginx.stop()


main()

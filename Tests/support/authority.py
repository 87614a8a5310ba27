"""The authority that most test programs use: an emulator, and nginx with TLS in front of it."""

import json
import os

from certificates import HERE, Issuer
from emulator import Emulator
from nginx import Nginx

ORG_KEY = "org_tests_of_the_ends"


class Authority:
    """nginx has two sites with TLS: one keeps its connections, and the other, "churning", closes each after three
    requests, so that there are frequent handshakes."""

    def __init__(self, folder, org_key=ORG_KEY):
        self.org_key = org_key
        self.emulator = Emulator(folder / "emulator.log", "--org-key", org_key, "--plan", "max", "--quiet")
        try:
            issuer = Issuer(folder, "authority")
            certificate = issuer.issue("server", [*HERE, "authority.example"])
            self.ca_file = str(issuer.path)
            self._nginx = Nginx(folder, self.emulator.url, is_root=os.geteuid() == 0)
            self._nginx.site("steady", certificate, "keepalive_requests 100000000;")
            self._nginx.site("churning", certificate, "keepalive_requests 3;")
            self._nginx.start()
        except BaseException:
            self.emulator.stop()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._nginx.stop()
        self.emulator.stop()

    def url(self, scheme):
        """The scheme is http, https, churning, or named: the churning site under a name that Tests/support/names.c
        resolves."""
        if scheme == "http":
            return self.emulator.url
        host = "authority.example" if scheme == "named" else "localhost"
        return self._nginx.url("steady" if scheme == "https" else "churning", host)

    def over(self, scheme, **options):
        """Returns variables for a program's environment: the authority, and the options of its clients."""
        if scheme != "http":
            options["ca_file"] = self.ca_file
        found = {"MACHINEID_BASE_URL": self.url(scheme), "MACHINEID_ORG_KEY": self.org_key}
        return found | ({"CLIENT_OPTIONS": json.dumps(options)} if options else {})

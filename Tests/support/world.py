"""What all tests share: authorities, nginx in front of the emulator, and a folder."""

import os
import subprocess

from certificates import Issuer, self_signed
from cryptography.x509.oid import ExtendedKeyUsageOID
from nginx import Nginx
from probe import Probe


class World:
    def __init__(self, folder, emulator_url):
        self.folder = folder
        self.emulator_url = emulator_url
        # The authority that clients trust, unless a test says otherwise.
        self.authority = Issuer(folder, "authority")
        self.ca_file = str(self.authority.path)
        # Another authority, equally valid, that no client trusts.
        self.stranger = Issuer(folder, "stranger")
        self.certificate = self.authority.issue("server")
        self.foreign_certificate = self.stranger.issue("foreign")
        self.nginx = Nginx(folder, emulator_url, is_root=os.geteuid() == 0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.nginx.stop()

    def start(self):
        """Starts nginx with a site for each test, and registers the device "agent"."""
        self._add_sites()
        self.nginx.start()
        with Probe(base_url=self.emulator_url) as probe:
            registered = probe.call("register")
            if registered.status != "MID_OK":
                raise RuntimeError(f"the emulator does not register a device: {registered}")

    def _add_sites(self):
        site, issue = self.nginx.site, self.authority.issue
        site("valid", self.certificate)
        site("http2", self.certificate, listen=" http2")
        site("unknown authority", self.foreign_certificate)
        site("self-signed", self_signed(self.folder, "self-signed"))
        site("expired", issue("expired", begins=-30, ends=-1))
        site("not yet valid", issue("early", begins=1))
        site("another host", issue("another-host", ["authority.example", "192.0.2.1"]))
        # Browsers no longer use the common name; libcurl still does, but only if there are no other names.
        site("localhost in its common name only", issue("localhost", ["authority.example"]))
        site("for clients", issue("for-clients", usage=ExtendedKeyUsageOID.CLIENT_AUTH))

        between = Issuer(self.folder, "between", self.authority)
        site("signed in two steps", between.issue("two-steps"))
        site("signed in two steps, one withheld", between.issue("one-step", with_chain=False))
        # A server's certificate may not sign others.
        impostor = Issuer(self.folder, "impostor", self.authority)
        leaf = self.certificate
        impostor.key, impostor.chain, impostor.certificate = leaf.key, leaf.chain, leaf.certificate
        site("signed by a server", impostor.issue("by-a-server"))

        for name, protocols in {
            "TLS 1.0": "TLSv1",
            "TLS 1.1": "TLSv1.1",
            "TLS 1.2": "TLSv1.2",
            "TLS 1.3": "TLSv1.3",
        }.items():
            # Debian's OpenSSL offers the old versions only at security level 0.
            site(name, self.certificate, f"ssl_protocols {protocols}; ssl_ciphers ALL:@SECLEVEL=0;")
        site("TLS 1.2 without encryption", self.certificate, "ssl_protocols TLSv1.2; ssl_ciphers eNULL:@SECLEVEL=0;")
        for version in ("1.2", "1.3"):
            name = f"client certificate demanded, TLS {version}"
            demand = f"ssl_verify_client on; ssl_client_certificate {self.ca_file}; ssl_protocols TLSv{version};"
            site(name, self.certificate, demand)
            site(f"one request, TLS {version}", self.certificate, f"keepalive_requests 1; ssl_protocols TLSv{version};")
        site("ten requests", self.certificate, "keepalive_requests 10;")
        site("impatient", self.certificate, "keepalive_timeout 20ms;")
        self.files = self.folder / "files"
        (self.files / "api/v1/devices").mkdir(parents=True)
        site("files", self.certificate, f"root {self.files}; location /api/v1/devices/list {{ }}")

    def hashed_folder(self, *issuers):
        """Returns a folder of authorities as OpenSSL looks them up, one for each selection of them."""
        folder = self.folder / "-".join(["hashed", *(issuer.path.stem for issuer in issuers)])
        folder.mkdir(exist_ok=True)
        for issuer in issuers:
            (folder / issuer.path.name).write_bytes(issuer.path.read_bytes())
        subprocess.run(["openssl", "rehash", folder], check=True)
        return folder

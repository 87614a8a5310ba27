"""Versions of TLS: 1.2 and 1.3 are accepted, earlier ones are not. Each site is first tried by a client that accepts
any version.
"""

from checks import equal, expect
from probe import attempt
from servers import handshake

OLD = {"TLS 1.0": "TLSv1", "TLS 1.1": "TLSv1.1"}
NEW = {"TLS 1.2": "TLSv1.2", "TLS 1.3": "TLSv1.3"}

LAX_CONFIGURATION = """\
openssl_conf = default
[default]
ssl_conf = ssl
[ssl]
system_default = lax
[lax]
MinProtocol = TLSv1
CipherString = ALL:@SECLEVEL=0
VerifyMode = None
"""


def test_versions(world):
    trusted = {"ca_file": world.ca_file}
    for site, version in {**OLD, **NEW}.items():
        equal(f"{site}: the server speaks it", version, handshake(world.nginx.port(site)))
        results = [attempt(trusted, base_url=world.nginx.url(site), max_retries=retries) for retries in (0, 2)]
        if site in OLD:
            message = "(?i)protocol version|unsupported protocol"
            expect(f"{site} only: no", results, "MID_TLS_FAILED", message=message)
            equal(f"{site} only: no request was received", 0, len(world.nginx.requests(site)))
        else:
            expect(f"{site} only: yes", results, "MID_OK", 1)
            spoken = [request.tls for request in world.nginx.requests(site, count=2)]
            equal(f"{site} only: it was used", [version] * 2, spoken)

    site = "TLS 1.2 without encryption"
    equal(f"{site}: the server offers that", "TLSv1.2", handshake(world.nginx.port(site)))
    result = attempt(trusted, base_url=world.nginx.url(site))
    expect(f"{site}: no", result, "MID_TLS_FAILED", message="(?i)handshake failure")

    # OpenSSL's own configuration changes nothing here.
    configuration = world.folder / "openssl.cnf"
    configuration.write_text(LAX_CONFIGURATION)
    for site in OLD:
        lax = {"OPENSSL_CONF": str(configuration)}
        result = attempt(trusted, base_url=world.nginx.url(site), environment=lax)
        expect(f"{site} only, with OpenSSL configured to allow it: no", result, "MID_TLS_FAILED")
    result = attempt(base_url=world.nginx.url("valid"), environment=lax)
    expect("an unknown authority, with OpenSSL set not to verify: no", result, "MID_TLS_FAILED", message="issuer")

    attempt(trusted, base_url=world.nginx.url("http2"))
    last = world.nginx.requests("http2", count=1)[-1]
    equal("HTTP/1.1 where HTTP/2 is offered, and the best TLS", ("HTTP/1.1", "TLSv1.3"), (last.http, last.tls))

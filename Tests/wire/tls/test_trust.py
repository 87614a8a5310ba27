"""Which certificates of a trusted authority are accepted, for which host, with which key."""

from checks import equal, expect
from probe import Probe, attempt
from servers import Server, serve

# For each site's certificate, the message for a person; "" if nothing is wrong with it.
CERTIFICATES = {
    "valid": "",
    "http2": "",
    "signed in two steps": "",
    "unknown authority": "unable to get local issuer certificate",
    "self-signed": "self.signed certificate",
    "expired": "certificate has expired",
    "not yet valid": "certificate is not yet valid",
    "another host": "the certificate is not for this host name",
    "localhost in its common name only": "the certificate is not for this host name",
    "for clients": "unsuitable certificate purpose|unsupported certificate purpose",
    "signed in two steps, one withheld": "unable to get local issuer certificate",
    "signed by a server": "invalid CA certificate|unable to get (local )?issuer certificate",
}

def test_certificates(world):
    for site, message in CERTIFICATES.items():
        for host in ("localhost", "127.0.0.1"):
            with Probe(base_url=world.nginx.url(site, host), ca_file=world.ca_file, max_retries=2) as probe:
                results = [probe.validate(), probe.validate()]
                if message:
                    # The calls are about a device that no other test uses, in case one succeeds.
                    operations = ("register", "list_devices", "usage", "revoke")
                    results += [probe.call(name, "untold") for name in operations]
                status = "MID_TLS_FAILED" if message else "MID_OK"
                expect(f"certificate: {site}, as {host}", results, status, not message, message)
    for site, message in CERTIFICATES.items():
        if message:
            equal(f"certificate: {site}: no request was received", 0, len(world.nginx.requests(site)))


def test_pins(world):
    url = world.nginx.url("valid")
    right, wrong = world.certificate.pin, world.foreign_certificate.pin
    trusted = {"base_url": url, "ca_file": world.ca_file}
    expect("pin: the right one", attempt(trusted, pinned_public_key=right), "MID_OK", 1)
    expect("pin: one of two", attempt(trusted, pinned_public_key=f"{wrong};{right}"), "MID_OK", 1)
    message = "(?i)public key.*pin|pin.*public key"
    result = attempt(trusted, pinned_public_key=wrong)
    expect("pin: a wrong one", result, "MID_TLS_FAILED", message=message)
    result = attempt(trusted, pinned_public_key=f"{wrong};{world.authority.pin}")
    expect("pin: two wrong ones, one of them the authority's", result, "MID_TLS_FAILED", message=message)
    foreign = world.nginx.url("unknown authority")
    result = attempt(trusted, base_url=foreign, pinned_public_key=wrong)
    expect("pin: the right one does not replace trust", result, "MID_TLS_FAILED", message="issuer")
    before = len(world.nginx.requests("valid"))
    attempt(trusted, pinned_public_key=wrong)
    expect("pin: none", attempt(trusted), "MID_OK", 1)
    equal("pin: with a wrong one no request is received", 1, len(world.nginx.requests("valid", before, 1)))


def test_changed_key(world):
    """A server that changes its key: kept connections continue, and new ones fail."""
    pin = world.certificate.pin
    with Server(serve, world.certificate.context()) as server:
        with Probe(base_url=server.url, ca_file=world.ca_file, pinned_public_key=pin, max_retries=2) as probe:
            expect("pin: a key before it changes", probe.validate(), "MID_OK", 1)
            server.context = world.authority.issue("successor").context()
            expect("pin: on the connection from before", probe.validate(), "MID_OK", 1)
            server.hang_up()
            expect("pin: no longer right after the change", probe.validate(), "MID_TLS_FAILED", message="(?i)pin")
            server.context = world.certificate.context()
            expect("pin: right again after the change back", probe.validate(), "MID_OK", 1)

"""Certificates, newly made for each run: authorities, and certificates of servers with or without a fault."""

import base64
import datetime
import hashlib
import ipaddress
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

HERE = ("localhost", "127.0.0.1", "::1")


class Certificate:
    """A certificate and its key, in PEM files as servers need them."""

    def __init__(self, folder, name, key, chain):
        self.key = key
        self.chain = chain
        self.certificate = chain[0]
        self.path = folder / f"{name}.pem"
        self.key_path = folder / f"{name}.key"
        self.path.write_bytes(b"".join(c.public_bytes(serialization.Encoding.PEM) for c in chain))
        self.key_path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )

    @property
    def pin(self):
        """The pin, in the form of the option pinned_public_key."""
        public = self.key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return "sha256//" + base64.b64encode(hashlib.sha256(public).digest()).decode()

    def context(self, version=None):
        """Returns a context for Python's TLS servers. `version` is the only version that they then speak."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path, self.key_path)
        if version is not None:
            context.minimum_version = context.maximum_version = version
        return context


class Issuer(Certificate):
    """An authority that signs certificates. A root signs itself."""

    def __init__(self, folder, name, parent=None):
        self._folder = folder
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _sign(name, key, parent, (), is_issuer=True)
        # A root is not sent along, because a client that trusts it has it.
        intermediates = [certificate] + (parent.chain if parent and parent.is_intermediate else [])
        self.is_intermediate = parent is not None
        super().__init__(folder, name, key, intermediates)

    def issue(self, name, names=HERE, *, with_chain=True, **more):
        key = ec.generate_private_key(ec.SECP256R1())
        chain = [_sign(name, key, self, names, **more)]
        if with_chain and self.is_intermediate:
            chain += self.chain
        return Certificate(self._folder, name, key, chain)


def self_signed(folder, name):
    key = ec.generate_private_key(ec.SECP256R1())
    return Certificate(folder, name, key, [_sign(name, key, None, HERE)])


def _sign(
    name, key, issuer, names, *, begins=-1, ends=30, is_issuer=False, usage=ExtendedKeyUsageOID.SERVER_AUTH
):
    """Returns a certificate that is valid from the day `begins` to the day `ends`, counted from today."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    today = datetime.datetime.now(datetime.timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today + datetime.timedelta(days=begins))
        .not_valid_after(today + datetime.timedelta(days=ends))
        .add_extension(x509.BasicConstraints(ca=is_issuer, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([_general(n) for n in names]), critical=False)
    if not is_issuer:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    return builder.sign(issuer.key if issuer else key, hashes.SHA256())


def _general(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)

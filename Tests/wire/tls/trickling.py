"""TLS servers that send records of one byte. OpenSSL does not return to libcurl before a message is complete, so a
client that lets it read on is held past every deadline."""

import contextlib
import ssl
import struct
import threading

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from servers import ALLOW, http

HANDSHAKE = 22
TICKET = 65_000
RECORDS = 300_000
# How many whole tickets there are in them.
TICKETS = RECORDS // TICKET


class Engine:
    """A TLS server whose records pass through this program on their way to the client."""

    def __init__(self, conversation, context):
        self._conversation = conversation
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)

    def until_done(self, step):
        """Performs a step of TLS, with as many reads and writes as it takes."""
        while True:
            try:
                result = step()
            except ssl.SSLWantReadError:
                self._send()
                self._incoming.write(self._conversation.read_some())
            else:
                self._send()
                return result

    def until_sent(self, step, rewrite):
        """Performs a step of TLS until there is something to send, and sends that after `rewrite` has changed it."""
        while not (data := self._outgoing.read()):
            with contextlib.suppress(ssl.SSLWantReadError):
                step()
            if not self._outgoing.pending:
                self._incoming.write(self._conversation.read_some())
        self._conversation.send(rewrite(data))

    def _send(self):
        if data := self._outgoing.read():
            self._conversation.send(data)


class TicketFlood:
    """The script of a TLS 1.3 server that answers a request, and then sends a NewSessionTicket of 65 KB over and over,
    in encrypted records of one byte. It encrypts them while the client is idle, because Python is slower than the
    client. It answers on its first connection only: on a busy machine a client may have time for a second request.
    """

    def __init__(self, certificate, folder):
        self._secrets = folder / "secrets"
        self._context = certificate.context(ssl.TLSVersion.TLSv1_3)
        self._context.num_tickets = 0
        self._context.keylog_filename = self._secrets
        self.is_ready = threading.Event()

    def __call__(self, conversation):
        engine = Engine(conversation, self._context)
        engine.until_done(engine.tls.do_handshake)
        engine.until_done(lambda: engine.tls.read(65536))
        if self.is_ready.is_set():
            return conversation.wait_until_left()
        engine.until_done(lambda: engine.tls.write(http(ALLOW)))
        flood = self._encrypt(engine.tls.cipher()[0])
        self.is_ready.set()
        conversation.read_some()
        conversation.send(flood)
        conversation.wait_until_left()

    def _encrypt(self, cipher):
        size, hash = {
            "TLS_AES_256_GCM_SHA384": (32, hashes.SHA384()), "TLS_AES_128_GCM_SHA256": (16, hashes.SHA256()),
        }[cipher]
        lines = [line.split() for line in self._secrets.read_text().splitlines()]
        secret = bytes.fromhex([line[2] for line in lines if line[0] == "SERVER_TRAFFIC_SECRET_0"][-1])

        def expand(label, length):
            label = b"tls13 " + label
            info = struct.pack(">HB", length, len(label)) + label + b"\0"
            return HKDFExpand(hash, length, info).derive(secret)

        encrypt, iv = AESGCM(expand(b"key", size)).encrypt, int.from_bytes(expand(b"iv", 12), "big")
        ticket = struct.pack(">IIB8sH", 7200, 0, 8, b"n" * 8, TICKET) + b"t" * TICKET + b"\0\0"
        message = b"\x04" + len(ticket).to_bytes(3, "big") + ticket
        # The type of the record is encrypted with its one byte, and 16 bytes prove that both are genuine.
        head, type = b"\x17\x03\x03\x00\x12", bytes([HANDSHAKE])
        records = []
        # The answer was record 0.
        for number in range(1, RECORDS + 1):
            at = (number - 1) % len(message)
            records += (head, encrypt((iv ^ number).to_bytes(12, "big"), message[at:at + 1] + type, head))
        return b"".join(records)


class CertificateFlood:
    """The script of a TLS 1.2 server that sends a chain of 97 KB, almost the longest that OpenSSL accepts, in records
    of one byte, and then nothing.
    """

    def __init__(self, certificate, folder):
        chain, der = folder / "long chain.pem", ssl.PEM_cert_to_DER_cert(certificate.path.read_text().strip())
        chain.write_bytes(certificate.path.read_bytes() * (97_000 // (len(der) + 3)))
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(chain, certificate.key_path)
        self._context.maximum_version = ssl.TLSVersion.TLSv1_2

    def __call__(self, conversation):
        engine = Engine(conversation, self._context)
        engine.until_sent(engine.tls.do_handshake, rewrite=in_single_bytes)
        conversation.wait_until_left()


# A record of the handshake for each byte that it may hold.
SINGLE = [struct.pack(">BHHB", HANDSHAKE, 0x0303, 1, byte) for byte in range(256)]


def in_single_bytes(data):
    """Splits the records of a handshake that is not encrypted yet. It is quick, so that the client has time to read."""
    records = []
    while data:
        end = 5 + int.from_bytes(data[3:5], "big")
        records += map(SINGLE.__getitem__, data[5:end]) if data[0] == HANDSHAKE else [data[:end]]
        data = data[end:]
    return b"".join(records)

"""Servers in Python, for behaviour that real servers do not have: a function, the script, plays each connection."""

import contextlib
import socket
import ssl
import threading

ALLOW = b'{"allowed":true,"code":"ALLOW","request_id":"11111111-1111-4111-8111-111111111111"}'
DENY = b'{"allowed":false,"code":"DEVICE_REVOKED","request_id":"22222222-2222-4222-8222-222222222222"}'
PATIENCE_S = 30


class ClientGone(Exception):
    pass


def http(body, status="200 OK", headers="", length=None):
    """Returns a reply. `length` is its Content-Length, if that is not the true one."""
    length = len(body) if length is None else length
    return f"HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{headers}\r\n".encode() + body


class Conversation:
    """The server's end of a connection."""

    def __init__(self, sock):
        self.sock = sock
        self.buffer = b""
        self.received = b""

    def shake_hands(self, context):
        self.sock = context.wrap_socket(self.sock, server_side=True, do_handshake_on_connect=False)
        try:
            self.sock.do_handshake()
        except ssl.SSLError:
            # The alert is on its way. Closing before the client does would reset the connection and lose the alert.
            socket.socket.shutdown(self.sock, socket.SHUT_WR)
            while socket.socket.recv(self.sock, 65536):
                pass
            raise

    def read_some(self):
        try:
            data = self.sock.recv(65536)
        except OSError as error:
            raise ClientGone from error
        if not data:
            raise ClientGone
        self.received += data
        return data

    def read_request(self):
        """Returns a complete request, as bytes."""
        while b"\r\n\r\n" not in self.buffer:
            self.buffer += self.read_some()
        head = self.buffer.partition(b"\r\n\r\n")[0]
        length = 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        end = len(head) + 4 + length
        while len(self.buffer) < end:
            self.buffer += self.read_some()
        request, self.buffer = self.buffer[:end], self.buffer[end:]
        return request

    def send(self, data):
        try:
            self.sock.sendall(data)
        except OSError as error:
            raise ClientGone from error

    def wait_until_left(self):
        while True:
            self.read_some()

    def say_goodbye(self):
        """Ends TLS correctly: close_notify before FIN."""
        with contextlib.suppress(OSError):
            self.sock = self.sock.unwrap()

    def reset(self):
        """Makes a later close end the connection with RST instead of FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")


def serve(conversation):
    """The script that answers correctly: the device "denied" is denied, all others are allowed."""
    while True:
        conversation.send(http(DENY if b'"denied"' in conversation.read_request() else ALLOW))


class Server:
    """Listens on this machine. With a context it speaks TLS, and the script begins after the handshake.

    Closing an SSLSocket sends no close_notify: a script that needs one calls say_goodbye().
    """

    def __init__(self, script, context=None, host="127.0.0.1"):
        self.script = script
        self.context = context
        self.conversations = []
        self._threads = []
        self._host = f"[{host.replace('%', '%25')}]" if ":" in host else host
        family, _, _, _, address = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0]
        self._listener = socket.create_server(address, family=family, backlog=256)
        self.port = self._listener.getsockname()[1]
        self._accepting = threading.Thread(target=self._accept)
        self._accepting.start()

    @property
    def url(self):
        return f"{'https' if self.context else 'http'}://{self._host}:{self.port}"

    @property
    def tls_url(self):
        """The https URL, whatever the script does with TLS."""
        return f"https://{self._host}:{self.port}"

    @property
    def connections(self):
        return len(self.conversations)

    @property
    def received(self):
        """All bytes that clients have sent, after decryption."""
        return b"".join(conversation.received for conversation in self.conversations)

    def _accept(self):
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(PATIENCE_S)
            conversation = Conversation(sock)
            self.conversations.append(conversation)
            thread = threading.Thread(target=self._converse, args=[conversation])
            thread.start()
            self._threads.append(thread)

    def _converse(self, conversation):
        try:
            if self.context:
                conversation.shake_hands(self.context)
            self.script(conversation)
        except (ClientGone, OSError):
            pass
        finally:
            conversation.sock.close()

    def hang_up(self):
        """Ends all existing connections."""
        for conversation in self.conversations:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(conversation.sock, socket.SHUT_RDWR)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # shutdown() wakes accept(); close() alone does not.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join()
        self.hang_up()
        for thread in self._threads:
            thread.join()


def handshake(port):
    """Returns the TLS version that the server at this port agrees on with a client that accepts any. Tests use it as a
    control.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:eNULL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    with socket.create_connection(("127.0.0.1", port), 5) as sock, context.wrap_socket(sock) as secure:
        return secure.version()

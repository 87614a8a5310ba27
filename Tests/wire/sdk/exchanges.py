"""An HTTP server that records each request, forwards it to an authority, and returns the reply."""

import http.client
import http.server
import threading
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Exchange:
    """A request as it was sent, and the reply to it."""

    method: str
    path: str
    headers: list[tuple[str, str]]
    body: bytes
    status: int = 0
    reply: bytes = b""

    def header(self, name: str) -> str | None:
        """Returns the value of a header; None if it is missing. A repeated header is an error."""
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        if len(values) > 1:
            raise AssertionError(f"{self.method} {self.path} has {len(values)} headers {name}")
        return values[0] if values else None


@dataclass
class Recorder:
    authority: str
    exchanges: list[Exchange] = field(default_factory=list)

    def __enter__(self) -> "Recorder":
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                exchange = Exchange(self.command, self.path, list(self.headers.items()), body)
                recorder.forward(exchange)
                recorder.exchanges.append(exchange)
                self.send_response(exchange.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(exchange.reply)))
                self.end_headers()
                self.wfile.write(exchange.reply)

            do_POST = do_GET

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def forward(self, exchange: Exchange) -> None:
        connection = http.client.HTTPConnection(urlsplit(self.authority).netloc, timeout=10)
        connection.putrequest(exchange.method, exchange.path, skip_accept_encoding=True)
        for name, value in exchange.headers:
            if name.lower() not in ("host", "connection"):
                connection.putheader(name, value)
        connection.endheaders(exchange.body)
        response = connection.getresponse()
        exchange.status, exchange.reply = response.status, response.read()
        connection.close()

    def take(self) -> list[Exchange]:
        """Returns what was recorded since the last time."""
        taken, self.exchanges = self.exchanges, []
        return taken

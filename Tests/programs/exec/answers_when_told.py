#!/usr/bin/env python3
"""An authority on loopback that allows every device, and answers when it is told to: a request at each line of its
input.

The first line that it prints is "listening on http://127.0.0.1:PORT"; then "asked" for each request. It ends with its
input.
"""

import http.server
import os
import sys
import threading

told = threading.Semaphore(0)


class Authority(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        print("asked", flush=True)
        told.acquire()
        reply = b'{"status":"ok","handler":"validate","allowed":true,"code":"ALLOW","request_id":"r"}'
        try:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)
        except OSError:
            pass  # The client has left.

    def log_message(self, *_: object) -> None:
        pass


def main() -> None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Authority)
    print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for _ in sys.stdin:
        told.release()
    os._exit(0)  # Requests that still wait do not delay the end.


if __name__ == "__main__":
    main()

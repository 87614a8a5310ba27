#!/usr/bin/env python3
"""An authority on loopback that allows every device, and answers one request for each line of its input.

It first prints "listening on http://127.0.0.1:PORT", and then "asked" for each request. It ends when its input ends.
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
            pass  # The client has gone.

    def log_message(self, *_: object) -> None:
        pass


def main() -> None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Authority)
    print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for _ in sys.stdin:
        told.release()
    os._exit(0)  # does not wait for open requests


if __name__ == "__main__":
    main()

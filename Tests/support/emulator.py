"""Starts an emulator on a free port."""

import http.client
import json
import subprocess
from urllib.parse import urlsplit

from processes import first_line
from project import ROOT

PROGRAM = ROOT / "build/bin/machineid-emulator"


class Emulator:
    def __init__(self, log, *arguments):
        """Starts the emulator. Its log is appended to a file."""
        if not PROGRAM.exists():
            raise RuntimeError(f"there is no {PROGRAM}; script/build makes it")
        self.log = log
        with open(log, "ab") as file:
            command = [PROGRAM, "--port", "0", *map(str, arguments)]
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=file, cwd=ROOT
            )
        self.pid = self._process.pid
        line = first_line(self._process, 30)
        self.url = line.removeprefix("listening on ")
        if not self.url.startswith("http://"):
            self.stop()
            raise RuntimeError(f"the emulator does not start:\n{log.read_text(errors='replace')}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def address(self):
        return urlsplit(self.url).netloc

    def ask(self, key, path, body=None):
        """Sends a POST, which must be answered with HTTP 200, and returns the answer."""
        connection = http.client.HTTPConnection(self.address, timeout=30)
        headers = {"x-org-key": key, "Content-Type": "application/json"}
        connection.request("POST", path, json.dumps(body or {}), headers)
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        if response.status != 200:
            raise RuntimeError(f"the emulator answers {path} with: {response.status} {text}")
        return json.loads(text) if text else None

    def stop(self):
        """Stops the emulator and returns its exit status."""
        if self._process.poll() is None:
            self._process.terminate()
        self._process.stdout.close()
        return self._process.wait()

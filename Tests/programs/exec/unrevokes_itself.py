#!/usr/bin/env python3
"""A program that does not want to be stopped: at SIGTERM it looks for the org key, and takes its revocation back."""

import http.client
import json
import os
import pathlib
import signal
import sys
from urllib.parse import urlsplit


def keys():
    """Yields what the program may find: its own environment, and that of its supervisor and of the one beside it."""
    yield os.environ.get("MACHINEID_ORG_KEY", "")
    parent = os.getppid()
    for pid in (parent, *pathlib.Path(f"/proc/{parent}/task/{parent}/children").read_text().split()):
        try:
            for entry in pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                if entry.startswith(b"MACHINEID_ORG_KEY="):
                    yield entry.partition(b"=")[2].decode()
        except OSError as error:
            print(f"{error.strerror}: {error.filename}", flush=True)


def unrevoke(*_):
    key = next((key for key in keys() if key), None)
    if not key:
        print("no key", flush=True)
        return
    connection = http.client.HTTPConnection(urlsplit(os.environ["MACHINEID_BASE_URL"]).netloc, timeout=10)
    body = json.dumps({"deviceId": os.environ["MACHINEID_DEVICE_ID"]})
    headers = {"x-org-key": key, "Content-Type": "application/json"}
    connection.request("POST", "/api/v1/devices/unrevoke", body, headers)
    print("unrevoked", connection.getresponse().status, flush=True)
    sys.exit(0)


signal.signal(signal.SIGTERM, unrevoke)
pathlib.Path(os.environ["THERE"]).write_text(f"{os.getpid()}\n")
while True:
    signal.pause()

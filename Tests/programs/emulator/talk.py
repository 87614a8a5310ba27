"""Speaks to an emulator over one connection, as a client or as an operator."""

import http.client
import json

KEY = "org_of_a_double"


class Reply:
    def __init__(self, status, headers, text):
        self.status = status
        self.headers = headers
        self.json = json.loads(text) if text else None


class Talk:
    def __init__(self, emulator, key=KEY, timeout=30):
        self.key = key
        self._connection = http.client.HTTPConnection(emulator.address, timeout=timeout)

    def ask(self, method, path, body=None):
        headers = {"x-org-key": self.key} | ({} if body is None else {"Content-Type": "application/json"})
        self._connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = self._connection.getresponse()
        return Reply(response.status, response.headers, response.read().decode())

    def device(self, operation, device):
        return self.ask("POST", f"/api/v1/devices/{operation}", {"deviceId": device})

    def code(self, device):
        """Returns the code of a validate."""
        reply = self.device("validate", device).json
        return reply.get("code") or reply["error"]

    def scenario(self, *steps):
        reply = self.ask("POST", "/emulator/scenario", {"steps": list(steps)})
        assert reply.status == 200, reply.json

    @property
    def requests(self):
        return self.ask("GET", "/emulator/requests").json["requests"]

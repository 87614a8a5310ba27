"""The authority for tests: starts machineid-emulator on a free port. The pytest fixture machineid_emulator does it for
each test."""

import json
import os
import select
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any, Dict, Optional

if TYPE_CHECKING:
    from ._async import AsyncClient
    from ._client import Client

_PATIENCE_S = 30


class Emulator:
    """An emulator that is running, for as long as the `with` block lasts:

        with Emulator(plan="pro") as authority, authority.client() as client:
            client.register("agent-01")
            authority.revoke("agent-01")
            assert not client.validate("agent-01")

    The program is found in the variable MACHINEID_EMULATOR, or by the name machineid-emulator on PATH. The package of
    this name has it.
    """

    def __init__(self, *, org_key: str = "org_tests", plan: str = "pro", program: Optional[str] = None) -> None:
        self.org_key = org_key
        command = [_found(program), "--port", "0", "--plan", plan, "--org-key", org_key, "--quiet"]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        try:
            self.url = self._first_line()
        except BaseException:
            self.stop()
            raise

    def _first_line(self) -> str:
        output = self._process.stdout
        assert output is not None
        is_readable, _, _ = select.select([output], [], [], _PATIENCE_S)
        line = output.readline().decode().strip() if is_readable else ""
        if not line.startswith("listening on "):
            raise RuntimeError(f"machineid-emulator did not start; it said: {line or 'nothing'}")
        return line[len("listening on ") :]

    @property
    def environment(self) -> Dict[str, str]:
        """The variables with which Client.from_env() asks this emulator."""
        return {"MACHINEID_BASE_URL": self.url, "MACHINEID_ORG_KEY": self.org_key}

    def client(self, **options: Any) -> "Client":
        """Makes a client of this emulator."""
        from ._client import Client

        return Client(self.org_key, base_url=self.url, **options)

    def async_client(self, **options: Any) -> "AsyncClient":
        """Makes a client of this emulator, for asyncio."""
        from ._async import AsyncClient

        return AsyncClient(self.org_key, base_url=self.url, **options)

    # ---- What an operator does

    def register(self, device_id: str) -> None:
        self.ask("/api/v1/devices/register", deviceId=device_id)

    def revoke(self, device_id: str) -> None:
        self.ask("/api/v1/devices/revoke", deviceId=device_id)

    def unrevoke(self, device_id: str) -> None:
        self.ask("/api/v1/devices/unrevoke", deviceId=device_id)

    def plan(self, **changes: Any) -> None:
        """Changes the plan: planTier, planState, executionEnabled."""
        self.ask("/emulator/plan", **changes)

    # ---- What happens to a service

    def outage(self, http_status: int = 503, *, requests: Optional[int] = None) -> None:
        """Answers all requests, or the next few, with this HTTP status, until recover()."""
        self.ask("/emulator/outage", httpStatus=http_status, **({} if requests is None else {"requests": requests}))

    def recover(self) -> None:
        """Ends an outage."""
        self.ask("/emulator/outage")

    def reset(self) -> None:
        """Forgets the devices, ends an outage, and restores the plan."""
        self.ask("/emulator/reset")

    def pause(self) -> None:
        """Stops answering without closing anything, until resume(): calls time out."""
        self._process.send_signal(signal.SIGSTOP)
        # The signal is on its way until the system says that all threads have stopped.
        os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def resume(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def ask(self, path: str, **body: Any) -> Any:
        """Sends a POST to the emulator, and returns its reply."""
        headers = {"x-org-key": self.org_key, "Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), headers)
        without_proxy = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with without_proxy.open(request, timeout=_PATIENCE_S) as reply:
                return json.load(reply)
        except urllib.error.HTTPError as error:
            with error:
                said = error.read().decode(errors="replace")
            raise RuntimeError(f"the emulator answers {path} with HTTP {error.code}: {said}") from None

    def stop(self) -> None:
        """Ends the emulator: connections are refused."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)
            self._process.terminate()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def __enter__(self) -> "Emulator":
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()


def eventually(condition: "Any", seconds: float = _PATIENCE_S) -> bool:
    """Waits until condition() is true, for so many seconds at most, and returns whether it is."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


def _found(program: Optional[str]) -> str:
    found = program or os.environ.get("MACHINEID_EMULATOR") or shutil.which("machineid-emulator")
    if found is None:
        raise FileNotFoundError(
            "machineid-emulator is not on PATH: install the package machineid-emulator, or set MACHINEID_EMULATOR to "
            "the program"
        )
    return found

"""Real servers, each with its own configuration and folder, on free ports of 127.0.0.1."""

import shutil
import socket
import subprocess
import time

PATIENCE_S = 20


_kept = {}


def free_port():
    """Returns a port that the system gives to no other program until it is given back, and where nothing listens until
    a server is started on it. It stays bound without listening, which admits a server that sets SO_REUSEADDR, as
    daemons do. A port that is only free for a moment may be returned twice, and of two sites on one port nginx serves
    the first.
    """
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", 0))
    port = sock.getsockname()[1]
    _kept[port] = sock
    return port


def give_back(port):
    """Lets the system give this port to others again."""
    _kept.pop(port).close()


def find(program):
    """Debian installs servers in folders that are not on every user's PATH."""
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
    if path is None:
        raise RuntimeError(f"{program} is not installed; script/bootstrap --tests installs it")
    return path


def await_condition(holds, what):
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > deadline:
            raise RuntimeError(f"waited {PATIENCE_S} s without success: {what}")
        time.sleep(0.002)


class Daemon:
    """A server that stays in the foreground. The constructor returns once it listens on all its ports."""

    def __init__(self, command, ports, output):
        self._output = open(output, "wb")
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self._output, stderr=subprocess.STDOUT
        )
        self._said = output
        try:
            for port in ports:
                await_condition(lambda: self._listens(port), f"{command[0]} does not listen on port {port}")
        except BaseException:
            self.stop()
            raise

    def _listens(self, port):
        if self._process.poll() is not None:
            said = self._said.read_text(errors="replace")
            raise RuntimeError(f"{self._process.args[0]} does not start:\n{said}")
        with socket.socket() as sock:
            return sock.connect_ex(("127.0.0.1", port)) == 0

    def stop(self):
        self._process.terminate()
        try:
            self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._output.close()

"""tinyproxy, a real proxy, with a configuration of its own."""

from daemons import Daemon, await_condition, find, free_port

CONFIGURATION = """\
Port {port}
Listen 127.0.0.1
Timeout 60
LogFile "{log}"
LogLevel Connect
MaxClients 200
Allow 127.0.0.1
{more}
"""


class Tinyproxy:
    def __init__(self, folder, name, more=""):
        self.port = free_port()
        self._log = folder / f"{name}.log"
        configuration = folder / f"{name}.conf"
        configuration.write_text(CONFIGURATION.format(port=self.port, log=self._log, more=more))
        command = [find("tinyproxy"), "-d", "-c", configuration]
        self._daemon = Daemon(command, [self.port], folder / f"{name}.out")

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._daemon.stop()

    def tunnels(self, count=0):
        """Returns the targets of the requested tunnels, once there are `count`."""
        await_condition(lambda: len(self._tunnels()) >= count, f"tinyproxy logs {count} CONNECTs")
        return self._tunnels()

    def _tunnels(self):
        lines = self._log.read_text(errors="replace").splitlines()
        return [line.split("CONNECT ")[-1].split()[0] for line in lines if "): CONNECT " in line]

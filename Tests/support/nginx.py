"""nginx as the TLS terminator in front of the emulator. Each variant is a site with a port of its own. A site without a
certificate is plain HTTP, and a site with an answer returns that instead of asking the emulator.
"""

from daemons import Daemon, await_condition, find, free_port, give_back

# One line for each answered request.
LOG_FORMAT = (
    "$server_port $connection $connection_requests $ssl_session_reused $ssl_protocol "
    "$server_protocol $status $request_uri"
)

CONFIGURATION = """\
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log info;
events {{ worker_connections 1024; }}
http {{
    log_format requests "{log_format}";
    access_log {folder}/access.log requests;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_cache shared:sessions:1m;
    keepalive_requests 100000;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    upstream emulator {{ server {emulator}; keepalive 64; }}
{sites}
}}
"""

SITE = """\
    server {{
        listen 127.0.0.1:{port}{listen};
        {certificate}
        {more}
        location / {{ {handler} }}
    }}
"""


class Request:
    """A line of the log."""

    def __init__(self, line):
        port, self.connection, self.number, reused, self.tls, self.http, self.status, self.path = line.split()
        self.port = int(port)
        self.is_resumed = reused == "r"


class Nginx:
    def __init__(self, folder, emulator_url, is_root):
        self._folder = folder
        self._emulator = emulator_url.removeprefix("http://")
        # Otherwise the workers would change to a user who may not read the folder.
        self._user = "user root root;" if is_root else ""
        self._sites = ""
        self._ports = {}
        self._daemon = None

    def site(self, name, certificate, more="", listen="", answer=None):
        self._ports[name] = port = free_port()
        pair = ""
        if certificate:
            pair = f"ssl_certificate {certificate.path}; ssl_certificate_key {certificate.key_path};"
            listen = f" ssl{listen}"
        handler = f"default_type application/json; return 200 '{answer}';" if answer else "proxy_pass http://emulator;"
        self._sites += SITE.format(port=port, certificate=pair, more=more, listen=listen, handler=handler)

    def start(self):
        configuration = self._folder / "nginx.conf"
        configuration.write_text(
            CONFIGURATION.format(
                user=self._user,
                folder=self._folder,
                emulator=self._emulator,
                sites=self._sites,
                log_format=LOG_FORMAT,
            )
        )
        command = [find("nginx"), "-p", self._folder, "-c", configuration, "-g", "daemon off;"]
        self._daemon = Daemon(command, self._ports.values(), self._folder / "nginx.out")

    def stop(self):
        if self._daemon:
            self._daemon.stop()
        for port in self._ports.values():
            give_back(port)

    def port(self, name):
        return self._ports[name]

    def url(self, name, host="localhost"):
        return f"https://{host}:{self._ports[name]}"

    def requests(self, name, after=0, count=0):
        """Returns the site's requests except the first `after`, once there are `count` of them. nginx logs a request
        after it has been answered.
        """
        await_condition(lambda: len(self._requests(name)) >= after + count, f"nginx logs {count} requests of {name}")
        return self._requests(name)[after:]

    def _requests(self, name):
        lines = (self._folder / "access.log").read_text().splitlines(keepends=True)
        requests = [Request(line) for line in lines if line.endswith("\n")]
        return [request for request in requests if request.port == self._ports[name]]

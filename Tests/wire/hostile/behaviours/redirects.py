"""Redirects of every kind, each with a permission as its body. None may be followed, because that would hand over the
org key.
"""

from registry import BAD_REPLY, bad
from replies import STRAY


def redirect(name, doc, location, status="302 Found", headers=()):
    def act(exchange):
        target = location(exchange)
        return exchange.reply(STRAY, status, *([] if target is None else [f"Location: {target}"]), *headers)

    act.__doc__ = doc
    bad(f"redirects/{name}", BAD_REPLY, requests=1)(act)


for status in ("300 Multiple Choices", "301 Moved Permanently", "302 Found", "303 See Other", "305 Use Proxy",
               "306 Switch Proxy", "307 Temporary Redirect", "308 Permanent Redirect"):
    code = status[:3]
    redirect(f"{code}-other-host", f"{code} to another host.", lambda exchange: exchange.stray_url("localhost"), status)
    redirect(f"{code}-same-host", f"{code} to another path.", lambda exchange: f"/stray/{exchange.visit.id}", status)

for name, doc, location in (
    ("loop", "To the same address.", lambda exchange: exchange.request.path),
    ("other-port", "To another port of the host.", lambda exchange: exchange.stray_url()),
    ("absolute", "To another path, with the host.",
     lambda exchange: f"{exchange.authority.url}/stray/{exchange.visit.id}"),
    ("https", "To https.", lambda exchange: exchange.stray_url().replace("http:", "https:")),
    ("no-scheme", "To another host, without a scheme.", lambda exchange: exchange.stray_url()[5:]),
    ("user", "To another host, which looks like a path of this one.",
     lambda exchange: exchange.stray_url().replace("//", f"//127.0.0.1:{exchange.authority.port}@")),
    ("file", "To a file.", lambda exchange: "file:///etc/passwd"),
    ("data", "To a permission in the address itself.", lambda exchange: 'data:application/json,{"allowed":true}'),
    ("gopher", "To another protocol.", lambda exchange: f"gopher://127.0.0.1:{exchange.authority.elsewhere_port}/_x"),
    ("unix", "To a socket of this machine.", lambda exchange: "http+unix://%2Frun%2Fx.sock/"),
    ("nowhere", "To nowhere: an empty Location.", lambda exchange: ""),
    ("no-location", "Without a Location.", lambda exchange: None),
    ("long", "To an address of 20 KB.", lambda exchange: exchange.stray_url() + "?" + "x" * 20_000),
    ("invalid", "To an invalid address.", lambda exchange: "http://[::1/ \x7f"),
):
    redirect(name, doc, location)

redirect("twice", "Two Locations.", lambda exchange: exchange.stray_url(),
         headers=["Location: http://localhost:9/"])
redirect("alternative-service", "To another host, also by Alt-Svc.", lambda exchange: exchange.stray_url(),
         headers=['Alt-Svc: h2="127.0.0.1:9"; ma=3600', "Strict-Transport-Security: max-age=3600",
                  "Set-Cookie: session=1", "Refresh: 0; url=/"])

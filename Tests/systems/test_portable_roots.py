"""Runs the gate of the README with the portable builds: in a Debian 11 without libcurl, in roots that have a C library
and the certificates of authorities alone, with glibc and with musl, and for arm64 under qemu-user."""

import re
import shutil

import pytest
from checks import equal, holds
from portable import built_folder
from project import ROOT
from small_roots import CERTIFICATES, ROOTS, SmallRoot, platform_of

ORG_KEY = "org_ci"

pytestmark = [pytest.mark.long, pytest.mark.needs_root, pytest.mark.xdist_group("portable")]


@pytest.mark.parametrize("name", ROOTS)
def test_gate(name, authority, tmp_path):
    built = built_folder(platform_of(name))
    root = SmallRoot(name, tmp_path)
    others = [path.name for path in root.folder.rglob("lib*") if re.match("lib(curl|jansson)", path.name)]
    equal("the root has neither libcurl nor jansson", [], others)
    root.install(built / "lib")
    root.compile("gate", ROOT / "examples/c/gate.c", f"-I{built}/include", f"-L{built}/lib", "-lmachineid")

    device = f"gate-{ROOTS[name]}"

    def gate(scheme, **more):
        given = {"MACHINEID_ORG_KEY": ORG_KEY, "MACHINEID_BASE_URL": authority.url(scheme)}
        return root.run("gate", MACHINEID_DEVICE_ID=device, **given, **more)

    def works(what, result):
        holds(f"{what}: it works", (result.returncode, result.stdout) == (0, "working\n"), result)

    works("http", gate("http"))
    shutil.copy(authority.ca_file, root.folder / "authority.pem")
    works("https, with SSL_CERT_FILE", gate("https", SSL_CERT_FILE="/authority.pem"))
    unknown = gate("https")
    holds("https, with an unknown authority: no", unknown.returncode == 1, unknown)
    said = re.search(f"MID_TLS_FAILED .*looked in .*/{CERTIFICATES}", unknown.stdout)
    holds("and says where it looked", said, unknown)
    root.trust(authority.ca_file)
    works("https, with the system's authorities", gate("https"))
    authority.emulator.ask(ORG_KEY, "/api/v1/devices/revoke", {"deviceId": device})
    denied = gate("https")
    holds("revoked: it does not work", denied.returncode == 1 and "working" not in denied.stdout, denied)
    holds("and says so", re.match(r"not allowed: MID_\w+ .*(REVOKED|revoked)", denied.stdout), denied)
    (root.folder / CERTIFICATES).unlink()
    without = gate("https")
    holds("without a file of authorities: no", without.returncode == 1 and "MID_TLS_FAILED" in without.stdout, without)
    places = f"looked in /{CERTIFICATES}, /etc/pki/tls/certs/ca-bundle.crt"
    holds("and names the places", places in without.stdout, without)


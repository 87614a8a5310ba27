"""Prints the bill of materials of a portable build, as CycloneDX 1.6: the source packages that are inside, with the
checksums of their files and of the project's patches, and the files that were made of them. The same build has the same
bill, bit for bit."""

import argparse
import datetime
import hashlib
import json
import pathlib
import re
import urllib.parse
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[3]
# The licences of what is linked in, by their names in SPDX.
LICENCES = {"curl": "curl", "openssl": "Apache-2.0", "jansson": "MIT"}
DESCRIPTIONS = {"curl": "HTTP and HTTPS", "openssl": "TLS", "jansson": "JSON"}
UPSTREAM = {
    "curl": "https://curl.se",
    "openssl": "https://www.openssl.org",
    "jansson": "https://github.com/akheron/jansson",
}


def sha256(path):
    return [{"alg": "SHA-256", "content": hashlib.sha256(path.read_bytes()).hexdigest()}]


def read_pins(path):
    lines = (line.split() for line in path.read_text().splitlines() if line and not line.startswith("#"))
    return dict(line for line in lines if len(line) == 2)


def upstream_of(version):
    """Returns the version of a Debian package without its epoch and its Debian revision."""
    return re.sub(r"-[^-]*$", "", re.sub(r"^[0-9]+:", "", version))


def package_url(kind, name, version, **qualifiers):
    more = "&".join(f"{key}={value}" for key, value in sorted(qualifiers.items()))
    return f"pkg:{kind}/{name}@{urllib.parse.quote(version, safe='.-~')}" + (f"?{more}" if more else "")


def patches_of(name):
    """Returns the patches of the project for a source package, in the order in which they are applied."""
    return sorted((ROOT / "packaging/portable/patches" / name).glob("*.patch"))


def source_package(name, version, sources, release):
    """Describes a source package of Debian that is linked in."""
    upstream, patches = upstream_of(version), patches_of(name)
    files = sorted(path for path in (sources / f"{name}_{version}").iterdir() if path.name != "SHA256SUMS")
    component = {
        "type": "library",
        "bom-ref": name,
        "name": name,
        "version": version,
        "description": DESCRIPTIONS[name],
        "scope": "required",
        "licenses": [{"license": {"id": LICENCES[name]}}],
        "purl": package_url("deb/debian", name, version, arch="source", distro=release),
        "externalReferences": [
            {"type": "website", "url": UPSTREAM[name]},
            *(
                {"type": "source-distribution", "url": urllib.parse.quote(path.name), "hashes": sha256(path)}
                for path in files
            ),
        ],
        "pedigree": {
            "ancestors": [
                {
                    "type": "library",
                    "name": name,
                    "version": upstream,
                    "purl": package_url("generic", name, upstream),
                }
            ],
            "notes": "Debian's own patches are in the debian.tar of the source package.",
        },
        "properties": [
            {"name": "machineid:upstream-version", "value": upstream},
            {"name": "machineid:debian-revision", "value": version.rsplit("-", 1)[1]},
        ],
    }
    if patches:
        component["pedigree"]["patches"] = [
            {"type": "unofficial", "diff": {"url": str(path.relative_to(ROOT))}} for path in patches
        ]
        component["properties"] += [
            {"name": f"machineid:patch-sha256:{path.name}", "value": sha256(path)[0]["content"]} for path in patches
        ]
    return component


def bill(given, pins):
    library = [path for path in sorted(given.library.glob("libmachineid*")) if not path.is_symlink()]
    date = datetime.datetime.fromtimestamp(given.date, datetime.timezone.utc)
    names = [name for name in pins if name in LICENCES]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": date.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "lifecycles": [{"phase": "build"}],
            "tools": {
                "components": [
                    {
                        "type": "application",
                        "name": "ziglang",
                        "version": pins["ziglang"],
                        "purl": package_url("pypi", "ziglang", pins["ziglang"]),
                    }
                ]
            },
            "component": {
                "type": "library",
                "bom-ref": "libmachineid",
                "name": "libmachineid",
                "version": given.version,
                "licenses": [{"license": {"id": "MIT"}}],
                "purl": package_url("generic", "libmachineid", given.version, arch=given.arch, libc=given.libc),
                "components": [{"type": "file", "name": path.name, "hashes": sha256(path)} for path in library],
            },
            "properties": [
                {"name": "machineid:arch", "value": given.arch},
                {"name": "machineid:libc", "value": given.libc},
                {"name": "machineid:release", "value": pins["release"]},
            ],
        },
        "components": [source_package(name, pins[name], given.sources, pins["release"]) for name in names],
        "dependencies": [{"ref": "libmachineid", "dependsOn": names}, {"ref": "curl", "dependsOn": ["openssl"]}]
        + [{"ref": name} for name in names if name != "curl"],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("arch", "libc", "version"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--date", type=int, required=True, help="seconds since 1970")
    for name in ("sources", "pins", "library"):
        parser.add_argument(f"--{name}", type=pathlib.Path, required=True)
    given = parser.parse_args()
    made = bill(given, read_pins(given.pins))
    # A bill with the same content has the same number.
    content = json.dumps(made, sort_keys=True)
    made["serialNumber"] = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, 'https://machineid.io/sbom?' + content)}"
    print(json.dumps(made, indent=2))


main()

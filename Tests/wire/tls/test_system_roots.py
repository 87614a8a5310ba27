"""The system's authorities are trusted without ca_file and ca_path, and no longer with either. The probe runs in a
mount namespace where another folder replaces the system's folder of authorities.
"""

import os
import pathlib
import subprocess

from checks import expect, skipped
from probe import attempt


def test_system_roots(world, target):
    # The file in which this libcurl was built to look for them.
    bundle = subprocess.run(["curl-config", "--ca"], capture_output=True, text=True, check=True).stdout.strip()
    bundle = pathlib.Path(bundle)
    system = bundle.read_bytes()
    replaced = target.in_root(bundle.parent)
    both = folder_of(world, "both", bundle, system + world.authority.path.read_bytes(), [world.authority])
    both = inside(replaced, both)
    if subprocess.run([*both, "true"], capture_output=True).returncode != 0:
        skipped("the system's authorities", "this machine does not let a test have a mount namespace")
        return

    in_file_and_folder(world, both)
    in_folder_alone(world, bundle, inside(replaced, folder_of(world, "beside", bundle, system, [world.authority])))
    none(world, bundle, inside(replaced, folder_of(world, "none", bundle, None, [])))


def folder_of(world, name, bundle, content, hashed):
    """Makes a folder to replace the system's: with these authorities hashed, and with a file of this content, or
    without the file.
    """
    folder = world.folder / f"system-{name}"
    folder.mkdir()
    for issuer in hashed:
        (folder / issuer.path.name).write_bytes(issuer.path.read_bytes())
    subprocess.run(["openssl", "rehash", folder], check=True)
    if content is not None:
        (folder / bundle.name).write_bytes(content)
    return folder


def inside(replaced, folder):
    """Returns the command that starts a probe so that it finds this folder in place of the one that is replaced."""
    namespace = ["unshare", "--mount"] + ([] if os.geteuid() == 0 else ["--map-root-user"])
    return [*namespace, "sh", "-c", 'mount --bind "$1" "$2" && shift 2 && exec "$@"', "sh", folder, replaced]


def in_file_and_folder(world, wrapper):
    url = world.nginx.url("valid")
    other, others = str(world.stranger.path), str(world.hashed_folder(world.stranger))
    foreign = world.nginx.url("unknown authority")
    expect("system's authorities: trusted without ca_file", attempt(base_url=url, wrapper=wrapper), "MID_OK", 1)
    for option, value in {"ca_file": other, "ca_path": others}.items():
        result = attempt({option: value}, base_url=url, wrapper=wrapper)
        what = f"system's authorities: not trusted with {option}"
        expect(what, result, "MID_TLS_FAILED", message=f"{option} {value}")
        result = attempt({option: value}, base_url=foreign, wrapper=wrapper)
        expect(f"system's authorities: that of {option} is trusted instead", result, "MID_OK", 1)
    for name, value in {"CURL_CA_BUNDLE": other, "SSL_CERT_FILE": other, "SSL_CERT_DIR": others}.items():
        result = attempt(base_url=url, environment={name: value}, wrapper=wrapper)
        expect(f"system's authorities: not trusted with {name}", result, "MID_TLS_FAILED", message=f"{name} {value}")
    result = attempt(base_url=foreign, wrapper=wrapper)
    expect("system's authorities: ca_file's is not one of them", result, "MID_TLS_FAILED", message="the system's file")
    # A proxy that speaks TLS is trusted in the same way.
    through = {"base_url": "https://authority.example", "proxy": url, "wrapper": wrapper}
    expect("system's authorities: trusted for a proxy", attempt(**through), "MID_CONNECT_FAILED", message="HTTP 4")
    for option, value in {"ca_file": other, "ca_path": others}.items():
        result = attempt({option: value}, **through)
        expect(f"system's authorities: not trusted for a proxy with {option}", result, "MID_TLS_FAILED", message=value)


def in_folder_alone(world, bundle, wrapper):
    """Only the file counts, but ca_path can name the folder."""
    url = world.nginx.url("valid")
    result = attempt(base_url=url, wrapper=wrapper)
    message = rf"\(looked in the system's file {bundle}\)$"
    expect("an authority in the system's folder, not in its file", result, "MID_TLS_FAILED", message=message)
    result = attempt(base_url=url, ca_path=str(bundle.parent), wrapper=wrapper)
    expect("an authority in the system's folder, named by ca_path", result, "MID_OK", 1)


def none(world, bundle, wrapper):
    url = world.nginx.url("valid")
    message = f"install ca-certificates, or name (a file|one) with ca_file; looked in {bundle}"
    expect("no system's file", attempt(base_url=url, wrapper=wrapper), "MID_TLS_FAILED", message=message)
    folder = str(world.hashed_folder(world.authority))
    expect("no system's file, with ca_path", attempt(base_url=url, ca_path=folder, wrapper=wrapper), "MID_OK", 1)
    result = attempt(base_url=url, environment={"SSL_CERT_DIR": folder}, wrapper=wrapper)
    expect("no system's file, with SSL_CERT_DIR", result, "MID_OK", 1)
    expect("no system's file, with ca_file", attempt(base_url=url, ca_file=world.ca_file, wrapper=wrapper), "MID_OK", 1)

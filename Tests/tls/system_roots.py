"""The system's authorities: trusted without ca_file, and with ca_file no longer. The probe runs in a mount namespace
where the system's folder of them is another: with one authority more, both in the bundle and beside it."""

import os
import pathlib
import subprocess

from checks import expect, skipped
from probe import attempt


def run(world):
    # Where this libcurl was built to find them.
    bundle = subprocess.run(["curl-config", "--ca"], capture_output=True, text=True, check=True).stdout.strip()
    bundle = pathlib.Path(bundle)
    folder = world.hashed_folder(world.authority)
    (folder / bundle.name).write_bytes(bundle.read_bytes() + world.authority.path.read_bytes())
    namespace = ["unshare", "--mount"] + ([] if os.geteuid() == 0 else ["--map-root-user"])
    wrapper = namespace + ["sh", "-c", 'mount --bind "$1" "$2" && shift 2 && exec "$@"', "sh", folder, bundle.parent]
    if subprocess.run([*wrapper, "true"], capture_output=True).returncode != 0:
        skipped("the system's authorities", "this machine does not let a test have a mount namespace")
        return

    url = world.nginx.url("valid")
    other = str(world.stranger.path)
    foreign = world.nginx.url("unknown authority")
    unknown = "unable to get local issuer certificate"
    expect("system's authorities: trusted without ca_file", attempt(base_url=url, wrapper=wrapper), "MID_OK", 1)
    result = attempt(base_url=url, ca_file=other, wrapper=wrapper)
    expect("system's authorities: not trusted with ca_file", result, "MID_TLS_FAILED", message=unknown)
    result = attempt(base_url=foreign, ca_file=other, wrapper=wrapper)
    expect("system's authorities: in their place, that of ca_file", result, "MID_OK", 1)
    result = attempt(base_url=foreign, wrapper=wrapper)
    expect("system's authorities: ca_file's is none of them", result, "MID_TLS_FAILED", message=unknown)

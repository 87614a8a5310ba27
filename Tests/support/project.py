"""The folders of the project, and facts from the header."""

import json
import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEADER = ROOT / "include/machineid.h"

# The tests ignore the caller's proxies, certificate authorities and org keys.
NOT_OURS = [
    *("MACHINEID_ORG_KEY", "MACHINEID_BASE_URL", "MACHINEID_DEVICE_ID", "CLIENT_OPTIONS", "LD_LIBRARY_PATH"),
    *("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"),
    *("CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE"),
]


def clean_environment():
    """Removes variables that would change what test programs do from the environment of this process."""
    for name in NOT_OURS:
        os.environ.pop(name, None)
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    # Scripts that a test starts do not say what to do next.
    os.environ["MACHINEID_STARTED_BY_SCRIPT"] = "yes"


def version():
    return re.search(r'^#define MID_VERSION "(.*)"$', HEADER.read_text(), re.M)[1]


def commands():
    """Returns the names of the commands of machineid that have a man page of their own."""
    said = subprocess.run([ROOT / "build/bin/machineid", "--json", "help"], stdout=subprocess.PIPE, check=True).stdout
    names = [command["name"] for command in json.loads(said)["commands"]]
    return [name for name in names if not (ROOT / f"build/bin/machineid-{name}").exists()]


def functions():
    """Returns the names of the functions in the header."""
    return re.findall(r"^[a-z][a-z0-9_ ]*[ *](mid_[a-z0-9_]+)\(", HEADER.read_text(), re.M)

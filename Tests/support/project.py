"""Where things are, and what the header says."""

import os
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEADER = ROOT / "include/machineid.h"

# Proxies, authorities and org keys of the person who runs the tests do not concern them.
NOT_OURS = [
    *("MACHINEID_ORG_KEY", "MACHINEID_BASE_URL", "MACHINEID_DEVICE_ID", "CLIENT_OPTIONS", "LD_LIBRARY_PATH"),
    *("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"),
    *("CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE"),
]


def clean_environment():
    """Takes out of this process's environment what would change what programs do."""
    for name in NOT_OURS:
        os.environ.pop(name, None)
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"


def version():
    return re.search(r'^#define MID_VERSION "(.*)"$', HEADER.read_text(), re.M)[1]


def functions():
    """The names of the functions of the header."""
    return re.findall(r"^[a-z][a-z0-9_ ]*[ *](mid_[a-z0-9_]+)\(", HEADER.read_text(), re.M)

"""Runs a command with a new authority, in the network that this script is started in.

    beside_authority.py ORG_KEY COMMAND [ARGUMENT...]

In the arguments, {http}, {https}, {churning} and {named} are replaced by the authority's URLs, {ca_file} by the file
with its certificate authority, and {emulator_pid} by the emulator's process id.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

from authority import Authority


def main():
    org_key, *command = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder, Authority(pathlib.Path(folder), org_key) as authority:
        for name in ("http", "https", "churning", "named"):
            command = [word.replace(f"{{{name}}}", authority.url(name)) for word in command]
        command = [word.replace("{ca_file}", authority.ca_file) for word in command]
        command = [word.replace("{emulator_pid}", str(authority.emulator.pid)) for word in command]
        environment = {**os.environ, "MACHINEID_BASE_URL": authority.url("http"), "MACHINEID_ORG_KEY": org_key}
        status = subprocess.run(command, env=environment).returncode
    # A shell adds 128 to the number of the signal that ended a program.
    return status if status >= 0 else 128 - status


sys.exit(main())

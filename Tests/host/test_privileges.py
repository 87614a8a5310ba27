"""Tests programs with privileges that their caller does not have: set-user-ID, set-group-ID, and file capabilities.
They must ignore the environment."""

import shutil
import subprocess

import checks
import pytest

pytestmark = pytest.mark.needs_root
AS_NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
# This status means that the program runs but has no privileges. A program that does not run at all cannot return it.
HAS_NONE = 77


@pytest.fixture
def elevated(open_folder, program, run, library, authority):
    """Every user may start the programs. They find the library in a folder that no other user can write to, because
    they ignore LD_LIBRARY_PATH."""
    everyones, roots = open_folder / "lib", open_folder / "only-root"
    for folder, mode in ((everyones, 0o755), (roots, 0o700)):
        folder.mkdir()
        folder.chmod(mode)
        shutil.copy(authority.ca_file, folder / "authority.pem")
    shutil.copy(library / "libmachineid.so.0", everyones)
    for file in everyones.iterdir():
        file.chmod(0o755)
    compiled = program("privileges/elevated.c", f"-Wl,-rpath,{everyones}")

    def begin(name, mode, ca_folder, prepare=()):
        place = open_folder / name
        shutil.copy(compiled, place)
        place.chmod(mode)
        if prepare:
            subprocess.run([*prepare, place], check=True)
        environment = {"MACHINEID_ORG_KEY": authority.org_key}
        status, output = run.status([*AS_NOBODY, place], 60, environment)
        if status == HAS_NONE:
            pytest.skip(f"the file system of {open_folder} gives no privileges")
        assert status == 0, f"it starts, and ends with status 0, not {status}: {output}"
        secrets = roots / "secrets"
        run(
            [*AS_NOBODY, place, authority.url("https"), open_folder / ca_folder / "authority.pem", secrets],
            60,
            environment,
        )
        checks.holds("no secrets are written", not secrets.exists())

    return begin


def test_set_user_id(elevated):
    # The caller may not read this file, but the program may.
    elevated("set-user-ID", 0o4755, "only-root")


def test_set_group_id(elevated):
    elevated("set-group-ID", 0o2755, "lib")


def test_capabilities(elevated):
    elevated("capabilities", 0o755, "lib", ["setcap", "cap_net_raw+ep"])

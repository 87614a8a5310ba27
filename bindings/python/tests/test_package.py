"""The package itself: the fixture, the library that it loads, and what it says where there is none."""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest

import libmachineid
from libmachineid.testing import Emulator

HERE = pathlib.Path(libmachineid.__file__).parent
SUITE = '''
from libmachineid import Client

def test_denied(machineid_emulator):
    with Client.from_env() as client:
        assert not client.validate("agent-01")
        machineid_emulator.register("agent-01")
        assert client.validate("agent-01")

def test_each_test_has_its_own(machineid_emulator):
    with machineid_emulator.client() as client:
        assert not client.validate("agent-01")
'''


def outcome(*command, **variables):
    environment = {name: value for name, value in {**os.environ, **variables}.items() if value is not None}
    # Python looks for modules in the current folder first.
    return subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True, timeout=60)


def copied(tmp_path, library):
    """Copies the package to another folder, with this as its library, and returns the folder."""
    shutil.copytree(HERE, tmp_path / "libmachineid", ignore=shutil.ignore_patterns("_lib", "__pycache__"))
    if library is not None:
        inside = tmp_path / "libmachineid" / "_lib"
        inside.mkdir()
        (inside / "libmachineid.so.0").write_bytes(library)
    return str(tmp_path)


def test_the_fixture(tmp_path):
    (tmp_path / "test_it.py").write_text(SUITE)
    options = ("-q", "-p", "pytest_libmachineid", "-p", "no:cacheprovider")
    result = outcome(sys.executable, "-m", "pytest", *options, tmp_path)
    assert "2 passed" in result.stdout, result.stdout + result.stderr


def test_the_fixture_says_how_to_get_the_emulator(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("MACHINEID_EMULATOR", raising=False)
    with pytest.raises(FileNotFoundError, match="install the package machineid-emulator"):
        Emulator()
    with pytest.raises(RuntimeError, match="did not start; it said: nothing"):
        Emulator(program="/bin/true")


def test_without_a_library_an_import_says_what_to_do(tmp_path):
    result = outcome(
        *(sys.executable, "-c", "import libmachineid"), PYTHONPATH=copied(tmp_path, None), LD_LIBRARY_PATH=None
    )
    if result.returncode == 0:
        pytest.skip("libmachineid is installed here")
    last = result.stderr.splitlines()[-1]
    assert last.startswith("ImportError: there is no libmachineid.so.0 for Linux on "), result.stderr
    assert "install a wheel" in last and "or install libmachineid where the loader finds it" in last


def test_a_library_for_another_platform(tmp_path):
    result = outcome(sys.executable, "-c", "import libmachineid", PYTHONPATH=copied(tmp_path, b"\x7fELF no library"))
    last = result.stderr.splitlines()[-1]
    assert result.returncode == 1 and last.startswith("ImportError: the libmachineid.so.0 inside this package"), last
    assert "Install the wheel for this platform" in last and "Linux on" in last


def test_the_library_of_the_system_is_used_where_none_is_inside(tmp_path):
    if not libmachineid._native.INSIDE.exists():
        pytest.skip("this package has no library inside")
    program = "import libmachineid; print(libmachineid.version(), libmachineid._native.INSIDE.exists())"
    folder = copied(tmp_path, None)
    result = outcome(
        *(sys.executable, "-c", program), PYTHONPATH=folder, LD_LIBRARY_PATH=str(libmachineid._native.INSIDE.parent)
    )
    assert result.stdout.split() == [libmachineid.version(), "False"], result.stderr


@pytest.mark.skipif("CHECK_EMULATED" in os.environ, reason="qemu-user has a thread of its own")
def test_nothing_is_printed_and_no_thread_is_started():
    program = "import libmachineid, threading, os; print(threading.active_count(), len(os.listdir('/proc/self/task')))"
    result = outcome(sys.executable, "-W", "error", "-c", program)
    assert (result.stdout, result.stderr) == ("1 1\n", "")

"""The tests that a build is exempt from, each with its reason. They are reported as skipped, with this reason."""

import re
import subprocess

import pytest
import targets

ALIEN = "Python, which is this machine's, cannot load the library"
# What is said of the library and of where its programs run:
#
#     portable   libcurl, OpenSSL and jansson are inside the library
#     rooted     programs run in the root of another system, where there is neither valgrind nor another library
#     glibc 2.31 they run with this glibc, or are compiled for it
#     musl       they run with musl
#     emulated   they run under qemu-user
#
# For each of these words: the ids of tests, as a regular expression, and the reason.
EXEMPT = {
    "portable": [
        (r"test_libcurl\.py::test_unfit", "no other libcurl can take the place of the one inside"),
        (r"test_memory\.py::test_allocator", "an allocator that the host gives to its libcurl is not the inner one's"),
        (r"test_threads\.py::test_thread_sanitizer|_address_sanitizer", "the sanitizers build the shared library anew"),
    ],
    "rooted": [
        (r"valgrind|helgrind", "valgrind cannot run the programs of another root"),
        (r"test_audit\.py", "strace would show what starts the program in its root"),
        (r"under_qemu_user", "the emulator would run what starts the program"),
        (r"test_privileges\.py", "a program with privileges does not enter another root"),
        (r"test_distance\.py::test_exec", "machineid-exec is built for this machine alone"),
    ],
    "glibc 2.31": [
        (r"\b_Fork\b", "this glibc has no _Fork"),
    ],
    "musl": [
        (r"test_fork\.py::test_multiprocessing", ALIEN),
        (r"test_fork\.py::test_spawning", "there is no shell in the root"),
        (r"test_in_handler_during_calls", "musl's fork() in a handler that has interrupted malloc() waits for itself"),
        (r"test_memory\.py", "the allocator that refuses stands on the names of glibc's"),
    ],
    "emulated": [
        (r"test_fork\.py::test_spawning", "programs of this processor only can be started there"),
        (r"test_fork\.py::test_multiprocessing", ALIEN),
        (r"test_trickles\.py::test_(tickets|fork)|test_floods", "a handshake takes longer there than its calls may"),
        (r"test_guards\.py::test_thread", "the emulator has a thread and masks of signals of its own"),
    ],
}


def is_portable(folder):
    """Whether libcurl is inside the library in this folder."""
    said = subprocess.run(["readelf", "-d", folder / "libmachineid.so"], capture_output=True, text=True).stdout
    return "NEEDED" in said and "libcurl" not in said


def traits(target, folder):
    """The words that hold for the library in this folder, and for where its programs run."""
    found = ["portable"] if is_portable(folder) else []
    found += [] if target.name is None else ["rooted"]
    if target.name is not None:
        found += ["musl" if target.libc == "musl" else f"glibc {targets.GLIBC}"]
    return found + (["emulated"] if target.is_emulated else [])


def mark(items, words):
    for item in items:
        for word in words:
            for pattern, reason in EXEMPT[word]:
                if re.search(pattern, item.nodeid):
                    item.add_marker(pytest.mark.skip(reason=f"exempt: {reason}"))

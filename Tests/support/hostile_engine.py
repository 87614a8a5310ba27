"""Tests the library with the hostile authority of Tests/wire/hostile: every behaviour, each in a new process."""

import os
import re
import subprocess
import sys

import checks
import pytest
from processes import within
from project import ROOT

HERE = ROOT / "Tests/wire/hostile"


class Hostile:
    def __init__(self, folder, programs, config):
        self._folder = folder
        self._programs = programs
        self._patterns = config.option.behaviours
        # With -s the whole table is printed.
        self._summary = [] if config.option.capture == "no" else ["--summary"]
        self._environment = {}

    def in_locale(self, name):
        """Sets the locale of the probe: C, or one that localedef makes, such as tr_TR."""
        self._environment["PROBE_LOCALE"] = name
        if name != "C":
            folder = self._folder / "locale"
            folder.mkdir()
            subprocess.run(["localedef", "--no-archive", "-i", name, "-f", "UTF-8", folder / name], check=True)
            self._environment["LOCPATH"] = str(folder)

    def certificate(self):
        """Makes a certificate, and returns the file that contains it and its key."""
        key, certificate = self._folder / "key.pem", self._folder / "certificate.pem"
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        command += ["-days", "30", "-subj", "/CN=hostile", "-addext", "subjectAltName=IP:127.0.0.1"]
        subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
        certificate.write_bytes(certificate.read_bytes() + key.read_bytes())
        return certificate

    def run(self, seconds, *patterns, watch="clock", is_long=False, operations=None, over_tls=False, sanitizer=None):
        """Runs every behaviour with every operation, or only these, within this many seconds.

        watch      clock; or sanitizer or valgrind, which measure no time
        is_long    also cuts a reply at each of its bytes with every operation
        sanitizer  uses the library that was built with a sanitizer
        """
        probe = HERE / "probe.c"
        program = sanitizer.program(probe) if sanitizer else self._programs.program(probe)
        library = sanitizer.folder if sanitizer else self._programs.library
        command = [sys.executable, HERE / "matrix.py", "--probe", program, "--watch", watch, *self._summary]
        if is_long:
            command += ["--long"]
        if over_tls:
            command += ["--https", self.certificate()]
        if operations:
            command += ["--operations", operations]
        environment = {
            **os.environ,
            **self._environment,
            "LD_LIBRARY_PATH": str(library),
            "ASAN_OPTIONS": "exitcode=99",
        }
        output = self._folder / "table"
        status = within(seconds, [*command, *(self._patterns or patterns)], environment, output)
        text = output.read_text(errors="replace")
        print(text)
        self._count(text)
        if status != 0:
            # The output is shown with the failure.
            pytest.fail("it hangs" if status is None else text.splitlines()[-1], pytrace=False)

    @staticmethod
    def _count(text):
        wrong = sum(int(number) for number in re.findall(r"^wrong allowed: (\d+);", text, re.M))
        for passed, failed in re.findall(r"^(\d+) passed, (\d+) failed", text, re.M):
            checks.counted(int(passed), int(failed), wrong)
        checks.said("; ".join(re.findall(r"^(?:\d+ behaviours|wrong allowed: ).*", text, re.M)))

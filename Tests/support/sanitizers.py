"""Builds the library with a sanitizer, and programs that contain the sanitizer's runtime."""

import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest
from commands import tail
from project import ROOT
from targets import FLAGS, WARNINGS


class Sanitizer:
    def __init__(self, kind, folder, programs):
        """The kind is thread or address. Builds the library into the folder, which takes a minute or two the first
        time."""
        self.kind = kind
        self.folder = folder
        self._programs = programs
        scratch = f".build/{kind}-sanitizer"
        print(f"building the library for the {kind} sanitizer, which takes a minute or two the first time", flush=True)
        command = ["swift", "build", "-c", "release", "--build-system", "native", "--disable-local-rpath"]
        command += ["--product", "machineid", "-Xswiftc", f"-sanitize={kind}", "-Xswiftc", "-gline-tables-only"]
        result = subprocess.run(
            [*command, "--scratch-path", scratch],
            env={**os.environ, "MID_SANITIZE": "1"},
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if result.returncode != 0:
            pytest.fail(
                f"the library does not build for {kind}-sanitizer\n{tail(result.stdout, 20)}", pytrace=False
            )
        shutil.copy(ROOT / scratch / "release/libmachineid.so", folder)
        (folder / "libmachineid.so.0").symlink_to("libmachineid.so")
        symbols = subprocess.run(
            ["nm", "-D", folder / "libmachineid.so"], capture_output=True, text=True, check=True
        ).stdout
        if not re.search(rf" U __{kind[0]}san_(write|report_load)", symbols):
            pytest.fail(
                "the library does not use the sanitizer: it imports no symbol for checked reads or writes",
                pytrace=False,
            )

    def program(self, source):
        """Returns a program linked to that library. It is compiled by Swift's own clang, because the sanitizer's
        runtimes must match."""
        swift = pathlib.Path(shutil.which("swift")).resolve().parent
        target = subprocess.run(["swift", "-print-target-info"], capture_output=True, text=True, check=True).stdout
        runtime = json.loads(target)["paths"]["runtimeResourcePath"] + "/linux"
        linked = [f"-L{self.folder}", "-lmachineid", "-ljansson", "-pthread"]
        linked += [f"-L{runtime}", "-ldispatch", "-lBlocksRuntime", f"-Wl,-rpath,{runtime}"]
        command = [str(swift / "clang"), f"-fsanitize={self.kind}", "-fuse-ld=lld", *FLAGS, *WARNINGS, source, *linked]
        return self._programs.compiled(source.stem, command)

"""The packages of all languages beside the HTTP clients that programs would otherwise use. It runs only when it is
named, and needs what script/package --languages makes.

Each program is called with `package` or `plain` and a number of calls. It makes a tenth of them, then measures the
others, and prints three numbers: calls a second, and the resident kilobytes after the first tenth and at the end.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import zipfile

from rounds import announce, medians, ratio_of

ROOT = pathlib.Path(__file__).resolve().parents[1]
PROGRAMS = ROOT / "benchmarks/languages"
PACKAGES = ROOT / "build/packages"
RUST_SOURCES = pathlib.Path("/usr/share/cargo/registry")  # Debian's crates, of which librust-ureq-dev brings ureq.
JNA = "/usr/share/java/jna.jar"
MONO_HTTP = "/usr/lib/mono/4.5/System.Net.Http.dll"
# What the plain contender of each language is.
PLAIN = {
    "Python": "requests.Session",
    "Rust": "ureq",
    "Go": "net/http",
    "Node": "fetch",
    "Ruby": "Net::HTTP",
    "Java": "java.net.http",
    "C#": "HttpClient, on Mono",
    "C++": "libcurl and jansson",
}
NEEDS = {"Python": [], "Rust": ["cargo"], "Go": ["go"], "Node": ["node"], "Ruby": ["gem"], "Java": ["javac"]}
NEEDS |= {"C#": ["mono", "mcs"], "C++": ["g++"]}


def run(*command, **more):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **more)
    if done.returncode != 0:
        sys.exit(f"bench: {command[0]} ended with {done.returncode}: {done.stdout}{done.stderr}")


def package(pattern):
    found = sorted(PACKAGES.glob(pattern))
    if not found:
        sys.exit(f"bench: build/packages has no {pattern}; script/package --languages makes it")
    return found[-1]


def unpack_tar(pattern, folder):
    with tarfile.open(package(pattern)) as archive:
        archive.extractall(folder)
        return folder / archive.getnames()[0].split("/")[0]


def python(folder):
    with zipfile.ZipFile(package("libmachineid-*manylinux*x86_64.whl")) as wheel:
        wheel.extractall(folder)
    return [sys.executable, PROGRAMS / "client.py"], {"PYTHONPATH": folder}


def rust(folder):
    vendor = folder / "vendor"
    vendor.mkdir()
    for crate in RUST_SOURCES.iterdir():
        (vendor / crate.name).symlink_to(crate)
    for name in "machineid-sys", "machineid":
        crate = unpack_tar(f"{name}-[0-9]*.crate", vendor)
        (crate / ".cargo-checksum.json").write_text('{"files":{}}')
    (folder / ".cargo").mkdir()
    replaced = '[source.crates-io]\nreplace-with = "folder"\n[source.folder]\n'
    (folder / ".cargo/config.toml").write_text(f'{replaced}directory = "{vendor}"\n')
    (folder / "Cargo.toml").write_text(
        '[package]\nname = "bench"\nversion = "0.0.0"\nedition = "2021"\n[[bin]]\nname = "bench"\n'
        f'path = "{PROGRAMS}/bench.rs"\n[dependencies]\nmachineid = "*"\nserde_json = "*"\n'
        'ureq = { version = "*", default-features = false, features = ["json"] }\n'
    )
    environment = {**os.environ, "CARGO_HOME": str(folder)}
    run("cargo", "build", "--quiet", "--release", "--offline", cwd=folder, env=environment)
    return [folder / "target/release/bench"], {}


def go(folder):
    shutil.copy(PROGRAMS / "bench.go", folder / "main.go")
    places = {"GOPROXY": f"file://{PACKAGES}/goproxy", "GONOSUMDB": "*", "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local"}
    environment = {**os.environ, **places, "GOPATH": str(folder / "path"), "GO111MODULE": "on"}
    run("go", "mod", "init", "bench.invalid/bench", cwd=folder, env=environment)
    run("go", "get", "machineid.io/go", cwd=folder, env=environment)
    run("go", "build", "-o", "bench", ".", cwd=folder, env=environment)
    # Otherwise nobody could remove them.
    run("go", "clean", "-modcache", cwd=folder, env=environment)
    return [folder / "bench"], {}


def node(folder):
    unpacked = unpack_tar("libmachineid-*.tgz", folder)
    (folder / "node_modules").mkdir()
    unpacked.rename(folder / "node_modules/libmachineid")
    shutil.copy(PROGRAMS / "client.js", folder)
    return ["node", "--expose-gc", folder / "client.js"], {}


def ruby(folder):
    gem = package("libmachineid-*-x86_64-linux.gem")
    run("gem", "install", "--local", "--no-document", "--ignore-dependencies", "--install-dir", folder, gem)
    return ["ruby", PROGRAMS / "client.rb"], {"GEM_PATH": folder}


def java(folder):
    path = f"{folder}:{package('maven/io/machineid/machineid/*/machineid-*[0-9].jar')}:{JNA}"
    run("javac", "-d", folder, "-cp", path, PROGRAMS / "Bench.java")
    # A heap of one size, all of it there from the start, so that the memory is not that of garbage.
    heap = ["-Xms64m", "-Xmx64m", "-XX:+AlwaysPreTouch", "-XX:+UseSerialGC"]
    return ["java", *heap, "-cp", path, "Bench"], {}


def csharp(folder):
    with zipfile.ZipFile(package("MachineID.*.nupkg")) as archive:
        archive.extractall(folder)
    shutil.copy(folder / "lib/net472/MachineID.dll", folder)
    libraries = [f"-reference:{folder}/MachineID.dll", "-reference:System.Net.Http.dll"]
    run("mcs", "-optimize", *libraries, f"-out:{folder}/Bench.exe", PROGRAMS / "Bench.cs")
    return ["mono", folder / "Bench.exe"], {}


def cpp(folder):
    unpacked = unpack_tar("machineid-cpp-[0-9]*[0-9].tar.gz", folder)
    library = unpacked / "lib/amd64-glibc/libmachineid.a"
    libraries = ["-lcurl", "-ljansson", "-pthread"]
    # The archive comes after the program: what it has inside is its own, and libcurl is the system's.
    run("g++", "-std=c++17", "-O2", f"-I{unpacked}/include", PROGRAMS / "bench.cpp", library, *libraries,
        "-o", folder / "bench")
    return [folder / "bench"], {}


MAKERS = dict(zip(PLAIN, (python, rust, go, node, ruby, java, csharp, cpp)))


def missing(language):
    """What a language needs and this machine does not have."""
    programs = [program for program in NEEDS[language] if not shutil.which(program)]
    if language == "Rust" and not list(RUST_SOURCES.glob("ureq-*")):
        programs.append("librust-ureq-dev")
    file = {"Java": JNA, "C#": MONO_HTTP}.get(language, "/")
    return programs + ([] if os.path.exists(file) else [file])


def prepared(bench):
    """The command of each language, and the variables that it needs beside those of the authority."""
    commands = {}
    for language, make in MAKERS.items():
        lacks = missing(language)
        if lacks:
            announce(f"{language} is left out, without {' '.join(lacks)}")
            continue
        folder = pathlib.Path(bench.build) / "languages" / language
        folder.mkdir(parents=True)
        words, more = make(folder)
        commands[language] = [str(word) for word in words], {name: str(value) for name, value in more.items()}
    return commands


def languages(bench, server):
    environment, commands = server.environment("http"), prepared(bench)
    contenders = [(language, kind) for language in commands for kind in ("plain", "package")]
    results = {contender: [] for contender in contenders}
    for n in range(1 if bench.quick else 9):
        # Another one is first in each round.
        first = n * 5 % len(contenders)
        for language, kind in contenders[first:] + contenders[:first]:
            words, more = commands[language]
            command = [*words, kind, bench.scaled(10000)]
            results[language, kind].append(bench.numbers({**environment, **more}, command, language))
    for language, plain in PLAIN.items():
        if language not in commands:
            continue
        ours, others = results[language, "package"], results[language, "plain"]
        rate, before, after = medians(ours)
        bench.row(f"{language}: {plain}", f"{medians(others)[0]:,.0f}", "calls/s")
        bench.row(f"{language}: the package", f"{rate:,.0f}", "calls/s", f"{ratio_of(ours, others):.2f} x")
        bench.row(f"{language}: the package, resident after 1,000 calls", f"{before:,.0f}", "KB")
        bench.row(f"{language}: the package, resident after 10,000 calls", f"{after:,.0f}", "KB")

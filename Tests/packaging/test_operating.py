"""Tests what packaging/ has for operators: the unit for systemd, run as it says, and the manifests for Kubernetes
against its published schema."""

import json
import os
import re
import shlex
import shutil
import subprocess
import time

import pytest
from checks import equal, holds
from processes import await_true
from project import ROOT

UNIT = ROOT / "packaging/systemd/machineid@.service"
MANIFESTS = sorted((ROOT / "packaging/kubernetes").glob("*.yaml"))
EXEC = ROOT / "build/bin/machineid-exec"
KEY = "org_operating"


def test_unit(tmp_path):
    """systemd-analyze reads it in a root of its own, where the programs are."""
    if not shutil.which("systemd-analyze"):
        pytest.skip("there is no systemd-analyze")
    units = tmp_path / "usr/lib/systemd/system"
    shutil.copytree("/usr/lib/systemd/system", units, symlinks=True)
    (tmp_path / "usr/bin").mkdir()
    for program in ("machineid-exec", "setpriv"):
        shutil.copy("/bin/true", tmp_path / "usr/bin" / program)
    shutil.copy(UNIT, units)
    command = ["systemd-analyze", "verify", "--man=no", f"--root={tmp_path}", "machineid@worker.service"]
    said = subprocess.run(command, capture_output=True, text=True)
    about = [line for line in (said.stdout + said.stderr).splitlines() if "machineid" in line]
    equal("systemd-analyze finds no fault", (0, []), (said.returncode, about))


def settings_of(unit):
    """Returns the lines of a unit by name. Lines that end in a backslash go on."""
    lines = re.sub(r"\\\n\s*", " ", unit.read_text()).splitlines()
    return dict(line.split("=", 1) for line in lines if re.match(r"[A-Z]\w*=", line))


def command_of(unit, values, runtime):
    """Returns the command of ExecStart, as systemd makes it from the unit and the variables."""
    words = []
    for word in shlex.split(settings_of(unit)["ExecStart"].replace("%t", str(runtime)).replace("%i", "worker")):
        if word.startswith("$") and not word.startswith("${"):
            words += values[word[1:]].split()
        else:
            words.append(re.sub(r"\$\{(\w+)\}", lambda match: values[match[1]], word))
    return words


@pytest.mark.needs_root
def test_unit_at_work(open_folder, tmp_path, emulator, library):
    """The unit's command with the example's variables: the program runs as another user, has no key, and is stopped by
    a revocation. Started again, as systemd does, it ends with the one status after which systemd does not."""
    authority = emulator("--org-key", KEY)
    key = tmp_path / "machineid-org-key"
    key.write_text(f"{KEY}\n")
    key.chmod(0o400)
    program, runtime, said = open_folder / "program", tmp_path / "run", open_folder / "said"
    program.write_text(f"id -un; env; cat {key}; exec sleep 600\n")
    (runtime / "machineid-worker").mkdir(parents=True)
    values = dict(re.findall(r"^(\w+)=(.*)$", (ROOT / "packaging/systemd/example.conf").read_text(), re.M))
    authority.ask(KEY, "/api/v1/devices/register", {"deviceId": values["DEVICE"]})
    values |= {"RUN_AS": "nobody", "PROGRAM": "/bin/sh", "ARGUMENTS": str(program)}
    command = [word.replace("/usr/bin/machineid-exec", str(EXEC)) for word in command_of(UNIT, values, runtime)]
    # Debian's nobody has a group of another name.
    command = [word.replace("--regid=nobody", "--regid=nogroup") for word in command]
    environment = {
        "PATH": os.environ["PATH"],
        "LD_LIBRARY_PATH": str(library),
        "MACHINEID_BASE_URL": authority.url,
        "CREDENTIALS_DIRECTORY": str(tmp_path),
    }
    with open(said, "wb") as output:
        supervisor = subprocess.Popen(command, env=environment, stdout=output, stderr=output, start_new_session=True)
    try:
        status = runtime / "machineid-worker/status.json"
        running = await_true(lambda: status.exists() and json.loads(status.read_text())["state"] == "running")
        assert running and await_true(lambda: "Permission denied" in said.read_text()), said.read_text()
        authority.ask(KEY, "/api/v1/devices/revoke", {"deviceId": values["DEVICE"]})
        supervisor.wait(60)
        equal("it is stopped, and the status file says so", ("ended", 124), ended_as(status))
        again = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    finally:
        supervisor.kill()
        supervisor.wait()
    holds("it runs as another user", "nobody" in said.read_text().splitlines(), said.read_text())
    holds("it has no key", KEY not in said.read_text() and "MACHINEID_ORG_KEY" not in said.read_text())
    # Any other status may be a program's own: a Go program that panics ends with 2.
    prevented = settings_of(UNIT)["RestartPreventExitStatus"].split()
    equal("the only status that prevents a start", [str(again.returncode)], prevented)
    equal("the program was not started again", "", again.stdout)


def ended_as(status):
    told = json.loads(status.read_text())
    return told["state"], told["exit_status"]


def containers():
    """Yields each container of a pod in the manifests, with the manifest."""
    yaml = pytest.importorskip("yaml")
    for manifest in MANIFESTS:
        for document in yaml.safe_load_all(manifest.read_text()):
            pod = document.get("spec", {}).get("template", {}).get("spec", {})
            for container in pod.get("initContainers", []) + pod.get("containers", []):
                yield manifest, container


@pytest.fixture(params=["this machine's", "busybox's"])
def path(request, tmp_path):
    """A folder with the programs that probes need, those of this machine or those of busybox, as small images have."""
    (tmp_path / "bin").mkdir()
    for name in ("sh", "grep", "find", "test"):
        target = shutil.which("busybox" if request.param == "busybox's" else name)
        if not target:
            pytest.skip(f"{request.param} programs are not installed")
        (tmp_path / "bin" / name).symlink_to(target)
    return tmp_path / "bin"


# What the status file says, and how old it is in seconds; whether readiness and liveness find the program well.
STATUSES = {
    "allowed": ('{"state":"running","allowed":true}', 0, True, True),
    "a moment ago": ('{"state":"running","allowed":true}', 30, True, True),
    "an old file": ('{"state":"running","allowed":true}', 90, False, False),
    "denied": ('{"state":"ended","allowed":false}', 0, False, False),
    "no file": (None, 0, False, False),
}


def status_file(folder, what):
    """Makes one of STATUSES. Returns the file, and whether readiness and liveness find the program well."""
    text, age, is_ready, is_live = STATUSES[what]
    file = folder / "status"
    if text:
        file.write_text(text)
        os.utime(file, (time.time() - age, time.time() - age))
    return file, is_ready, is_live


@pytest.mark.parametrize("what", STATUSES)
def test_probes_of_the_manifests(tmp_path, path, what):
    """The entrypoint's liveness asks only for the age of the file: a denied program's container ends by itself."""
    file, is_ready, is_live = status_file(tmp_path, what)
    found = 0
    for manifest, container in containers():
        for probe, expected in (("readinessProbe", is_ready), ("livenessProbe", is_live)):
            if probe not in container:
                continue
            found += 1
            if (manifest.name, probe, what) == ("entrypoint.yaml", "livenessProbe", "denied"):
                expected = True
            paths = r"/(run/machineid|machineid/status)\.json"
            words = [re.sub(paths, str(file), word) for word in container[probe]["exec"]["command"]]
            done = subprocess.run(words, env={"PATH": str(path)}, capture_output=True, text=True)
            equal(f"{manifest.name}, {probe}: {done.stderr}", expected, done.returncode == 0)
    equal("the probes of two manifests", 4, found)


@pytest.mark.parametrize("what", STATUSES)
def test_healthcheck_of_the_image(tmp_path, path, what):
    """Docker reserves each status but 0 and 1."""
    file, is_ready, _ = status_file(tmp_path, what)
    dockerfile = (ROOT / "packaging/docker/Dockerfile").read_text().replace("\\\n", "")
    line = re.search("^HEALTHCHECK .* CMD (.*)$", dockerfile, re.M)[1]
    command = [path / "sh", "-c", line.replace("/run/machineid.json", str(file))]
    done = subprocess.run(command, env={"PATH": str(path)}, capture_output=True, text=True)
    equal(f"the health: {done.stderr}", 0 if is_ready else 1, done.returncode)


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda file: file.name)
def test_manifest(manifest):
    kubernetes = pytest.importorskip("kubernetes_validate")
    yaml = pytest.importorskip("yaml")
    for document in yaml.safe_load_all(manifest.read_text()):
        kubernetes.validate(document, "1.29", strict=True)


def test_manifests_are_there():
    names = ["entrypoint.yaml", "init-container.yaml", "secret.yaml", "sidecar.yaml"]
    equal("each has its test", names, [file.name for file in MANIFESTS])


def test_commands_of_the_manifests(library):
    """Each command of a manifest is one that the programs take: --help after it is answered, and not refused."""
    found = 0
    for manifest, container in containers():
        words = container.get("command", []) + container.get("args", [])
        if "command" not in container:
            continue
        found += 1
        own = words[: words.index("--")] if "--" in words else words
        command = [ROOT / "build/bin" / own[0], *own[1:], "--help"]
        done = subprocess.run(command, env={"LD_LIBRARY_PATH": str(library)}, capture_output=True, text=True)
        equal(f"{manifest.name}: {' '.join(own)}", (0, ""), (done.returncode, done.stderr))
    equal("two have a command", 2, found)


def test_the_entrypoint_of_the_image(library):
    """machineid-exec takes the options of the Dockerfile, and ends with the program what that has started."""
    text = (ROOT / "packaging/docker/Dockerfile").read_text().replace("\\\n", "")
    words = json.loads(re.search("^ENTRYPOINT (.*)$", text, re.M)[1])
    holds("--kill-group is one", "--kill-group" in words, words)
    command = [ROOT / "build/bin" / words[0], *words[1 : words.index("--")], "--help"]
    done = subprocess.run(command, env={"LD_LIBRARY_PATH": str(library)}, capture_output=True, text=True)
    equal("they are taken", (0, ""), (done.returncode, done.stderr))

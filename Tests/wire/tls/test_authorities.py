"""Which certificates are trusted: those of the authorities in ca_file and ca_path, or in the corresponding variables,
and no others. A failure names the places where the issuer was looked for.
"""

import os
import re
import shutil

from checks import equal, expect
from probe import Probe, attempt

VARIABLES = ("CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")

def looked_in(*places):
    return re.escape("(looked in " + " and ".join(f"{name} {path}" for name, path in places) + ")")


def test_ca_file(world):
    url = world.nginx.url("valid")
    other = str(world.stranger.path)
    message = looked_in(("ca_file", other))
    expect("ca_file: another authority's", attempt(base_url=url, ca_file=other), "MID_TLS_FAILED", message=message)
    expect("ca_file: none", attempt(base_url=url), "MID_TLS_FAILED", message=r"\(looked in the system's file /.*\)$")

    both = world.folder / "both.pem"
    both.write_bytes(world.stranger.path.read_bytes() + world.authority.path.read_bytes())
    expect("ca_file: one of two", attempt(base_url=url, ca_file=str(both)), "MID_OK", 1)

    # The certificate is not an authority, but the file says to trust it.
    itself = str(world.folder / "self-signed.pem")
    result = attempt(base_url=world.nginx.url("self-signed"), ca_file=itself)
    expect("ca_file: a self-signed certificate itself", result, "MID_OK", 1)
    result = attempt(base_url=world.nginx.url("self-signed"), ca_file=other)
    expect("ca_file: not a self-signed certificate", result, "MID_TLS_FAILED", message=message)
    # If the issuer is found, the message names no places.
    result = attempt(base_url=world.nginx.url("expired"), ca_file=world.ca_file)
    expect("ca_file: of an expired certificate", result, "MID_TLS_FAILED", message="^((?!looked in).)*$")

    key = world.certificate.key_path.read_text()
    for name, text in {"empty": "", "text": "not a certificate\n", "key": key}.items():
        path = world.folder / f"bad-{name}.pem"
        path.write_text(text)
        message = re.escape(f"(there is no certificate that can be read in ca_file {path})")
        result = attempt(base_url=url, ca_file=str(path))
        expect(f"ca_file: without a certificate ({name})", result, "MID_TLS_FAILED", message=message)


def test_ca_path(world):
    url = world.nginx.url("valid")
    ours, others = world.hashed_folder(world.authority), world.hashed_folder(world.stranger)
    expect("ca_path: ours", attempt(base_url=url, ca_path=str(ours)), "MID_OK", 1)
    result = attempt(base_url=url, ca_path=str(others))
    expect("ca_path: another's", result, "MID_TLS_FAILED", message=looked_in(("ca_path", others)))
    for what, path in {"second": f"{others}:{ours}", "first": f"{ours}:{others}", "among gaps": f":{ours}::"}.items():
        expect(f"ca_path: several, ours {what}", attempt(base_url=url, ca_path=path), "MID_OK", 1)

    plain = world.folder / "not hashed"
    plain.mkdir()
    (plain / "authority.pem").write_bytes(world.authority.path.read_bytes())
    result = attempt(base_url=url, ca_path=str(plain))
    expect("ca_path: not hashed", result, "MID_TLS_FAILED", message=looked_in(("ca_path", plain)))
    # A file that is added to the folder later is found by the same client.
    with Probe(base_url=url, ca_path=str(plain)) as probe:
        expect("ca_path: before", probe.validate(), "MID_TLS_FAILED", message="ca_path")
        os.link(next(ours.glob("*.0")).resolve(), plain / next(ours.glob("*.0")).name)
        expect("ca_path: after", probe.validate(), "MID_OK", 1)


def test_file_and_path(world):
    """Both count, and neither alone implies the other."""
    ours, others = world.nginx.url("valid"), world.nginx.url("unknown authority")
    folder, file = str(world.hashed_folder(world.authority)), str(world.stranger.path)
    for what, url in {"the folder's": ours, "the file's": others}.items():
        expect(f"ca_file and ca_path: {what}", attempt(base_url=url, ca_file=file, ca_path=folder), "MID_OK", 1)
    url = world.nginx.url("self-signed")
    message = looked_in(("ca_file", file), ("ca_path", folder))
    result = attempt(base_url=url, ca_file=file, ca_path=folder)
    expect("ca_file and ca_path: neither", result, "MID_TLS_FAILED", message=message)


def test_environment(world):
    """The variables are for clients without ca_file and ca_path. The variable of the curl program takes precedence;
    OpenSSL's two count together.
    """
    url = world.nginx.url("valid")
    ours = {name: world.ca_file for name in VARIABLES[:2]} | {"SSL_CERT_DIR": str(world.hashed_folder(world.authority))}
    others = {name: str(world.stranger.path) for name in VARIABLES[:2]}
    others["SSL_CERT_DIR"] = str(world.hashed_folder(world.stranger))
    for name in VARIABLES:
        expect(f"{name}: ours", attempt(base_url=url, environment={name: ours[name]}), "MID_OK", 1)
        result = attempt(base_url=url, environment={name: others[name]})
        expect(f"{name}: another's", result, "MID_TLS_FAILED", message=looked_in((name, others[name])))
        for key, ours_given, others_given in (
            ("ca_file", world.ca_file, others["SSL_CERT_FILE"]),
            ("ca_path", ours["SSL_CERT_DIR"], others["SSL_CERT_DIR"]),
        ):
            result = attempt({key: others_given}, base_url=url, environment={name: ours[name]})
            what = looked_in((key, others_given))
            expect(f"{name} adds nothing to {key}", result, "MID_TLS_FAILED", message=what)
            result = attempt({key: ours_given}, base_url=url, environment={name: others[name]})
            expect(f"{name} takes nothing away from {key}", result, "MID_OK", 1)
        for text in ("", " \n"):
            result = attempt(base_url=url, environment={name: text})
            expect(f"{name} that is empty: {text!r}", result, "MID_TLS_FAILED", message="the system's file")

    first, file, folder = VARIABLES
    cases = [
        ({first: ours[first], file: others[file], folder: others[folder]}, ""),
        ({first: others[first], file: ours[file], folder: ours[folder]}, looked_in((first, others[first]))),
        ({file: ours[file], folder: others[folder]}, ""),
        ({file: others[file], folder: ours[folder]}, ""),
        ({file: others[file], folder: others[folder]}, looked_in((file, others[file]), (folder, others[folder]))),
    ]
    for variables, message in cases:
        result = attempt(base_url=url, environment=variables)
        whose = ", ".join(f"{name}: {'ours' if value == ours[name] else 'others'}" for name, value in variables.items())
        expect(whose, result, "MID_TLS_FAILED" if message else "MID_OK", not message, message)


def test_fixed_when_made(world):
    url = world.nginx.url("one request, TLS 1.3")
    with Probe(base_url=url, environment={"SSL_CERT_FILE": world.ca_file}) as probe:
        results = [probe.validate()]
        probe.setenv("SSL_CERT_FILE", str(world.stranger.path))
        probe.setenv("CURL_CA_BUNDLE", str(world.stranger.path))
        results.append(probe.validate())
        probe.setenv("SSL_CERT_FILE", None)
        results.append(probe.validate())
    expect("authorities of the environment are read once", results, "MID_OK", 1)
    with Probe(base_url=url) as probe:
        probe.setenv("SSL_CERT_FILE", world.ca_file)
        expect("authorities that are set too late", probe.validate(), "MID_TLS_FAILED", message="the system's file")


def test_unfit(world):
    """An unusable file or folder is reported when the client is made, with the name of the option or the variable."""
    fifo, missing = str(world.folder / "fifo"), str(world.folder / "missing.pem")
    os.mkfifo(fifo)
    file, folder = world.ca_file, str(world.folder)
    cases = [
        ("file", missing, "cannot be read: {}: No such file or directory"),
        ("file", fifo, "must be a regular file: {}"),
        ("file", "/dev/stdin", "must be a regular file: {}"),
        ("file", folder, "must be a regular file: {}"),
        ("folder", missing, "cannot be read: {}: No such file or directory"),
        ("folder", file, "must be a directory, or several joined by a colon: {}"),
        ("folder", fifo, "must be a directory, or several joined by a colon: {}"),
    ]
    for kind, path, text in cases:
        message = re.escape(text.format(path))
        option, variables = ("ca_file", VARIABLES[:2]) if kind == "file" else ("ca_path", VARIABLES[2:])
        created = Probe({option: path}).close().created
        expect(f"{option}: {path}", created, "MID_INVALID_OPTIONS", message=f"^{option} {message}")
        for name in variables:
            created = Probe(environment={name: path}).close().created
            expect(f"{name}: {path}", created, "MID_INVALID_OPTIONS", message=f"^{name} {message}")
    created = Probe(ca_path=f"{folder}:{missing}").close().created
    message = f"^ca_path cannot be read: {missing}:"
    expect("ca_path: the second is missing", created, "MID_INVALID_OPTIONS", message=message)
    # A variable that is not needed is not checked.
    for option, value in {"ca_file": world.ca_file, "ca_path": folder}.items():
        with Probe({option: value}, environment={name: missing for name in VARIABLES}) as probe:
            equal(f"variables that name nothing, with {option}", "MID_OK", probe.created.status)


def test_permissions(world):
    """A folder of authorities has to be searched, and a file to be read. The probe runs without root's privilege to
    ignore permissions; the bits of the owner then are as those of others for another user: 711 works, 744 does not.
    """
    url, folder = world.nginx.url("valid"), world.folder / "permissions"
    shutil.copytree(world.hashed_folder(world.authority), folder, symlinks=True)
    file = world.folder / "unreadable.pem"
    file.write_bytes(world.authority.path.read_bytes())
    wrapper = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    denied = "cannot be read: {}: Permission denied"
    for option, path, mode, message in (
        ("ca_path", folder, 0o111, ""),
        ("ca_path", folder, 0o555, ""),
        ("ca_path", folder, 0o644, denied),
        ("ca_path", folder, 0o444, denied),
        ("ca_path", folder, 0o000, denied),
        ("ca_file", file, 0o400, ""),
        ("ca_file", file, 0o300, denied),
        ("ca_file", folder / file.name, 0o644, denied),
    ):
        searched = path.parent if path.parent == folder else path
        searched.chmod(mode)
        result = attempt({option: str(path)}, base_url=url, wrapper=wrapper)
        what, said = f"{option} {path.name} with mode {mode:o}", re.escape(message.format(path))
        expect(what, result, "MID_INVALID_OPTIONS" if message else "MID_OK", not message, said)
        searched.chmod(0o755)


def test_https_proxy(world):
    """A proxy that itself speaks TLS is trusted by the same authorities. This one only presents its certificate."""
    folder, other = str(world.hashed_folder(world.authority)), str(world.stranger.path)
    options = {"base_url": "https://authority.example", "proxy": world.nginx.url("valid")}
    for trusted in ({"ca_file": world.ca_file}, {"ca_path": folder}, {"ca_file": other, "ca_path": folder}):
        result = attempt({**options, **trusted})
        # nginx does not support CONNECT.
        expect(f"https proxy: trusted by {', '.join(trusted)}", result, "MID_CONNECT_FAILED", message="HTTP 4")
    for places in ([("ca_file", other)], [("ca_path", str(world.hashed_folder(world.stranger)))]):
        result = attempt({**options, **dict(places)})
        expect(f"https proxy: not by {places[0][0]}", result, "MID_TLS_FAILED", message=looked_in(*places))

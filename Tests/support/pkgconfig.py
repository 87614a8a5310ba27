"""Lets pkg-config find a library that is not installed."""

from project import ROOT


def describe_library(folder, library):
    """Writes the file for pkg-config of the library in a folder, and returns the value of PKG_CONFIG_PATH."""
    text = (ROOT / "packaging/machineid.pc.in").read_text()
    for mark, value in {"@PREFIX@": ROOT, "@LIBDIR@": library, "@VERSION@": "0"}.items():
        text = text.replace(mark, str(value))
    (folder / "machineid.pc").write_text(text)
    return folder

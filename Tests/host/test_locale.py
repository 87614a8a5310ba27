"""Tests locales of the host: a decimal comma, a Turkish i, encodings other than UTF-8, and a locale that changes during
calls."""

import subprocess

import pytest

LOCALES = {
    "comma": ("de_DE", "UTF-8"),
    "de-latin": ("de_DE", "ISO-8859-1"),
    "tr": ("tr_TR", "UTF-8"),
    "tr-latin": ("tr_TR", "ISO-8859-9"),
}


def test_locales(program, run, authority, tmp_path, long):
    for name, (language, encoding) in LOCALES.items():
        command = ["localedef", "--no-archive", "-i", language, "-f", encoding, tmp_path / name]
        subprocess.run(command, check=True)
    rounds = 10000 if long else 1000
    run([program("locale/locales.c"), rounds, *LOCALES], 120, authority.over("http"), LOCPATH=tmp_path)


@pytest.mark.parametrize("locale", ["C", "de_DE", "tr_TR"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_servers(hostile, locale, scheme, long):
    """Replies of well-behaved servers have the same status in every locale of the host, over http and https: in C, in a
    German locale, whose decimal separator is a comma, and in a Turkish one, in which "I" is not the capital of "i".
    --long uses every operation, and over http also ill-behaved servers."""
    hostile.in_locale(locale)
    names = [] if long and scheme == "http" else ["good/*"]
    operations = None if long else "validate,list_devices"
    hostile.run(3600, *names, operations=operations, over_tls=scheme == "https")

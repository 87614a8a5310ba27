"""Unrequested replies on a kept connection are never the answer to the next request."""

import ssl

import pytest
from checks import equal, expect
from late_replies import BODY, CASES, EXTRA, HEAD, Talker
from probe import Probe
from servers import ALLOW, DENY, Server, http

VERSIONS = pytest.mark.parametrize(
    "version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["TLSv1_2", "TLSv1_3"]
)


@VERSIONS
def test_late_replies(world, version):
    context = world.certificate.context(version)
    for name, records in CASES.items():
        check(world, context, f"late reply, {version.name}: {name}", Talker(records))
    check(world, context, f"late reply, {version.name}: between two calls", Talker([HEAD + BODY], EXTRA))
    check(world, context, f"late reply, {version.name}: begun between two calls", Talker([HEAD + BODY], EXTRA[:20]))


@VERSIONS
def test_given_up(world, version):
    given_up(world, world.certificate.context(version), f"late reply, {version.name}: to a call that was given up")


def check(world, context, what, talker):
    with Server(talker, context) as server, Probe(base_url=server.url, ca_file=world.ca_file) as probe:
        expect(f"{what}: the first call is answered", probe.validate(), "MID_OK", 1)
        talker.may_go_on.set()
        talker.has_gone_on.wait(10)
        second = probe.validate("denied")
        if expect(f"{what}: the second has its own answer", second, "MID_OK", 0):
            equal(f"{what}: byte for byte", DENY.decode(), second.text)
        expect(f"{what}: the third is answered", probe.validate(), "MID_OK", 1)


def given_up(world, context, what):
    talker = Talker([], http(ALLOW), rightly=1)
    with Server(talker, context) as server:
        with Probe(base_url=server.url, ca_file=world.ca_file, timeout_ms=1000) as probe:
            expect(f"{what}: a call before that", probe.validate(), "MID_OK", 1)
            expect(f"{what}: it times out", probe.validate(), "MID_TIMEOUT", message="no reply has begun")
            talker.may_go_on.set()
            talker.has_gone_on.wait(10)
            expect(f"{what}: the next has its own answer", probe.validate("denied"), "MID_OK", 0)
            equal(f"{what}: on a new connection, beside those of the second and third request", 4, server.connections)

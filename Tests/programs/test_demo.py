"""Tests the demo: it succeeds, and it fails when a claim does not hold."""

import pytest
from checks import equal, holds
from commands import outcome, said
from project import ROOT

pytestmark = [pytest.mark.xdist_group("build"), pytest.mark.early]

ALWAYS_ALLOWS = """\
#include <stddef.h>
#include <stdint.h>
int32_t mid_validate(void *client, const char *device_id, int *allowed, char **json);
int32_t mid_validate(void *client, const char *device_id, int *allowed, char **json) {
    (void)client, (void)device_id;
    *allowed = 1;
    if (json) *json = NULL;
    return 0;
}
"""
NO_DEVICES = '{"status":"ok","handler":"devices/list","devices":[]}'


@pytest.fixture(scope="module")
def always_allows(tmp_path_factory):
    """A library for LD_PRELOAD that always allows."""
    folder = tmp_path_factory.mktemp("always-allows")
    (folder / "yes.c").write_text(ALWAYS_ALLOWS)
    said("cc", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-o", folder / "yes.so", folder / "yes.c")
    return {"LD_PRELOAD": folder / "yes.so"}


def demo(what, status, *command, **more):
    result = outcome(*(command or ["script/demo"]), seconds=300, **more)
    equal(what, status, result.returncode)
    print(result.stdout)
    return result.stdout


def at_a_terminal(settings):
    return ["script", "-qec", f"{settings} script/demo", "/dev/null"]


def test_in_a_pipe():
    words = demo("the demo succeeds", 0)
    equal("in a pipe it has no colours", 0, words.count("\033"))


def test_at_a_terminal():
    words = demo("the demo succeeds on a terminal", 0, *at_a_terminal("TERM=xterm"))
    holds("on a terminal it has colours", "\033" in words)


def test_without_colour():
    words = demo("the demo succeeds with NO_COLOR", 0, *at_a_terminal("NO_COLOR=1 TERM=xterm"))
    equal("with NO_COLOR it has no colours", 0, words.count("\033"))


def test_a_library_that_always_allows(always_allows):
    preloaded = [f"LD_PRELOAD={always_allows['LD_PRELOAD']}"]
    words = demo("with a library that always allows, the demo fails", 1, "env", *preloaded, "script/demo")
    holds("and reports that the worker did not stop", "FAILED  it stops before job 4" in words, words)


def test_with_the_service(always_allows, emulator, tmp_path):
    """An emulator stands in for the service."""
    started = emulator("--org-key", "org_service")
    service = {"MACHINEID_ORG_KEY": "org_service", "MACHINEID_BASE_URL": started.url}
    fleet = tmp_path / "fleet"
    said("cc", "-Iinclude", "-o", fleet, "examples/c/fleet.c", "-Lbuild/lib", "-lmachineid")

    def devices():
        return said(fleet, "list", environment={**service, "LD_LIBRARY_PATH": ROOT / "build/lib"}).strip()

    demo("with MACHINEID_ORG_KEY set the demo succeeds", 0, environment=service)
    equal("and leaves no device behind", NO_DEVICES, devices())
    preloaded = [f"LD_PRELOAD={always_allows['LD_PRELOAD']}"]
    demo("and fails with a library that always allows", 1, "env", *preloaded, "script/demo", environment=service)
    equal("and leaves no device behind then either", NO_DEVICES, devices())
    demo("it fails with a wrong key", 1, environment={**service, "MACHINEID_ORG_KEY": "org_wrong"})

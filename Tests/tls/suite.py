"""Starts a program of tests with its modules, each of which has a function run(world)."""

import argparse
import importlib
import pathlib

import checks
from probe import Probe
from world import World


def main(description, modules):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("library", "probe", "emulator", "folder"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("modules", nargs="*", metavar="NAME", default=modules)
    arguments = parser.parse_args()
    for name in arguments.modules:
        if name not in modules:
            parser.error(f"there is no {name}; there are {', '.join(modules)}")
    Probe.program, Probe.library = arguments.probe, arguments.library

    with World(pathlib.Path(arguments.folder), arguments.emulator) as world:
        world.start()
        for name in arguments.modules:
            importlib.import_module(name).run(world)
    return checks.finish()

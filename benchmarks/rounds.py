"""Runs contenders side by side in rounds, and makes the rows of the table."""

import statistics
import subprocess
import sys


def progress(text):
    """Shows the current step on a terminal, in place of the previous one."""
    if sys.stderr.isatty():
        print(f"\r{text:70.70}" + ("" if text else "\r"), end="", file=sys.stderr, flush=True)


def announce(text):
    """Prints the start of a group on a line of its own, if there is no terminal, which shows more than that."""
    if not sys.stderr.isatty():
        print(f"bench: {text}", file=sys.stderr, flush=True)


class Bench:
    def __init__(self, build, quick, wanted):
        self.build, self.quick, self.wanted, self.rows = build, quick, wanted, []

    def wants(self, name):
        # These need another build than the rest.
        return name in self.wanted or (not self.wanted and name not in ("portable", "languages"))

    def numbers(self, environment, command, name):
        """Runs a program and returns the numbers that it prints."""
        progress(name)
        if command[0].startswith("@"):
            command = [f"{self.build}/{command[0][1:]}", *command[1:]]
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode != 0:
            progress("")
            sys.exit(f"bench: {' '.join(command)} ended with {done.returncode}: {done.stderr}")
        progress("")
        return [float(number) for number in done.stdout.split()]

    def rounds(self, environment, contenders, rounds):
        """Returns what each contender printed, a list of numbers for each round."""
        results = {name: [] for name in contenders}
        for n in range(1 if self.quick else rounds):
            for name, command in contenders.items():
                results[name].append(self.numbers(environment, command, name))
        return results

    def row(self, what, value, unit, ratio="", target=""):
        self.rows.append((what, value, unit, ratio, target))

    def compare(self, title, unit, results, base, targets={}, *, column=0, digits=0):
        """Adds a row for each contender, with one of its numbers and the ratio to `base`."""
        for name, rows in results.items():
            ratio = "" if name == base else f"{ratio_of(rows, results[base], column):.2f} x"
            self.row(f"{title}: {name}", f"{medians(rows)[column]:,.{digits}f}", unit, ratio, targets.get(name, ""))

    def scaled(self, calls):
        return str(max(calls // 40, 8) if self.quick else calls)


def medians(rows):
    return [statistics.median(column) for column in zip(*rows)]


def ratio_of(rows, others, column=0):
    """Returns the median of the rounds' ratios. The speed of a shared machine varies over seconds: programs that run
    side by side are comparable, but a median of one time and a median of another are not.
    """
    return statistics.median(one[column] / other[column] for one, other in zip(rows, others))

"""Prints the table: a line for each behaviour, with the expected and the observed results."""

import collections
import re


def short(status):
    return status.removeprefix("MID_")


def expected(behaviour):
    """The statuses expected of validate, and those of the other operations if they differ."""
    text = "|".join(sorted(map(short, behaviour.validate)))
    if behaviour.others != behaviour.validate:
        text += " others " + "|".join(sorted(map(short, behaviour.others)))
    return text


def found(runs):
    """The observed statuses, and how often each occurred."""
    counts = collections.Counter(
        short(run.lines[0]["status"]) if run.lines else "nothing" for run in runs)
    return " ".join(f"{count}x{status}" for status, count in sorted(counts.items()))


def rows(runs):
    """Groups the runs by behaviour, or by family of behaviours."""
    groups = collections.OrderedDict()
    for run in runs:
        groups.setdefault(run.behaviour.family or run.behaviour.name, []).append(run)
    return groups


def alike(complaints):
    """Groups equal complaints of several runs: the text, and the runs that it is about."""
    groups = collections.OrderedDict()
    for run, complaint in complaints:
        retries = f" with max_retries {run.max_retries}" if run.max_retries else ""
        where = f"{run.behaviour.name}, {run.operation}{retries}" if run.behaviour.family else run.operation + retries
        groups.setdefault(re.sub(r"(?<=took )\d+", "N", complaint.replace(run.device, "DEVICE")), []).append(where)
    return groups


def show(runs, strays, summary):
    """Prints the table; returns whether every run was right."""
    if not summary:
        print(f"{'behaviour':38} {'':6} {'expected':36} {'runs and statuses':40} {'ms':>5}  result")
    groups = rows(runs)
    for name, group in groups.items():
        behaviour = group[0].behaviour
        complaints = [(run, complaint) for run in group for complaint in run.complaints]
        slowest = max((run.lines[0]["ms"] for run in group if run.lines), default=0)
        if behaviour.family:
            name += f" ({len({run.behaviour.name for run in group})})"
        if complaints or not summary:
            print(f"{name:38} {behaviour.kind:6} {expected(behaviour):36} {found(group):40} {slowest:5.0f}  "
                  + ("FAILED" if complaints else "ok"))
        for text, where in alike(complaints).items():
            print(f"    {where[0]}{f' and {len(where) - 1} more' if len(where) > 1 else ''}: {text}")
    failed = sum(bool(run.complaints) for run in runs)
    if strays:
        print(f"{'redirects that were followed':38} {strays} requests or connections  FAILED")
        failed += 1
    timed = [run for run in runs if run.is_timed and len(run.lines) == 5]
    late = max((run.lines[0]["ms"] - run.timeout_ms for run in timed if run.behaviour.waits), default=None)
    peak = max((run.lines[4]["peak_kb"] for run in timed), default=None)
    again = sum(hasattr(run, "was_remeasured") for run in runs)
    wrong = sum(any(complaint.startswith("WRONG ALLOWED") for complaint in run.complaints) for run in runs)
    kinds = collections.Counter(behaviour.kind for behaviour in {run.behaviour.name: run.behaviour for run in runs}.values())
    print(f"{sum(kinds.values())} behaviours ({', '.join(f'{count} {kind}' for kind, count in sorted(kinds.items()))}), "
          f"{len(runs)} processes{runs[0].watch.text}")
    print(f"wrong allowed: {wrong}; largest overshoot of timeout_ms: {late if late is None else round(late, 1)} ms; "
          f"largest peak memory: {peak and peak // 1024} MB; measured again alone: {again}")
    print(f"{len(runs) - sum(bool(run.complaints) for run in runs)} passed, {failed} failed")
    return failed == 0

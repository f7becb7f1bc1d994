"""Lines below tables and figures: what a reader must know to compare what is in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from c10h.metrics.differences import Difference
from c10h.metrics.estimates import ScoredRun
from c10h.metrics.strata import ALL

INTERVALS = "Intervals: 95 %, bootstrap over items."
# How many names a line has where they are all that there is.
MOST_NAMES = 4


def exposure_notes(exposures: Iterable[tuple[str, str]]) -> list[str]:
    """Which runs were trained on the items that they are about, of pairs of a run and a word."""
    groups: dict[str, list[str]] = {}
    for run, exposure in exposures:
        groups.setdefault(exposure, []).append(run)
    if len(groups) == 1 and len(next(iter(groups.values()))) > MOST_NAMES:
        return [f"Items in training: {kind} (all {len(names)})" for kind, names in groups.items()]
    return [f"Items in training: {kind} ({', '.join(names)})" for kind, names in groups.items()]


def absence_notes(runs: Sequence[ScoredRun], metrics: Sequence[str], stratum: str) -> list[str]:
    """Which runs lack a metric that is shown, with the reason."""
    groups: dict[tuple[str, str], list[str]] = {}
    for run in runs:
        lacking: dict[str, list[str]] = {}
        for metric in metrics:
            estimate = run.estimate(metric, stratum)
            why = estimate.why if estimate else "not in the scores file"
            if why:
                lacking.setdefault(why, []).append(metric)
        for why, names in lacking.items():
            groups.setdefault((", ".join(names), why), []).append(run.name)
    return [f"No {names} for {', '.join(runs)}: {why}" for (names, why), runs in groups.items()]


def metric_notes(runs: Sequence[ScoredRun], metrics: Sequence[str], stratum: str) -> list[str]:
    """What is to be known of metrics of all items: notes of runs that begin with their names."""
    return [
        f"{run.name}: {line}"
        for run in runs
        for line in run.notes.splitlines()
        if stratum == ALL and line.partition(":")[0] in metrics
    ]


def items_notes(runs: Sequence[ScoredRun], part: Callable[[ScoredRun], str]) -> list[str]:
    """Where runs that are compared are not about the same items; ``part`` is what is compared."""
    digests: dict[str, set[str]] = {}
    for run in runs:
        digests.setdefault(part(run), set()).add(run.items)
    return [
        f"Runs{f' on {name}' if name else ''} have different items or labels."
        for name, different in digests.items()
        if len(different) > 1
    ]


def unpaired_notes(grid: Iterable[Sequence[Difference]]) -> list[str]:
    """Why there are no differences, in lines: of a run, or of some metrics of it."""
    reasons: list[tuple[str, str]] = []
    for row in grid:
        is_of_all = len({difference.why for difference in row}) == 1
        reasons += [
            (
                difference.a if is_of_all else f"{difference.metric} of {difference.a}",
                difference.why,
            )
            for difference in row
            if difference.why
        ]
    return reason_notes(reasons)


def reason_notes(reasons: Iterable[tuple[str, str]]) -> list[str]:
    """A line for each reason, with the runs that it is true of, of pairs of a run and a reason."""
    runs: dict[str, dict[str, None]] = {}
    for run, why in reasons:
        runs.setdefault(why, {})[run] = None
    return [f"{', '.join(names)}: {why}" for why, names in runs.items()]

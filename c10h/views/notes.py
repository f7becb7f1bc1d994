"""Lines below tables and figures: what a reader must know to compare what is in them."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Sequence

from c10h.errors import counted
from c10h.metrics.differences import Difference, shown_ends
from c10h.metrics.estimates import DISTANCES, EXCHANGED, FAILED_CHECK, Estimate, Figure, ScoredRun
from c10h.metrics.over_networks import MEAN
from c10h.metrics.references import FIRST_CHOICE, NO_UNCERTAINTY, RESCALED
from c10h.metrics.strata import ALL

INTERVALS = "Intervals: 95 %, bootstrap over items."
# How many names a line has where they are all that there is.
MOST_NAMES = 4
# Items of which a network that is right on all is asked about.
MANY = 100
# Nats between distributions that differ by rounding to float32.
SAME = 1e-6
ORDERED = "(--classes NAME,… names columns that have no names)"
# A run says hardly anything of people where the best temperature takes less than this share off the
# distance of equal probabilities, or less than this share of what its first choices take off.
LEAST_GAIN, LEAST_SHARE = 0.001, 0.25


def exposure_notes(exposures: Iterable[tuple[str, str]]) -> list[str]:
    """Which runs were trained on the items that they are about, of pairs of a run and a word."""
    groups: dict[str, list[str]] = {}
    for run, exposure in dict.fromkeys(exposures):
        groups.setdefault(exposure, []).append(run)
    if len(groups) == 1 and len(next(iter(groups.values()))) > MOST_NAMES:
        return [f"Items in training: {kind} (all {len(names)})" for kind, names in groups.items()]
    return [f"Items in training: {kind} ({', '.join(names)})" for kind, names in groups.items()]


def absence_notes(runs: Sequence[ScoredRun], metrics: Sequence[str], stratum: str) -> list[str]:
    """Which runs lack a metric that is shown, with the reason."""
    groups: dict[tuple[str, str], dict[str, None]] = {}
    for run in runs:
        lacking: dict[str, list[str]] = {}
        for metric in metrics:
            estimate = run.estimate(metric, stratum)
            why = estimate.why if estimate else "not in the scores file"
            if why:
                lacking.setdefault(why, []).append(metric)
        for why, names in lacking.items():
            groups.setdefault((", ".join(names), why), {})[run.name] = None
    return [f"No {names} for {', '.join(runs)}: {why}" for (names, why), runs in groups.items()]


def metric_notes(runs: Sequence[ScoredRun], metrics: Sequence[str], stratum: str) -> list[str]:
    """What is to be known of metrics of all items: notes of runs that begin with their names."""
    return [
        f"{run.name}: {line}"
        for run in runs
        for line in run.notes.splitlines()
        if stratum == ALL and line.partition(":")[0] in metrics
    ]


def networks_notes(runs: Sequence[ScoredRun]) -> list[str]:
    """Which runs are means or have an item by one of several networks, and of how many."""
    groups: dict[str | None, dict[str, None]] = {}
    for run in runs:
        groups.setdefault(_what_combined(run), {})[run.name] = None
    every = len(groups) == 1 and len(runs) > MOST_NAMES
    return [
        f"{what}: {'all' if every else ', '.join(names)}"
        for what, names in groups.items()
        if what is not None
    ]


def _what_combined(run: ScoredRun) -> str | None:
    """How a run combines networks, in words; None for a single network or an ensemble."""
    size = len(run.networks)
    if run.parts:
        kind = "seeds" if len({part.network for part in run.parts}) == 1 else "networks"
        return f"Means over {len(run.parts)} {kind} ({counted(size, 'trained network')})"
    if run.combined == MEAN:
        return f"Means of {size} networks' figures (score --ensemble: of their mean prediction)"
    return f"Each item by one of {size} networks, that of its fold" if run.combined else None


def intervals_note(runs: Sequence[ScoredRun]) -> str:
    """What intervals are over."""
    parts = dict.fromkeys(len(run.parts) for run in runs if run.parts)
    if not parts:
        return INTERVALS
    numbers = " or ".join(map(str, parts))
    alone = "" if all(run.parts for run in runs) else "; of a single run over items"
    return f"Intervals: 95 %, runs ({numbers}) and items drawn anew{alone}."


def items_notes(runs: Sequence[ScoredRun], part: Callable[[ScoredRun], str]) -> list[str]:
    """Where runs that are compared are not about the same items; ``part`` is what is compared."""
    digests: dict[str, set[str]] = {}
    for run in runs:
        digests.setdefault(part(run), set()).add(run.items)
    return [
        f"Runs{f' on {name}' if name else ''} have different items or labels (score --common: on "
        "the items that all have)."
        for name, different in digests.items()
        if len(different) > 1
    ]


def sizes_notes(runs: Sequence[ScoredRun], metrics: Sequence[str], stratum: str = ALL) -> list[str]:
    """Over how many items the values are: the number of most metrics, then of others."""
    sizes: dict[str, list[str]] = {}
    for metric in metrics:
        estimates = [run.estimate(metric, stratum) for run in runs]
        size = "/".join(dict.fromkeys(f"{estimate.n:,}" for estimate in estimates if estimate))
        sizes.setdefault(size, []).append(metric)
    first, *others = sorted(sizes, key=lambda size: -len(sizes[size]))
    words = [first, *(f"{size} ({', '.join(sizes[size])})" for size in others)]
    return [f"Items: {'; '.join(words)}"]


def best_ceiling(estimates: Iterable[Estimate | None]) -> tuple[str, float] | None:
    """What people reach, with its method, by the first run that has it; the best corrected one."""
    for estimate in estimates:
        if estimate is not None and estimate.ceilings:
            return list(estimate.ceilings.items())[-1]
    return None


def scale_notes(runs: Sequence[ScoredRun]) -> list[str]:
    """How much of each run's distance from the labels is the scale of its confidence."""
    notes = []
    for run in runs:
        if (temperature := run.temperature) is None:
            continue
        note = f"{run.name}: temperature {temperature.value:.3f} (range {temperature.spread:.3f})"
        scale, metric = run.scale, distance_of(run.metrics)
        if scale is not None and scale.value is not None and metric is not None:
            note += f"; {percent_range(scale)} of its distance in {metric} is scale of confidence"
        if (worth := _worth_without_uncertainty(run)) is not None:
            note += f"; without any uncertainty it is worth {worth:.2f} annotators"
        notes.append(note)
    return notes


def failed_check_notes(runs: Sequence[ScoredRun]) -> list[str]:
    """Which runs are left by attacks whose checks failed, and what that says."""
    return [
        f"warning: {run.name}: {line}"
        for run in runs
        for line in run.notes.splitlines()
        if line.startswith(FAILED_CHECK)
    ]


def misordered_notes(runs: Sequence[ScoredRun]) -> list[str]:
    """Which runs say hardly anything of the labels, whatever their temperature.

    Or which seem to call classes by each other's names. Columns or items in a wrong order are like
    that, and nothing else shows it where they have no names, or wrong ones.
    """
    exchanged = {
        run.name: line
        for run in runs
        for line in run.notes.splitlines()
        if line.startswith(EXCHANGED)
    }
    warnings = [
        f"warning: {run.name}: its probabilities are the labels, compared with themselves"
        for run in runs
        if _is_the_labels(run)
    ]
    warnings += [
        f"warning: {run.name}: right on all {accuracy.n:,} items: is the truth made of its first "
        "choices?"
        for run in runs
        if (accuracy := run.estimate("accuracy")) is not None
        and accuracy.value == 1
        and accuracy.n >= MANY
    ]
    warnings += [
        f"warning: {name}: {line}: are its columns in the order of the labels? {ORDERED}"
        for name, line in exchanged.items()
    ]
    names = [run.name for run in runs if run.name not in exchanged and _seems_misordered(run)]
    if names:
        are, their = ("is", "its") if len(names) == 1 else ("are", "their")
        warnings.append(
            f"warning: {', '.join(names)} {are} hardly closer to the labels than equal "
            f"probabilities, at any temperature: are {their} classes and items in the order of the "
            f"labels? {ORDERED}"
        )
    return warnings


def _is_the_labels(run: ScoredRun) -> bool:
    """Whether a run is no further from people than their own shares of votes are."""
    own = run.estimate("kl")
    return own is not None and own.why is None and abs(own.value) < SAME


def _seems_misordered(run: ScoredRun) -> bool:
    """Whether the best temperature gains next to nothing, or far less than first choices alone."""
    metric = distance_of(run.metrics)
    known = {} if metric is None else run.references(metric)
    equal = math.log(len(run.scores.classes))
    gains = {name: equal - (figure.value or 0) for name, figure in known.items() if not figure.why}
    if RESCALED not in gains:
        return False
    least = max(LEAST_GAIN * equal, LEAST_SHARE * gains.get(FIRST_CHOICE, 0.0))
    return gains[RESCALED] < least


def percent_range(share: Figure) -> str:
    """A share and its interval in percent."""
    text = f"{_percent(share.value or 0)} %"
    if share.low is None or share.high is None:
        return text
    return f"{text} ({_percent(share.low)} to {_percent(share.high)} %)"


def _percent(share: float) -> str:
    """In whole percent; what rounds to 0 has no sign."""
    return f"{round(100 * share):d}".replace("-", "\N{MINUS SIGN}")


def _worth_without_uncertainty(run: ScoredRun) -> float | None:
    """How many annotators the run is worth where it is sure of its first choices."""
    if "equivalent_annotators" not in run.metrics:
        return None
    alone = run.references("equivalent_annotators").get(NO_UNCERTAINTY)
    return None if alone is None else alone.value


def distance_of(metrics: Collection[str]) -> str | None:
    """The metric that is the distance from the labels: from people, or from the truth."""
    return next((name for name in DISTANCES if name in metrics), None)


def remaining_notes(grid: Iterable[Sequence[Difference]]) -> list[str]:
    """How much of each run's difference remains at equal scale, in a sentence each."""
    sentences = []
    for row in grid:
        metric = distance_of([difference.metric for difference in row])
        sentences += [remaining(d, _signed) for d in row if d.metric == metric and d.why is None]
    return list(filter(None, sentences))


def remaining(difference: Difference, told: Callable[[Difference], str]) -> str:
    """How much of a difference remains at equal scale, in a sentence; "" where that is not known.

    told: writes a difference and its interval.
    """
    scaled = difference.rescaled
    if difference.value is None or scaled.value is None:
        return ""
    about = f"{difference.a} and {difference.b} in {difference.metric}"
    if not difference.is_clear:
        if not scaled.is_clear:
            return f"No difference can be told between {about}, as they are or at equal scale."
        return f"A difference can be told between {about} at equal scale only: {told(scaled)}."
    differs = (
        f"{difference.a} differs from {difference.b} by {told(difference)} in {difference.metric}"
    )
    if not scaled.is_clear:
        return f"{differs}; at equal scale no difference can be told: {told(scaled)}."
    if scaled.value * difference.value < 0:
        return f"{differs}, but the other way at equal scale: by {told(scaled)}."
    if abs(scaled.value) > abs(difference.value):
        return f"{differs}, and by more at equal scale: {told(scaled)}."
    return f"{differs}, of which {told(scaled)} remain at equal scale."


def _signed(difference: Difference) -> str:
    """A difference and its interval."""
    value, low, high = (f"{part or 0:+.4f}" for part in (difference.value, *shown_ends(difference)))
    return f"{value} ({low} to {high})".replace("-", "\N{MINUS SIGN}")


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

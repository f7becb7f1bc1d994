"""Which run is best, and paired differences between runs over the same items.

Resamples that draw the same items for both runs give the interval of a difference. That is so where
seed and number of resamples are equal: the weights depend on nothing else
(:mod:`c10h.metrics.bootstrap`).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import NamedTuple

import numpy as np

from c10h.metrics import bootstrap
from c10h.metrics.estimates import ScoredRun, SpreadFigure
from c10h.metrics.over_networks import Spread, mixed, over_networks
from c10h.metrics.references import RESCALED
from c10h.metrics.strata import ALL
from c10h.records import Array

# The setting of scores that says what temperatures were fitted to.
RESCALE = "rescale"
NO_FIGURE = SpreadFigure()
# Why there is no difference at equal scale between runs of rounded probabilities.
DECISIVE_ZEROS = "probabilities of 0 decide the distance and the temperature of"


class Pair(NamedTuple):
    """A run, and the one that it is compared with."""

    run: ScoredRun
    baseline: ScoredRun


@dataclass(frozen=True)
class Difference:
    """a - b of one metric in a stratum; None where there is none, and why.

    a, b: the names of the runs. low, high: the ends of the 95 % interval over items. over_networks,
    mixed: the same difference with the intervals of :mod:`~c10h.metrics.over_networks`, of networks
    and of runs that are paired. at_equal_scale: the difference after each run was rescaled by its
    own temperature: what is not confidence scale.
    """

    metric: str
    a: str
    b: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    why: str | None = None
    stratum: str = ALL
    at_equal_scale: SpreadFigure = NO_FIGURE
    over_networks: Spread | None = None
    mixed: Spread | None = None

    @property
    def is_clear(self) -> bool:
        """Whether the interval excludes 0: the mixed one, where there is one."""
        return excludes_zero(self)

    @property
    def rescaled(self) -> Difference:
        """The difference at equal scale."""
        scaled = self.at_equal_scale
        return replace(
            self, value=scaled.value, low=scaled.low, high=scaled.high, why=scaled.why,
            at_equal_scale=NO_FIGURE, over_networks=scaled.over_networks, mixed=scaled.mixed,
        )  # fmt: skip


def excludes_zero(figure: SpreadFigure | Difference) -> bool:
    """Whether an interval excludes 0: the mixed one, where there is one."""
    low, high = shown_ends(figure)
    return low is not None and high is not None and (low > 0 or high < 0)


def shown_ends(figure: SpreadFigure | Difference) -> tuple[float | None, float | None]:
    """The ends of the interval that is shown: over runs and items where there are several runs."""
    ends = figure if figure.mixed is None else figure.mixed
    return ends.low, ends.high


def pairs_with(baseline: ScoredRun, runs: Sequence[ScoredRun]) -> list[Pair]:
    """Every other run with one of them."""
    return [Pair(run, baseline) for run in runs if run is not baseline]


def pairs_with_first(runs: Sequence[ScoredRun]) -> list[Pair]:
    """Every other run with the first one of its data set."""
    first: dict[str, ScoredRun] = {}
    for run in runs:
        first.setdefault(run.data, run)
    return [Pair(run, first[run.data]) for run in runs if run is not first[run.data]]


def differences(
    pairs: Sequence[Pair], metrics: Sequence[str], stratum: str = ALL
) -> list[list[Difference]]:
    """Paired differences: a list a pair, with one for each metric.

    Of each run the resamples are read once, and only where there is a difference.
    """
    resamples = {id(pair.baseline): _Resamples(pair.baseline, stratum) for pair in pairs}
    return [_of_pair(pair, metrics, stratum, resamples[id(pair.baseline)]) for pair in pairs]


class _Resamples:
    """The bootstrap values of a run, and of it rescaled, (q, B), read when they are needed."""

    def __init__(self, run: ScoredRun, stratum: str) -> None:
        self.own = cache(partial(run.samples, stratum))
        self.rescaled = cache(partial(run.rescaled_samples, stratum))


def _of_pair(
    pair: Pair, metrics: Sequence[str], stratum: str, baseline: _Resamples
) -> list[Difference]:
    """The differences of one pair. baseline: the resamples of its baseline."""
    differences = [_without_interval(*pair, metric, stratum) for metric in metrics]
    run = _Resamples(pair.run, stratum)
    paired = [difference.metric for difference in differences if difference.why is None]
    ends = _intervals(pair, paired, run.own, baseline.own)
    scaled = {metric: _at_equal_scale(*pair, metric, stratum) for metric in paired}
    paired = [metric for metric, figure in scaled.items() if figure.why is None]
    scaled_ends = _intervals(pair, paired, run.rescaled, baseline.rescaled)

    def with_interval(difference: Difference) -> Difference:
        metric = difference.metric
        if difference.why is not None:
            return replace(difference, at_equal_scale=SpreadFigure(why=difference.why))
        figure = scaled[metric]
        if metric in scaled_ends:
            low, high = scaled_ends[metric]
            figure = replace(
                figure,
                low=low,
                high=high,
                over_networks=_over_networks(pair, metric, stratum, rescaled=True),
                mixed=_mixed(pair, metric, stratum, rescaled=True),
            )
        low, high = ends[metric]
        return replace(
            difference,
            low=low,
            high=high,
            at_equal_scale=figure,
            over_networks=_over_networks(pair, metric, stratum, rescaled=False),
            mixed=_mixed(pair, metric, stratum, rescaled=False),
        )

    return [with_interval(difference) for difference in differences]


def _intervals(
    pair: Pair,
    metrics: Sequence[str],
    first: Callable[[], Array],
    second: Callable[[], Array],
) -> dict[str, tuple[float, float]]:
    """The ends of the intervals of differences, from the resamples of a pair, read if needed."""
    if not metrics:
        return {}
    of_run, of_baseline = (
        samples()[[run.metrics.index(metric) for metric in metrics]]
        for run, samples in zip(pair, (first, second), strict=True)
    )
    with np.errstate(invalid="ignore"):  # infinity less infinity
        low, high = bootstrap.interval(of_run - of_baseline)
    return dict(zip(metrics, zip(low.tolist(), high.tolist(), strict=True), strict=True))


def _over_networks(pair: Pair, metric: str, stratum: str, *, rescaled: bool) -> Spread | None:
    """A difference over networks, where both runs have the same ones."""
    a, b = pair
    if not a.networks or a.networks != b.networks:
        return None
    first, second = (run.network_values(metric, stratum, rescaled=rescaled) for run in pair)
    with np.errstate(invalid="ignore"):  # infinity less infinity
        return over_networks(first - second)


def _mixed(pair: Pair, metric: str, stratum: str, *, rescaled: bool) -> Spread | None:
    """A difference over parts and items, where both runs are means of the same parts."""
    a, b = pair
    if len(a.parts) < 2 or list(map(_place, a.parts)) != list(map(_place, b.parts)):
        return None
    draws, values = [], []
    for parts in zip(a.parts, b.parts, strict=True):
        drawn = [part.draws_of(metric, stratum, rescaled=rescaled) for part in parts]
        draws.append(drawn[0] - drawn[1])
        of_parts = [part.value_of(metric, stratum, rescaled=rescaled) for part in parts]
        values.append(of_parts[0] - of_parts[1])
    return mixed(np.stack(draws), np.array(values), int(a.scores.settings["seed"]))


def _place(part: ScoredRun) -> tuple[str, str]:
    """What is the same for the parts of two means that are paired."""
    return part.network, part.seed


def _at_equal_scale(a: ScoredRun, b: ScoredRun, metric: str, stratum: str) -> SpreadFigure:
    """The difference of two rescaled runs without its interval, or why there is none."""
    first, second = (run.references(metric, stratum).get(RESCALED) for run in (a, b))
    if first is None or second is None:
        return SpreadFigure(why="one of the runs was scored without references")
    if a.scores.settings.get(RESCALE) != b.scores.settings.get(RESCALE):
        return SpreadFigure(why="the runs were rescaled to different labels")
    if first.value is None or second.value is None:
        return SpreadFigure(why=first.why or second.why)
    if zeros := [run.name for run in (a, b) if run.has_decisive_zeros(metric)]:
        return SpreadFigure(why=f"{DECISIVE_ZEROS} {' and '.join(zeros)}")
    if np.isinf(first.value) or np.isinf(second.value):
        return SpreadFigure(why="one of the values is infinite")
    return SpreadFigure(first.value - second.value)


def _without_interval(a: ScoredRun, b: ScoredRun, metric: str, stratum: str) -> Difference:
    first, second = a.estimate(metric, stratum), b.estimate(metric, stratum)
    if first is None or second is None:
        why: str | None = "one of the runs does not have this value"
    elif first.why or second.why:
        why = first.why or second.why
    elif np.isinf(first.value) or np.isinf(second.value):
        why = "one of the values is infinite"
    else:
        why = _why_unpaired(a, b)
    if why or first is None or second is None:
        return Difference(metric, a.name, b.name, why=why, stratum=stratum)
    return Difference(metric, a.name, b.name, first.value - second.value, stratum=stratum)


def _why_unpaired(a: ScoredRun, b: ScoredRun) -> str | None:
    for setting in ("seed", "resamples"):
        if a.scores.settings.get(setting) != b.scores.settings.get(setting):
            return f"not paired: scored with a different {setting}"
    return None if a.items == b.items else "not paired: the runs have different items or labels"


def best(better: str, values: Sequence[float | None], about: Sequence[Hashable]) -> list[bool]:
    """Which values are the best of those about the same, where there are several to compare.

    better: "high", "low", or "" for a metric of which no value is better. None: no value.
    """
    known: dict[Hashable, list[float]] = {}
    for value, what in zip(values, about, strict=True):
        if value is not None:
            known.setdefault(what, []).append(value)
    pick = {"high": max, "low": min}.get(better)
    bests = {what: pick(group) for what, group in known.items() if pick and len(group) > 1}
    return [
        value is not None and value == bests.get(what)
        for value, what in zip(values, about, strict=True)
    ]

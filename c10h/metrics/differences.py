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
from c10h.metrics.estimates import ScoredRun
from c10h.metrics.strata import ALL
from c10h.records import Array


class Pair(NamedTuple):
    """A run, and the one that it is compared with."""

    run: ScoredRun
    baseline: ScoredRun


@dataclass(frozen=True)
class Difference:
    """a - b of one metric in a stratum; None where there is none, and why.

    a, b: the names of the runs. low, high: the ends of the 95 % interval.
    """

    metric: str
    a: str
    b: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    why: str | None = None
    stratum: str = ALL

    @property
    def is_clear(self) -> bool:
        """Whether the interval excludes 0."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


def pairs_with(baseline: ScoredRun, runs: Sequence[ScoredRun]) -> list[Pair]:
    """Every other run with one of them."""
    return [Pair(run, baseline) for run in runs if run is not baseline]


def differences(
    pairs: Sequence[Pair], metrics: Sequence[str], stratum: str = ALL
) -> list[list[Difference]]:
    """Paired differences: a list a pair, with one for each metric.

    Of each run the resamples are read once, and only where there is a difference.
    """
    resamples = {
        id(pair.baseline): cache(partial(pair.baseline.samples, stratum)) for pair in pairs
    }
    return [_of_pair(pair, metrics, stratum, resamples[id(pair.baseline)]) for pair in pairs]


def _of_pair(
    pair: Pair, metrics: Sequence[str], stratum: str, resamples: Callable[[], Array]
) -> list[Difference]:
    """The differences of one pair, of which the baseline has the resamples (q, B)."""
    values = [_without_interval(*pair, metric, stratum) for metric in metrics]
    shared = [difference.metric for difference in values if difference.why is None]
    if not shared:
        return values
    first, second = (
        samples[[run.metrics.index(metric) for metric in shared]]
        for run, samples in zip(pair, (pair.run.samples(stratum), resamples()), strict=True)
    )
    with np.errstate(invalid="ignore"):  # infinity less infinity
        low, high = bootstrap.interval(first - second)
    ends = dict(zip(shared, zip(low.tolist(), high.tolist(), strict=True), strict=True))
    return [
        replace(difference, low=ends[difference.metric][0], high=ends[difference.metric][1])
        if difference.why is None
        else difference
        for difference in values
    ]


def _without_interval(a: ScoredRun, b: ScoredRun, metric: str, stratum: str) -> Difference:
    first, second = a.estimate(metric, stratum), b.estimate(metric, stratum)
    if first is None or second is None:
        why: str | None = "one of the runs has no such figure"
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
        if a.scores.settings[setting] != b.scores.settings[setting]:
            return f"not paired: scored with another {setting}"
    return None if a.items == b.items else "not paired: the runs are about other items or labels"


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

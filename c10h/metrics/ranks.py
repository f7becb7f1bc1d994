"""Metrics that depend on ranks over the whole set: AURC, rank correlation, equal-mass bins.

Up to EXACT_ITEMS items the values are exact, ties included. Above, items are first put into
QUANTILE_BINS fixed quantile bins and tie within a bin; docs/metrics.md tells by how much that moved
them on 10,000,000 items.

A bootstrap resample would need all ranks anew. Instead each item gets its influence on the value,
the derivative with respect to its weight, and a resample is value + mean influence: the first term
of the von Mises expansion (Efron & Tibshirani 1993, chapter 22). What is left out is of order 1/n,
against standard errors of order 1/sqrt(n). Of few errors that is too coarse for AURC, which depends
on the ranks of errors alone: there, what is drawn between them is counted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from c10h.metrics.bootstrap import equal_parts, spread_out
from c10h.metrics.calibration import BINS, calibration_error, debiased
from c10h.metrics.item_block import Float
from c10h.metrics.metric_type import UNBOUNDED, Binned, Term, count, divide
from c10h.metrics.needed_inputs import Needs
from c10h.records import Array

EXACT_ITEMS = 10_000
QUANTILE_BINS = 4_096
# Up to so many places of errors, AURC is computed anew in each resample.
COUNTED_PLACES = 32


@dataclass(frozen=True)
class Fit:
    """A rank metric fitted to a set of items.

    term: contribution of the items of a slice, like a :data:`~c10h.metrics.metric_type.Term`.
    combine: value from the contributions' sum and the number of items (or their total weight).
    resampled: as in :class:`~c10h.metrics.metric_type.Metric`.
    """

    term: Callable[[slice], Float | Binned]
    combine: Callable[[Float, Float], Float]
    resampled: Callable[..., Callable[..., Float]] | None = None


@dataclass(frozen=True)
class RankMetric:
    """A metric of ranks: ``fit`` takes what ``retains`` gives for all items of a stratum.

    over: the items that count, those where it is 1; their number is the metric's n.
    bounds: the least and the largest value; ends of intervals are cut to them.
    """

    summary: str
    needs: tuple[Needs, ...]
    better: str
    retains: tuple[Term, ...]
    fit: Callable[..., Fit]
    over: Term = count
    absent: str = "no item that it is defined for"
    headline: bool = False
    per_item: bool = False
    bounds: tuple[float, float] = UNBOUNDED


def rank_bins(values: Float) -> NDArray[np.uint16]:
    """The bin of each value, in ascending order: distinct values, or quantiles of a large set."""
    ordered = np.sort(values)
    if len(values) > EXACT_ITEMS:
        last = np.arange(1, QUANTILE_BINS + 1) * len(values) // QUANTILE_BINS - 1
        ordered = ordered[last]
    edges = ordered[np.concatenate(([True], ordered[1:] != ordered[:-1]))]
    bins = np.empty(len(values), dtype=np.uint16)
    for part in _slices(len(values)):
        bins[part] = np.searchsorted(edges, values[part])
    return bins


class Ranked:
    """Values of items (n), with the bin of each, which is found once for all metrics."""

    def __init__(self, values: Float) -> None:
        self.values = values

    @cached_property
    def bins(self) -> NDArray[np.uint16]:
        """See :func:`rank_bins`."""
        return rank_bins(self.values)


def fit_aurc(doubt: Ranked, correct: Ranked) -> Fit:
    """Area under the risk-coverage curve: the mean over k of the error among the k most confident.

    Geifman & El-Yaniv (2017); items of equal confidence are taken in expectation over orders:
    doubt is 1 - confidence; after C items with E errors, a tie of m items with ε errors adds
    Σ_{t=1}^{m} (E + tε/m) / (C + t).
    """
    bins, right = doubt.bins, correct.values  # the most confident first
    size = np.bincount(bins).astype(np.float64)
    errors = _weighted(bins, lambda part: 1.0 - right[part], len(size))
    starts = (np.cumsum(size) - size).astype(np.intp)
    harmonic, squares = (_inverse_powers(starts, len(bins), power) for power in (1, 2))
    # What one error of each bin adds to the sum.
    pull = 1 - starts / size * harmonic + _later(harmonic)
    places = np.flatnonzero(errors)
    few = len(bins) <= EXACT_ITEMS and len(places) <= COUNTED_PLACES
    if few and np.isin(right, (0, 1)).all():
        fit = _count_between_errors(bins, right, places)
    else:
        fit = _aurc_by_influence(bins, right, size, errors, harmonic, squares, pull)
    depends_on = min(float(errors.sum()), max(2.0, equal_parts(pull, errors)))
    return replace(fit, resampled=spread_out(fit.combine, lambda *sums: depends_on))


def _count_between_errors(bins: Array, correct: Float, places: Array) -> Fit:
    """AURC from how many items are before, at and between the bins with errors, exactly.

    bins: of each item, the most confident first. places: the bins with errors.
    """
    place = np.searchsorted(places, bins)
    at_place = np.isin(bins, places)
    stretches = 2 * len(places) + 1  # before the first place, it, up to the next, ...
    slot = np.where(at_place & (correct == 0), stretches + place, 2 * place + at_place)

    def term(part: slice) -> Binned:
        return Binned(stretches + len(places), slot[part], np.ones(len(slot[part])))

    def combine(counts: Float, items: Float) -> Float:
        size, errors = counts[..., :stretches].copy(), np.zeros_like(counts[..., :stretches])
        errors[..., 1::2] = counts[..., stretches:]
        size += errors
        after = np.cumsum(size, axis=-1).astype(np.intp)
        before = after - size.astype(np.intp)
        harmonic = np.append(0, np.cumsum(1 / np.arange(1.0, after.max(initial=0) + 1)))
        excess = np.cumsum(errors, axis=-1) - errors - np.nan_to_num(divide(errors, size)) * before
        risk = errors + excess * (harmonic[after] - harmonic[before])
        return divide(risk.sum(axis=-1), items)

    return Fit(term, combine)


def _aurc_by_influence(
    bins: Array, correct: Float, size: Float, errors: Float,
    harmonic: Float, squares: Float, pull: Float,
) -> Fit:  # fmt: skip
    """AURC, and what an item changes in it.

    By bin, the most confident first: size, errors: how many there are; harmonic, squares: the sums
    of 1/k and 1/k² over the places k of its items; pull: the derivative by an error.
    """
    items = len(bins)
    before, errors_before = np.cumsum(size) - size, np.cumsum(errors) - errors
    rate = errors / size
    excess = errors_before - rate * before
    risk = errors + excess * harmonic
    value = risk.sum() / items

    # The derivative of the sum above with respect to the weight of an item with error e is
    # level + pull e: through m and ε of its own tie, and through C and E of every later one. The
    # slope of a harmonic number at x is 1 / (x + 1/2), to the second order.
    level = rate * before / size * harmonic + excess / (before + size + 0.5)
    level -= _later(rate * harmonic + excess * squares)
    mean = (level * size + pull * errors).sum() / items

    def influence(part: slice) -> Float:
        return np.asarray(level[bins[part]] + pull[bins[part]] * (1.0 - correct[part]) - mean)

    return Fit(influence, _value_plus_mean(float(value)))


def fit_rank_correlation(first: Ranked, second: Ranked) -> Fit:
    """Spearman's rank correlation with average ranks for ties; NaN where one side is constant."""
    x, y = first.bins, second.bins
    items = len(x)
    size_x, size_y = (np.bincount(bins).astype(np.float64) for bins in (x, y))
    rank_x, rank_y = (np.cumsum(size) - size / 2 - items / 2 for size in (size_x, size_y))
    sum_y_by_x = _weighted(x, lambda part: rank_y[y[part]], len(size_x))
    sum_x_by_y = _weighted(y, lambda part: rank_x[x[part]], len(size_y))
    covariance = float((sum_y_by_x * rank_x).sum())
    variance_x, variance_y = (
        float((size * rank**2).sum()) for size, rank in ((size_x, rank_x), (size_y, rank_y))
    )
    if variance_x == 0 or variance_y == 0:
        return Fit(lambda part: np.zeros(len(x[part])), lambda _, n: np.full_like(n, np.nan))
    scale = np.sqrt(variance_x * variance_y)
    value = covariance / scale

    # Sums of products of ranks are cubic forms in the weights, because every rank is itself a sum
    # over items; an item acts through its own rank and through its push on everyone else's.
    def own_part(sums: Float, size: Float, rank: Float, variance: float) -> Float:
        squares = rank**2 + 2 * _push(size * rank)
        return np.asarray(_push(sums) / scale - value / 2 * squares / variance)

    part_x = own_part(sum_y_by_x, size_x, rank_x, variance_x)
    part_y = own_part(sum_x_by_y, size_y, rank_y, variance_y)

    def influence(part: slice) -> Float:
        i, j = x[part], y[part]
        return np.asarray(items * (rank_x[i] * rank_y[j] / scale + part_x[i] + part_y[j]))

    return Fit(influence, _value_plus_mean(value))


def fit_adaptive_calibration(doubt: Ranked, correct: Ranked) -> Fit:
    """Calibration error over 15 bins of equal mass (Nixon et al. 2019); ties share a bin.

    The bins are those of all items, in every resample.
    """
    bins = doubt.bins
    items = len(bins)
    size = np.bincount(bins)
    middle = np.cumsum(size) - size / 2
    slots = np.minimum((middle * BINS / items).astype(np.intp), BINS - 1)

    def gaps(part: slice) -> Binned:
        return Binned(BINS, slots[bins[part]], 1 - doubt.values[part] - correct.values[part])

    return Fit(gaps, calibration_error, debiased)


def _value_plus_mean(value: float) -> Callable[[Float, Float], Float]:
    def combine(influences: Float, items: Float) -> Float:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(value + influences / items)

    return combine


def _push(sums: Float) -> Float:
    """Half of what stands in higher bins minus half of what stands in lower ones."""
    return np.asarray((_later(sums) - (np.cumsum(sums) - sums)) / 2)


def _later(sums: Float) -> Float:
    """Sum over the bins after each."""
    return np.asarray(np.cumsum(sums[::-1])[::-1] - sums)


def _inverse_powers(starts: Array, items: int, power: int) -> Float:
    """Sums of 1 / k^power over the places k of consecutive bins, without an array of all places.

    starts: how many items are before each bin; the first place is 1.
    """
    ends = np.append(starts[1:], items)
    up_to, carried = np.empty(len(ends)), 0.0
    for part in _slices(items):
        sums = carried + np.cumsum(np.arange(part.start + 1.0, part.stop + 1.0) ** -power)
        here = slice(*np.searchsorted(ends, [part.start + 1, part.stop + 1]))
        up_to[here] = sums[ends[here] - part.start - 1]
        carried = sums[-1]
    return np.diff(up_to, prepend=0.0)


def _weighted(bins: Array, weights: Callable[[slice], Float], count: int) -> Float:
    """Sum of weights by bin, without an array of all weights."""
    total = np.zeros(count)
    for part in _slices(len(bins)):
        total += np.bincount(bins[part], weights(part), count)
    return total


def _slices(items: int, size: int = 1 << 18) -> list[slice]:
    return [slice(start, min(start + size, items)) for start in range(0, items, size)]

"""Metrics that depend on ranks over the whole set: AURC, rank correlation, equal-mass bins.

Up to EXACT_ITEMS items the values are exact, ties included. Above, items are first put into
QUANTILE_BINS fixed quantile bins and tie within a bin; docs/metrics.md tells by how much that moved
them on 10,000,000 items.

A bootstrap resample would need all ranks anew. Instead each item gets its influence on the value,
the derivative with respect to its weight, and a resample is value + mean influence: the first term
of the von Mises expansion (Efron & Tibshirani 1993, chapter 22). What is left out is of order 1/n,
against standard errors of order 1/sqrt(n).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from c10h.metrics.calibration import BINS, calibration_error
from c10h.metrics.item_block import Float
from c10h.metrics.metric_type import Binned, Term, count
from c10h.metrics.needed_inputs import Needs
from c10h.records import Array

EXACT_ITEMS = 10_000
QUANTILE_BINS = 4_096


@dataclass(frozen=True)
class Fit:
    """A rank metric fitted to a set of items.

    term: contribution of the items of a slice, like a :data:`~c10h.metrics.metric_type.Term`.
    combine: value from the contributions' sum and the number of items (or their total weight).
    """

    term: Callable[[slice], Float | Binned]
    combine: Callable[[Float, Float], Float]


@dataclass(frozen=True)
class RankMetric:
    """A metric of ranks: ``fit`` takes what ``retains`` gives for all items of a stratum.

    over: the items that count, those where it is 1; their number is the metric's n.
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


def fit_aurc(doubt: Float, correct: Float) -> Fit:
    """Area under the risk-coverage curve: the mean over k of the error among the k most confident.

    Geifman & El-Yaniv (2017); items of equal confidence are taken in expectation over orders:
    doubt is 1 - confidence; after C items with E errors, a tie of m items with ε errors adds
    Σ_{t=1}^{m} (E + tε/m) / (C + t).
    """
    items = len(doubt)
    bins = rank_bins(doubt)
    size = np.bincount(bins).astype(np.float64)
    errors = _weighted(bins, lambda part: 1.0 - correct[part], len(size))
    before, errors_before = np.cumsum(size) - size, np.cumsum(errors) - errors
    starts = before.astype(np.intp)
    inverse = 1.0 / np.arange(1.0, items + 1)
    harmonic = np.add.reduceat(inverse, starts)
    squares = np.add.reduceat(np.square(inverse, out=inverse), starts)
    rate = errors / size
    excess = errors_before - rate * before
    risk = errors + excess * harmonic
    value = risk.sum() / items

    # The derivative of the sum above with respect to the weight of an item with error e is
    # level + pull e: through m and ε of its own tie, and through C and E of every later one. The
    # slope of a harmonic number at x is 1 / (x + 1/2), to the second order.
    ahead = before / size * harmonic
    pull = 1 - ahead + _later(harmonic)
    level = rate * ahead + excess / (before + size + 0.5)
    level -= _later(rate * harmonic + excess * squares)
    mean = (level * size + pull * errors).sum() / items

    def influence(part: slice) -> Float:
        return np.asarray(level[bins[part]] + pull[bins[part]] * (1.0 - correct[part]) - mean)

    return Fit(influence, _value_plus_mean(float(value)))


def fit_rank_correlation(first: Float, second: Float) -> Fit:
    """Spearman's rank correlation with average ranks for ties; NaN where one side is constant."""
    items = len(first)
    x, y = rank_bins(first), rank_bins(second)
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


def fit_adaptive_calibration(doubt: Float, correct: Float) -> Fit:
    """Calibration error over 15 bins of equal mass (Nixon et al. 2019); ties share a bin.

    The bins are those of all items, in every resample.
    """
    items = len(doubt)
    bins = rank_bins(doubt)
    size = np.bincount(bins)
    middle = np.cumsum(size) - size / 2
    slots = np.minimum((middle * BINS / items).astype(np.intp), BINS - 1)

    def gaps(part: slice) -> Binned:
        return Binned(BINS, slots[bins[part]], 1 - doubt[part] - correct[part])

    return Fit(gaps, calibration_error)


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


def _weighted(bins: Array, weights: Callable[[slice], Float], count: int) -> Float:
    """Sum of weights by bin, without an array of all weights."""
    total = np.zeros(count)
    for part in _slices(len(bins)):
        total += np.bincount(bins[part], weights(part), count)
    return total


def _slices(items: int, size: int = 1 << 18) -> list[slice]:
    return [slice(start, min(start + size, items)) for start in range(0, items, size)]

"""Top-label calibration errors. All are biased upward when there are few items a bin.

The noise of a bin's gap adds to its absolute value, and resampling adds that noise once more.
Between halves of the items it does not: the gap of one half with the sign that it has in the other
is 0 on average where the population's gap is, and else no larger than that. Over random halves,
with the standard deviation s of the whole gap g, that is

    |g| erf(t / sqrt 2) - 2 s φ(t),  t = |g| / s,

and the mean of this over resamples of g is |g| erf(t / 2). On average it is too low, as |g| is too
high. Resamples are of this figure, moved so that every other one is around it and those between are
around |g|: the interval allows for either. docs/metrics.md has how often such intervals hold the
population's value.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from c10h.metrics.item_block import Block, Float
from c10h.metrics.metric_type import Binned, divide
from c10h.records import Array

BINS = 15


def bin_of(block: Block) -> Array:
    """The bin of each item's confidence, intp (m): (0, 1/15] is 0, (1/15, 2/15] is 1, ...

    As Guo et al. (2017) define them.
    """
    slot = np.ceil(block.confidence * BINS).astype(np.intp) - 1
    return np.asarray(np.clip(slot, 0, BINS - 1))


def people_of_top(block: Block) -> Float:
    """People's share of the network's top label (m); the mean over labels that tie."""
    return np.asarray((block.first_share * block.people).sum(axis=0))


def _equal_width(block: Block, gap: Float) -> Binned:
    return Binned(BINS, bin_of(block), gap)


def gap_to_truth(block: Block) -> Binned:
    """Confidence - correct, by bins of confidence."""
    return _equal_width(block, block.where_known(block.confidence - block.correct))


def gap_to_people(block: Block) -> Binned:
    """Confidence - p of the top label, by bins of confidence."""
    return _equal_width(block, block.confidence - people_of_top(block))


def calibration_error(gaps: Float, items: Float) -> Float:
    """Σ over bins of |Σ gaps in the bin| / items: the bins' mean gaps, weighted by their size.

    Guo, Pleiss, Sun & Weinberger, ICML 2017, eq. 3.
    """
    return divide(np.abs(gaps).sum(axis=-1), items)


def debiased(gaps: Float, items: Float) -> Callable[..., Float]:
    """The formula that resamples of a calibration error take, less the bias of its bins.

    gaps: (cells, bins), items: (cells): their sums by cell. The variance of a bin's sum is that of
    resampling the cells.
    """
    gap = gaps.sum(axis=0)
    variance = np.square(gaps).sum(axis=0) - gap**2 / max(1, len(gaps))
    noise = np.sqrt(np.maximum(variance, 0))
    mean = np.abs(gap) * _erf(_in_units_of(noise, gap) / 2)
    moves = [(centre - mean).sum() for centre in (between_halves(gap, noise), np.abs(gap))]

    def resampled(gaps: Float, items: Float) -> Float:
        sums = between_halves(gaps, noise).sum(axis=-1)
        return divide(sums + np.resize(moves, len(sums)), items)

    return resampled


def between_halves(gap: Float, noise: Float) -> Float:
    """The gap of one half of the items with its sign in the other, expected over halves: (…, bins).

    noise: the standard deviation of the gap.
    """
    units = _in_units_of(noise, gap)
    density = np.exp(-np.square(units) / 2) / math.sqrt(2 * math.pi)
    return np.asarray(np.abs(gap) * _erf(units / math.sqrt(2)) - 2 * noise * density)


def _in_units_of(noise: Float, gap: Float) -> Float:
    """The size of a gap in standard deviations, infinite where there is no noise."""
    size = np.abs(gap)
    return np.divide(size, noise, out=np.full_like(size, np.inf), where=noise > 0)


def _erf(x: Float) -> Float:
    """The error function of x >= 0 to 1.5e-7 (Abramowitz & Stegun 1964, 7.1.26).

    scipy.special takes long to import.
    """
    t = 1 / (1 + 0.3275911 * x)
    series = np.zeros_like(x)
    for coefficient in (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592):
        series = (series + coefficient) * t
    return np.asarray(1 - series * np.exp(-np.square(x)))

"""Krippendorff's alpha: how much people agree, corrected for chance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from c10h.metrics.bootstrap import MAX_GROUPS, groups, interval, weights
from c10h.metrics.item_block import Float
from c10h.records import Array

# Elements of counts that are read at once.
BLOCK_ELEMENTS = 1 << 22


@dataclass(frozen=True)
class Alpha:
    """Nominal alpha and the ends of its 95 % bootstrap interval over items.

    NaN where it does not exist: no item has two votes, or all votes are for one class. items: how
    many have two votes or more.
    """

    value: float
    low: float
    high: float
    items: int


def alpha(counts: Array, resamples: int = 1000, seed: int = 0) -> Alpha:
    """Krippendorff's alpha (nominal) of votes (n, c).

    α = 1 - D_o / D_e (Krippendorff 2011, Computing Krippendorff's Alpha-Reliability, section C):
    the coincidence matrix has Σ_i c_ik (c_il - δ_kl) / (N_i - 1), so that D_o is the mean over
    votes of the share of an item's other votes that differ, and D_e = 1 - Σ_k n_k (n_k - 1) /
    (n (n - 1)) is the chance that two of all n votes differ. Items with fewer than two votes have
    no pairs, and count for neither.
    """
    size, classes = counts.shape
    count = min(size, MAX_GROUPS)
    group = groups(size, seed)
    # By group: disagreement, then votes by class.
    sums = np.zeros((count, 1 + classes))
    items = 0
    for rows, votes in _blocks(counts):
        total = votes.sum(axis=1)
        paired = total > 1
        items += int(paired.sum())
        apart = (total**2 - (votes**2).sum(axis=1)) / np.maximum(total - 1, 1)
        terms = np.column_stack([apart, votes]) * paired[:, None]
        for column, values in enumerate(terms.T):
            sums[:, column] += np.bincount(group[rows], values, count)
    samples = np.empty(resamples)
    for block, drawn in weights(count, resamples, seed):
        samples[block] = _alpha(drawn @ sums)
    low, high = interval(samples)
    return Alpha(float(_alpha(sums.sum(axis=0))), float(low), float(high), items)


def _alpha(sums: Float) -> Float:
    """Alpha from sums over items (..., 1 + c): disagreement, then votes by class."""
    by_class = sums[..., 1:]
    votes = by_class.sum(axis=-1)
    expected = votes**2 - (by_class**2).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = sums[..., 0] * (votes - 1) / expected
    return np.where(expected > 0, 1 - ratio, np.nan)


def _blocks(counts: Array) -> Iterator[tuple[slice, Float]]:
    """Rows, and their counts in float64, in blocks of bounded size."""
    step = max(1, BLOCK_ELEMENTS // counts.shape[1])
    for start in range(0, len(counts), step):
        rows = slice(start, start + step)
        yield rows, counts[rows].astype(np.float64)

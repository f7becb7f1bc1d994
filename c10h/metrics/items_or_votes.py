"""More items or more votes? What a mean over items varies with, from the votes that there are.

A mean over n items with N votes each has the variance (B + W(N)) / n, of items and votes that are
both drawn anew: B is the variance of the quantity between items, and W(N) that which N votes add.
All parts are estimated without bias from sums over items of products of votes of different people.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from c10h.metrics.item_block import Float
from c10h.records import Array

# Elements of counts that are read at once.
BLOCK_ELEMENTS = 1 << 22


@dataclass(frozen=True)
class Spread:
    """What the mean of a quantity over items varies with.

    mean: the quantity. between: its variance between items. single, pair: the variance within an
    item of N votes is single / N + pair / (N (N - 1)) (Hoeffding 1948, section 5). least: the
    fewest votes that give a value. items: how many this was estimated from.
    """

    mean: float
    between: float
    single: float
    pair: float
    least: int
    items: int

    def standard_error(self, items: float, votes: float) -> float:
        """Of the mean over so many items with so many votes each; NaN with too few votes."""
        if votes < self.least or not items > 0:
            return float("nan")
        within = self.single / votes
        if self.pair:
            within += self.pair / (votes * (votes - 1))
        return float(np.sqrt((self.between + within) / items))


def disagreement(counts: Array) -> Spread | None:
    """Of the chance that two people choose differently, 1 - Σ p², over items.

    counts: (n, c). An item's value is 1 - Σ c (c - 1) / (N (N - 1)), a mean over pairs of votes. Of
    its variance, single is 4 (Σ p³ - (Σ p²)²) and pair is 2 (Σ p² - 2 Σ p³ + (Σ p²)²). None where
    fewer than two items have four votes, which the square of Σ p² takes.
    """
    sums, items = np.zeros(4), 0
    for votes, total in _blocks(counts, least=4):
        pairs, triples = votes * (votes - 1), votes * (votes - 1) * (votes - 2)
        together = pairs.sum(axis=1)
        # Four different votes: all for one class, or two pairs.
        four = (triples * (votes - 3)).sum(axis=1) + together**2 - (pairs**2).sum(axis=1)
        ways = total * (total - 1)
        same = together / ways
        third = triples.sum(axis=1) / (ways * (total - 2))
        fourth = four / (ways * (total - 2) * (total - 3))
        sums += [same.sum(), third.sum(), fourth.sum(), (same**2).sum()]
        items += len(votes)
    if items < 2:
        return None
    same, third, fourth, square = sums / items
    return Spread(
        mean=1 - float(same),
        between=_between(same, fourth, square, items),
        single=max(4 * float(third - fourth), 0.0),
        pair=max(2 * float(same - 2 * third + fourth), 0.0),
        least=2,
        items=items,
    )


def accuracy(hits: Array, totals: Array) -> Spread | None:
    """Of people's accuracy, the share of votes that are right.

    hits: votes of each item that are right (n), of ``totals`` (n). None where fewer than two items
    have two votes.
    """
    sums, items = np.zeros(3), 0
    two_kinds = np.column_stack([hits, totals - hits])
    for votes, total in _blocks(two_kinds, least=2):
        good = votes[:, 0]
        share, square = good / total, good * (good - 1) / (total * (total - 1))
        sums += [share.sum(), square.sum(), (share**2).sum()]
        items += len(votes)
    if items < 2:
        return None
    mean, product, square = sums / items
    return Spread(
        mean=float(mean),
        between=_between(mean, product, square, items),
        single=max(float(mean - product), 0.0),
        pair=0.0,
        least=1,
        items=items,
    )


def _between(mean: float, product: float, square: float, items: int) -> float:
    """The variance of a quantity between items, unbiased but for being at least 0.

    mean, square: of the items' estimates and their squares; product: the mean of estimates of the
    quantity's square.
    """
    mean_squared = mean**2 - (square - mean**2) / (items - 1)
    return max(float(product - mean_squared), 0.0)


def _blocks(counts: Array, least: int) -> Iterator[tuple[Float, Float]]:
    """Votes (m, c) and their sums (m) of the items with ``least`` votes or more, in blocks."""
    step = max(1, BLOCK_ELEMENTS // counts.shape[1])
    for start in range(0, len(counts), step):
        votes = counts[start : start + step].astype(np.float64)
        total = votes.sum(axis=1)
        enough = total >= least
        yield votes[enough], total[enough]

"""What numbers mean: logits, probabilities, votes, or shares in another unit.

A reading is taken only where no other is possible; else AmbiguousError names the option that
decides. Only as many rows are read as it takes to be sure.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from c10h.errors import AmbiguousError
from c10h.formats.hints import EMPTY_CELLS
from c10h.formats.rows import SUM_TOLERANCE, Reading, shown
from c10h.records import Array, Rows

LOGITS, PROBS, VOTES, SHARES = "logits", "probabilities", "votes", "shares"
SCAN_ROWS = 1 << 15
# Rows that sum to another number than 1 are shares in that unit only if they do so this exactly.
UNIT_TOLERANCE = 1e-6
# Rounding to a few decimals may move a sum by this much at most. One decimal is too few to tell
# distributions from numbers that just happen to be in [0, 1].
MOST_ROUNDING = 0.2
FEWEST_DECIMALS, MOST_DECIMALS = 2, 4
# Fewer rows than these do not show what a column is, and fewer than those not that its numbers are
# in an order of their own.
FEWEST_ROWS, FEWEST_IN_ORDER, FEW = 4, 6, 30
# How far rounding to two decimals may move a sum of shares, in units.
ROUGHLY = 0.05
NUMBERS_ITEMS, NUMBERS_ROWS = "seems to number the items", "numbers the rows"
# Above this ratio of the variance of row sums to the sum of the columns' variances, columns go up
# and down together, as those of annotators do, or each on its own, as those of judgments do. Those
# of classes hardly do. In a few rows chance does much, so that more are asked about; next to none
# tell nothing.
TOGETHER, TOGETHER_IN_FEW, TOGETHER_IN_NONE = 0.5, 0.3, 0.75


def read_predictions(rows: Rows, name: str) -> Reading:
    """Whether predictions (n, c) are logits or probabilities.

    Raises AmbiguousError for numbers that may be both, and for votes and percentages.
    """
    seen = _Seen()
    for block in blocks(rows):
        seen.add(block)
        if seen.low < 0 or not np.isfinite(block[block != -np.inf]).all():
            # The reader names a row that is not finite.
            return Reading(LOGITS, ruled_out=bool((block == -np.inf).any()))
        if seen.whole:
            continue
        unit = seen.unit()
        if unit is not None and unit.unit == 1:
            return unit
        if unit is not None:
            raise AmbiguousError(
                f"{name}: rows that all sum to {unit.unit:g}, as percentages do: --probs scales "
                "them to sum to 1, --logits takes them as they are"
            )
        if seen.high > 1:
            return Reading(LOGITS)
    if seen.whole and seen.sum_low == seen.sum_high == 1:
        return Reading(PROBS)
    if seen.whole:
        raise AmbiguousError(
            f"{name}: whole numbers, as votes are: --probs scales rows to sum to 1, --logits takes "
            "them as they are"
        )
    raise AmbiguousError(
        f"{name}: values in [0, 1] whose rows do not sum to 1: say --logits or --probs"
    )


def read_labels(rows: Rows, name: str) -> Reading:
    """Whether labels (n, c) are votes, probabilities, or shares in another unit.

    Rows of one vote each are read as probabilities: nothing tells them from one-hot labels. What
    is wrong for every reading gets the one that fits most rows, whose check then names a row.
    Raises AmbiguousError for cells of items by annotators.
    """
    seen = _Seen()
    for number, block in enumerate(blocks(rows)):
        missing = np.isnan(block) | (block == -1)
        rest = block[~missing]
        if missing.any() and len(rest) and (rest >= 0).all() and (rest == np.floor(rest)).all():
            row = int(np.argmax(missing.any(axis=1)))
            raise AmbiguousError(
                f"{name}: row {number * SCAN_ROWS + row}: expected votes of 0 or more, found "
                f"{shown(block[row])} ({EMPTY_CELLS})"
            )
        seen.add(block[block.any(axis=1)])  # nothing is known of items without votes
        if not seen.rows or (seen.whole and seen.sum_low == seen.sum_high == 1):
            continue
        are_votes = (block == np.floor(block)).all(axis=1).mean() > 0.5
        unit = None if seen.whole else seen.unit()
        if unit is not None and (unit.unit in (1, 100) or not are_votes):
            return unit
        return Reading(VOTES if are_votes else PROBS)
    return Reading(PROBS)


def columns_move_together(rows: Rows) -> bool:
    """Whether whole numbers look like choices of annotators rather than votes for classes.

    More votes for a class are fewer for the others, so that columns of votes balance each other;
    annotators who see the same item move together, and ids and choices do not care.
    """
    block = np.asarray(next(blocks(rows)), dtype=np.float64)
    if not np.isfinite(block).all():
        return False
    limit = TOGETHER
    if len(block) < FEW:
        limit = TOGETHER_IN_FEW if len(block) >= FEWEST_ROWS else TOGETHER_IN_NONE
    return bool(block.sum(axis=1).var() > limit * block.var(axis=0).sum() > 0)


def odd_column(rows: Array) -> tuple[int, str] | None:
    """A column that is hardly a class, and why; None where there is none. rows: float64 (n, c).

    It is the sum of the others (but for one, which numbers the items then), or numbers the items as
    far as its cells tell, or is not part of what rows sum to: without it that is one number.
    """
    rows = rows[np.isfinite(rows).all(axis=1) & rows.any(axis=1)]
    if len(rows) < FEWEST_ROWS or rows.shape[1] < 2:
        return None
    width = rows.shape[1]
    sums = rows.sum(axis=1, keepdims=True)
    without = _strange_to_sums(rows, sums) if width > 2 else np.zeros(width, dtype=bool)
    heads = rows[:FEWEST_ROWS]
    for place in np.flatnonzero(((heads == np.floor(heads)) & (heads >= 0)).all(axis=0)):
        values, others = rows[:, place], np.delete(rows, place, axis=1)
        if not _are_different(values):
            continue
        if without[place] or _number_items(values, others) or (width > 3 and _has_total(others)):
            return int(place), NUMBERS_ROWS if _are_in_order(values) else NUMBERS_ITEMS
    if width > 2 and _has_total(rows):
        return int(np.argmax(_totals(rows))), "is the sum of the others"
    return (int(np.argmax(without)), "is not part of what rows sum to") if without.any() else None


def _are_different(values: Array) -> bool:
    """Whether values are different whole numbers of 0 or more."""
    whole = (values == np.floor(values)).all() and values.min() >= 0
    return bool(whole) and len(np.unique(values)) == len(values)


def _number_items(values: Array, others: Array) -> bool:
    """Whether different whole numbers (n) number the items, beside ``others`` (n, c).

    They are all those from 0 or 1, or alone go up, or stand beside fractions, or are above the sums
    of the others, with which they do not make up one sum.
    """
    sums = others.sum(axis=1)
    every = values.max() - values.min() == len(values) - 1 and values.min() in (0, 1)
    rising = (np.diff(values) > 0).all() and not (np.diff(others, axis=0) > 0).all(axis=0).any()
    ordered = _are_in_order(values) or (len(values) >= FEWEST_IN_ORDER and (every or rising))
    beside_fractions = (others != np.floor(others)).any(axis=0).all()
    above = values.min() > np.abs(sums).max() and not _alike(sums + values)
    return bool(ordered or beside_fractions or above)


def _are_in_order(values: Array) -> bool:
    """Whether values are 0, 1, 2, … or 1, 2, 3, …"""
    return bool(values[0] in (0, 1) and (np.diff(values) == 1).all())


def _totals(rows: Array) -> Array:
    """Which columns are the sum of the others, bool (c); none in probabilities, even if one is."""
    sums = rows.sum(axis=1, keepdims=True)
    if (rows != np.floor(rows)).any() and any(_is_near(sums, unit).all() for unit in (1, 100)):
        return np.zeros(rows.shape[1], dtype=bool)
    return np.asarray((np.abs(sums - 2 * rows) <= UNIT_TOLERANCE * np.abs(sums)).all(axis=0))


def _has_total(rows: Array) -> bool:
    return bool(_totals(rows).any())


def _strange_to_sums(rows: Array, sums: Array) -> Array:
    """Without which columns all rows sum to one number, as they do not with them, bool (c)."""
    rest = sums - rows
    strange = _alike(rest) & ~_alike(sums) & (rest[0] > 0)
    for unit in (1, 100):
        strange |= _is_near(rest, unit).all(axis=0) & ~_is_near(sums, unit).all()
    return np.asarray(strange & (rows >= 0).all())


def _is_near(sums: Array, unit: float) -> Array:
    """Which sums are a unit, however few digits the shares have that make it up."""
    return np.asarray(np.abs(sums - unit) <= ROUGHLY * unit)


def _alike(values: Array) -> Array:
    """Which columns have the same number in all rows, within rounding."""
    return np.asarray(np.ptp(values, axis=0) <= UNIT_TOLERANCE * np.abs(values).max(axis=0))


def blocks(rows: Rows) -> Iterator[Array]:
    """All rows, some at a time."""
    for start in range(0, rows.shape[0], SCAN_ROWS):
        yield rows[start : min(start + SCAN_ROWS, rows.shape[0])]


class _Seen:
    """What is known of the rows that were read so far."""

    def __init__(self) -> None:
        self.rows = 0
        self.low = self.sum_low = np.inf
        self.high = self.sum_high = -np.inf
        self.whole = True
        self.classes = 0
        self.decimals: int | None = None

    def add(self, block: Array) -> None:
        if not len(block):
            return
        sums = block.sum(axis=1, dtype=np.float64)
        self.rows += len(block)
        self.low, self.high = min(self.low, block.min()), max(self.high, block.max())
        self.sum_low, self.sum_high = min(self.sum_low, sums.min()), max(self.sum_high, sums.max())
        self.whole = self.whole and bool((block == np.floor(block)).all())
        if not self.whole:
            self.decimals, self.classes = _decimals(block), block.shape[1]

    def unit(self) -> Reading | None:
        """What all rows sum to, within what their digits allow; None where they differ.

        Rows of probabilities sum to 1. One row alone says nothing but for 1 and 100.
        """
        if self.low < 0:
            return None
        tolerance = max(SUM_TOLERANCE, self._rounding(FEWEST_DECIMALS))
        if self.high <= 1 + UNIT_TOLERANCE and self._near(1, tolerance):
            return Reading(PROBS, 1, tolerance)
        for unit in (100.0, round(self.sum_low, 6)):
            tolerance = max(unit * UNIT_TOLERANCE, self._rounding(1))
            if unit > 1 and (self.rows > 1 or unit == 100) and self._near(unit, tolerance):
                return Reading(SHARES, unit, tolerance)
        return None

    def _rounding(self, fewest: int) -> float:
        """How far the sum of a row may be off because its values were rounded.

        c x 0.5 x 10^-d for c values of d decimals; 0 where they have more, or less than ``fewest``.
        """
        if self.decimals is None or self.decimals < fewest:
            return 0.0
        return min(self.classes * 0.5 * 10.0**-self.decimals, MOST_ROUNDING)

    def _near(self, unit: float, tolerance: float) -> bool:
        return bool(self.sum_low >= unit - tolerance and self.sum_high <= unit + tolerance)


def _decimals(block: Array) -> int | None:
    """How many decimals all values have; None for more than MOST_DECIMALS."""
    noise = 4 * (np.finfo(block.dtype).eps if block.dtype.kind == "f" else 0.0)
    values = block.astype(np.float64)
    for decimals in range(1, MOST_DECIMALS + 1):
        scaled = values * 10**decimals
        allowed = noise * max(float(np.abs(scaled).max()), 1.0)
        if allowed < 0.05 and (np.abs(scaled - np.round(scaled)) <= allowed).all():
            return decimals
    return None

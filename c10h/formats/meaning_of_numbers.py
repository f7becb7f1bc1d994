"""What numbers mean: logits, probabilities, votes, or shares in another unit.

A reading is taken only where no other is possible; else AmbiguousError names the option that
decides. Only as many rows are read as it takes to be sure.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from c10h.errors import AmbiguousError
from c10h.formats.hints import EMPTY_CELLS
from c10h.formats.lazy_rows import SUM_TOLERANCE, RowMeaning, shown
from c10h.records import Array, Rows

LOGITS, PROBS, VOTES, SHARES = "logits", "probabilities", "votes", "shares"
PERCENT = 100
SCAN_ROWS = 1 << 15
# Rows that sum to another number than 1 are shares in that unit only if they do so this exactly.
UNIT_TOLERANCE = 1e-6
# Rows that sum to nearly the same number, as shares do that were rounded or cut, are asked about.
CLOSE_SUMS = 0.02
# Rounding to a few decimals may move a sum by this much at most. One decimal is too few to tell
# distributions from numbers that just happen to be in [0, 1].
MOST_ROUNDING = 0.2
FEWEST_DECIMALS, MOST_DECIMALS = 2, 4
# How many rows are next to none, and how many are few.
NEXT_TO_NONE, FEW = 4, 30
# Above this ratio of the variance of row sums to the sum of the columns' variances, columns go up
# and down together, as those of annotators do, or each on its own, as those of judgments do. Those
# of classes hardly do. In a few rows chance does much, so that more are asked about; next to none
# tell nothing.
TOGETHER, TOGETHER_IN_FEW, TOGETHER_IN_NONE = 0.5, 0.3, 0.75


def read_predictions(rows: Rows, name: str) -> RowMeaning:
    """Whether predictions (n, c) are logits, probabilities, or percentages with decimals.

    Raises AmbiguousError for numbers that may be both, for votes, and for shares in other units.
    """
    seen = _Seen()
    for block in blocks(rows):
        seen.add(block)
        if seen.low < 0 or not np.isfinite(block[block != -np.inf]).all():
            # The reader names a row that is not finite.
            return RowMeaning(LOGITS, ruled_out=bool((block == -np.inf).any()))
        if seen.whole:
            continue
        unit = seen.unit()
        if unit is not None and (unit.unit == 1 or (unit.unit == PERCENT and seen.rows > 1)):
            return unit
        if unit is not None or seen.sums_are_close():
            about = "" if unit is not None else "about "
            raise AmbiguousError(
                f"{name}: all rows sum to {about}{seen.sum_low:.6g}, like percentages: --probs "
                "scales them to sum to 1, --logits keeps them as they are"
            )
        if seen.high > 1:
            return RowMeaning(LOGITS)
    if seen.whole and seen.sum_low == seen.sum_high == 1:
        return RowMeaning(PROBS)
    if seen.whole:
        raise AmbiguousError(
            f"{name}: whole numbers, like votes: --probs scales rows to sum to 1, --logits keeps "
            "them as they are (people's votes belong after --labels)"
        )
    raise AmbiguousError(
        f"{name}: values in [0, 1] whose rows do not sum to 1: use --logits or --probs"
    )


def read_labels(rows: Rows, name: str) -> RowMeaning:
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
        if unit is not None and (unit.unit in (1, PERCENT) or not are_votes):
            return unit
        return RowMeaning(VOTES if are_votes else PROBS)
    return RowMeaning(PROBS)


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
        limit = TOGETHER_IN_FEW if len(block) >= NEXT_TO_NONE else TOGETHER_IN_NONE
    return bool(block.sum(axis=1).var() > limit * block.var(axis=0).sum() > 0)


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

    def unit(self) -> RowMeaning | None:
        """What all rows sum to, within what their digits allow; None where they differ.

        Rows of probabilities sum to 1. One row alone says nothing but for 1 and 100.
        """
        if self.low < 0:
            return None
        tolerance = max(SUM_TOLERANCE, self._rounding(FEWEST_DECIMALS))
        if self.high <= 1 + UNIT_TOLERANCE and self._near(1, tolerance):
            return RowMeaning(PROBS, 1, tolerance)
        for unit in (float(PERCENT), round(self.sum_low, 6)):
            tolerance = max(unit * UNIT_TOLERANCE, self._rounding(1))
            if unit > 1 and (self.rows > 1 or unit == PERCENT) and self._near(unit, tolerance):
                return RowMeaning(SHARES, unit, tolerance)
        return None

    def sums_are_close(self) -> bool:
        """Whether several rows of 0 or more sum to nearly the same number, which is above 1."""
        is_above_1 = self.rows > 1 and self.low >= 0 and self.sum_low > 1 + CLOSE_SUMS
        return is_above_1 and self.sum_high <= self.sum_low * (1 + CLOSE_SUMS)

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
    noise = 4 * float(np.finfo(block.dtype).eps) if block.dtype.kind == "f" else 0.0
    values = block.astype(np.float64)
    for decimals in range(1, MOST_DECIMALS + 1):
        scaled = values * 10**decimals
        allowed = noise * max(float(np.abs(scaled).max()), 1.0)
        if allowed < 0.05 and (np.abs(scaled - np.round(scaled)) <= allowed).all():
            return decimals
    return None

"""Arrays that are computed slice by slice while they are read, and the checks made on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from c10h.errors import SchemaError
from c10h.records import Array, Rows

# Largest distance from 1 at which the sum of a row still means probabilities.
SUM_TOLERANCE = 1e-3
SMALLEST = float(np.finfo(np.float32).tiny)


class MappedRows:
    """Rows computed from other rows by ``function(block, first_row)``, block by block."""

    def __init__(
        self,
        rows: Rows,
        shape: tuple[int, ...],
        dtype: DTypeLike,
        function: Callable[[Array, int], Array],
    ) -> None:
        self._rows = rows
        self._function = function
        self.shape = shape
        self.dtype: np.dtype[Any] = np.dtype(dtype)

    def __getitem__(self, key: Any, /) -> Array:
        items = key[-1] if isinstance(key, tuple) else key
        start, _, _ = items.indices(self.shape[-2])
        return self._function(self._rows[key], start)


class ComputedRows:
    """Rows that no file holds: ``function(items)`` computes those of a slice of items."""

    def __init__(
        self, shape: tuple[int, int], dtype: DTypeLike, function: Callable[[slice], Array]
    ) -> None:
        self._function = function
        self.shape = shape
        self.dtype: np.dtype[Any] = np.dtype(dtype)

    def __getitem__(self, key: slice, /) -> Array:
        start, stop, _ = key.indices(self.shape[0])
        return self._function(slice(start, stop))


class ShareRows(MappedRows):
    """The share of each class in an item's votes: probabilities that are nothing but counts."""

    def __init__(self, counts: Rows) -> None:
        super().__init__(counts, counts.shape, np.float64, lambda block, _: shares(block))


class OneMember:
    """A matrix (n, c) seen as the only member of an array (1, n, c)."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self.shape = (1, *rows.shape)
        self.dtype = rows.dtype

    def __getitem__(self, key: tuple[int, slice], /) -> Array:
        return self._rows[key[1]]


class PartOfRows:
    """What an array of more dimensions has at some first indices: a matrix (n, c)."""

    def __init__(self, rows: Rows, at: tuple[int, ...]) -> None:
        self._rows = rows
        self._at = at
        self.shape = rows.shape[len(at) :]
        self.dtype = rows.dtype

    def __getitem__(self, key: slice, /) -> Array:
        return self._rows[(*self._at, key)]


def shares(counts: Array) -> Array:
    """Votes (n, c) as float64 shares of each row's total."""
    return np.asarray(counts / counts.sum(axis=1, keepdims=True, dtype=np.float64))


def checked_logits(rows: Rows, name: str) -> Rows:
    """The same rows; reading one that is not finite raises SchemaError."""

    def check(block: Array, start: int) -> Array:
        _refuse(~np.isfinite(block).all(axis=1), start, name, "a finite logit for every class")
        return block

    return MappedRows(rows, rows.shape, rows.dtype, check)


def checked_probs(rows: Rows, name: str, *, any_sum: bool = False) -> Rows:
    """Rows renormalised to sum to 1 in float64.

    Reading one outside [0, 1], or (unless ``any_sum``) with a sum further than 1e-3 from 1,
    raises SchemaError.
    """

    def check(block: Array, start: int) -> Array:
        probs = block.astype(np.float64)
        inside = ((probs >= 0) & (probs <= 1)).all(axis=1)
        _refuse(~inside, start, name, "probabilities in [0, 1]", probs)
        sums = probs.sum(axis=1, keepdims=True)
        wrong = sums[:, 0] <= 0 if any_sum else np.abs(sums[:, 0] - 1) > SUM_TOLERANCE
        _refuse(wrong, start, name, "probabilities that sum to 1", sums)
        return np.asarray(probs / sums)

    return MappedRows(rows, rows.shape, np.float64, check)


def checked_counts(rows: Rows, name: str) -> Rows:
    """Votes as int32; reading a negative or broken number or an item without votes raises."""

    def check(block: Array, start: int) -> Array:
        _refuse((block < 0).any(axis=1), start, name, "counts of 0 or more", block)
        with np.errstate(invalid="ignore"):
            counts = block.astype(np.int32)
        _refuse((counts != block).any(axis=1), start, name, "whole counts", block)
        _refuse(~counts.any(axis=1), start, name, "at least one vote for the item", block)
        return counts

    return MappedRows(rows, rows.shape, np.int32, check)


def log_of_probs(rows: Rows) -> Rows:
    """Natural logarithms of probabilities, which are logits with the same softmax.

    Zeros are clipped at the smallest normal float32, so that no cross-entropy is infinite.
    """
    return MappedRows(
        rows, rows.shape, np.float64, lambda block, _: np.log(np.maximum(block, SMALLEST))
    )


def _refuse(wrong: Any, start: int, name: str, expected: str, found: Array | None = None) -> None:
    if wrong.any():
        row = int(np.argmax(wrong))
        worst = "" if found is None else f", found {_brief(found[row])}"
        raise SchemaError(
            f"{name}: row {start + row}: expected {expected}{worst or ', found none'}"
        )


def _brief(values: Array) -> str:
    shown = " ".join(f"{value:.6g}" for value in values[:10])
    return shown + (" ..." if len(values) > 10 else "")

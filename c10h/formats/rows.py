"""Arrays that are computed slice by slice while they are read, and the checks made on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from c10h.errors import SchemaError
from c10h.records import Array, Rows, View

# Largest distance from 1 at which the sum of a row still means probabilities.
SUM_TOLERANCE = 1e-3
SMALLEST = float(np.finfo(np.float32).tiny)


def mapped(
    rows: Rows,
    function: Callable[[Array, int], Array],
    *,
    width: int | None = None,
    dtype: DTypeLike | None = None,
) -> View:
    """Rows computed from other rows by ``function(block, first row)``, block by block.

    width: of the last axis, dtype: of the result, where they are not those of ``rows``.
    """

    def read(key: Any) -> Array:
        items = key[-1] if isinstance(key, tuple) else key
        start, _, _ = items.indices(rows.shape[-2])
        return function(rows[key], start)

    shape = rows.shape if width is None else (*rows.shape[:-1], width)
    return View(shape, np.dtype(rows.dtype if dtype is None else dtype), read)


def computed(shape: tuple[int, int], dtype: DTypeLike, function: Callable[[slice], Array]) -> View:
    """Rows that no file holds: ``function(items)`` computes those of a slice of items."""

    def read(key: slice) -> Array:
        start, stop, _ = key.indices(shape[0])
        return function(slice(start, stop))

    return View(shape, np.dtype(dtype), read)


def shares_of(counts: Rows) -> View:
    """The share of each class in an item's votes: probabilities that are nothing but counts."""
    view = mapped(counts, lambda block, _: shares(block), dtype=np.float64)
    return replace(view, shares_of=counts)


def one_member(rows: Rows) -> View:
    """A matrix (n, c) seen as the only member of an array (1, n, c)."""
    return View((1, *rows.shape), rows.dtype, lambda key: rows[key[1]])


def part_of(rows: Rows, at: tuple[int, ...]) -> View:
    """What an array of more dimensions has at some first indices: a matrix (n, c)."""
    return View(rows.shape[len(at) :], rows.dtype, lambda key: rows[(*at, key)])


def shares(counts: Array) -> Array:
    """Votes (n, c) as float64 shares of each row's total."""
    return np.asarray(counts / counts.sum(axis=1, keepdims=True, dtype=np.float64))


def checked_logits(rows: Rows, name: str) -> Rows:
    """The same rows; reading one that is not finite raises SchemaError."""

    def check(block: Array, start: int) -> Array:
        _refuse(~np.isfinite(block).all(axis=1), start, name, "a finite logit for every class")
        return block

    return mapped(rows, check)


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

    return mapped(rows, check, dtype=np.float64)


def checked_counts(rows: Rows, name: str) -> Rows:
    """Votes as int32; reading a negative or broken number or an item without votes raises."""

    def check(block: Array, start: int) -> Array:
        _refuse((block < 0).any(axis=1), start, name, "counts of 0 or more", block)
        with np.errstate(invalid="ignore"):
            counts = block.astype(np.int32)
        _refuse((counts != block).any(axis=1), start, name, "whole counts", block)
        _refuse(~counts.any(axis=1), start, name, "at least one vote for the item", block)
        return counts

    return mapped(rows, check, dtype=np.int32)


def log_of_probs(rows: Rows) -> Rows:
    """Natural logarithms of probabilities, which are logits with the same softmax.

    Zeros are clipped at the smallest normal float32, so that no cross-entropy is infinite.
    """
    return mapped(rows, lambda block, _: np.log(np.maximum(block, SMALLEST)), dtype=np.float64)


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

"""Arrays that are computed slice by slice while they are read, and the checks made on the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from c10h.errors import SchemaError
from c10h.records import Array, Rows, View

# Largest distance from 1 at which the sum of a row still means probabilities.
SUM_TOLERANCE = 1e-3
EPSILON = float(np.finfo(np.float64).eps)
MOST_VOTES = np.iinfo(np.int32).max
NO_VOTES = "(--item says which column names items, --columns which are classes)"
SMALLEST = float(np.finfo(np.float32).tiny)
LOG_SMALLEST = float(np.log(SMALLEST))


@dataclass(frozen=True)
class RowMeaning:
    """What rows are, in a word, and for shares what they sum to and how closely.

    ruled_out: whether some of the first logits are -inf.
    """

    meaning: str
    unit: float = 1.0
    tolerance: float = SUM_TOLERANCE
    ruled_out: bool = False


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


def rows_between(rows: Rows, first: int, stop: int) -> View:
    """Some rows that stand one after another, of an array of any dimensions."""

    def read(key: slice) -> Array:
        start, end, _ = key.indices(stop - first)
        return rows[first + start : first + end]

    return View((stop - first, *rows.shape[1:]), rows.dtype, read)


def chosen_rows(rows: Rows, kept: Array) -> View:
    """Some rows of an array of any dimensions. kept: which ones, ascending int64 (k)."""

    def read(key: slice) -> Array:
        wanted = kept[key]
        if not len(wanted):
            return np.empty((0, *rows.shape[1:]), rows.dtype)
        first = int(wanted[0])
        block: Array = rows[first : int(wanted[-1]) + 1]
        return np.asarray(block[wanted - first])

    return View((len(kept), *rows.shape[1:]), rows.dtype, read)


def shares_of(counts: Rows) -> View:
    """The share of each class in an item's votes: probabilities that are nothing but counts."""
    view = mapped(counts, lambda block, _: shares(block), dtype=np.float64)
    return replace(view, shares_of=counts)


def one_member(rows: Rows) -> View:
    """A matrix (n, c) seen as the only member of an array (1, n, c)."""
    return View((1, *rows.shape), rows.dtype, lambda key: rows[key[1]])


def stacked(matrices: Sequence[Rows]) -> View:
    """Matrices (n, c) of one shape as an array (m, n, c), read one matrix at a time."""
    first = matrices[0]
    return View((len(matrices), *first.shape), first.dtype, lambda key: matrices[key[0]][key[1]])


def ensemble_of(rows: Rows) -> View:
    """What the members of an array (m, n, c) of logits answer together, float64 (1, n, c)."""
    members = range(rows.shape[0])

    def read(key: Any) -> Array:
        return log_mean_softmax([np.asarray(rows[member, key[1]]) for member in members])

    return View((1, *rows.shape[1:]), np.dtype(np.float64), read)


def log_mean_softmax(answers: Sequence[Array]) -> Array:
    """log of the mean over networks of softmax(logits), float64 (n, c); one network's are kept.

    answers: logits (n, c) each. Computed in float64, without leaving the logarithm.
    """
    if len(answers) == 1:
        return answers[0]
    stacked = np.stack(answers).astype(np.float64)
    logs = stacked - np.logaddexp.reduce(stacked, axis=2, keepdims=True)
    mean: Array = np.logaddexp.reduce(logs, axis=0) - np.log(len(answers))
    return mean


def matrix_at(rows: Rows, at: tuple[int, ...]) -> View:
    """What an array of more dimensions has at some first indices: a matrix (n, c)."""
    return View(rows.shape[len(at) :], rows.dtype, lambda key: rows[(*at, key)])


def shares(counts: Array) -> Array:
    """Votes (n, c) as float64 shares of each row's total."""
    return np.asarray(counts / counts.sum(axis=1, keepdims=True, dtype=np.float64))


def checked_logits(rows: Rows, name: str) -> View:
    """The same rows; reading one with NaN or +inf raises SchemaError.

    -inf rules a class out. It becomes the logit of the smallest probability, as 0 does in
    :func:`log_of_probs`: then the row is of logarithms of probabilities.
    """

    def check(block: Array, start: int) -> Array:
        with np.errstate(invalid="ignore"):
            wrong = ~(block < np.inf)
        _refuse(
            wrong.any(axis=1), start, name, "a finite logit (or probability) for every class", block
        )
        ruled_out = block == -np.inf
        if not ruled_out.any():
            return block
        _refuse(ruled_out.all(axis=1), start, name, "at least one finite logit", block)
        touched = ruled_out.any(axis=1)
        logits = block.astype(np.float64)
        some = logits[touched]
        log_probs = some - np.logaddexp.reduce(some, axis=1, keepdims=True)
        logits[touched] = np.maximum(log_probs, LOG_SMALLEST)
        return logits.astype(block.dtype)

    return mapped(rows, check)


def checked_probs(
    rows: Rows,
    name: str,
    reading: RowMeaning | None = None,
    *,
    labels: bool = False,
    empty: bool = False,
) -> View:
    """Rows renormalised to sum to 1 in float64.

    reading: what rows have to sum to, and how closely; None scales any rows of 0 or more. labels:
    whether these are people's, for messages. empty: whether rows of zeros, items without votes,
    stay as they are. Reading a row that is negative or has another sum raises SchemaError.
    """

    def check(block: Array, start: int) -> Array:
        probs = block.astype(np.float64)
        remedy = "(logits? leave out --probs, which is for all files)" if reading is None else ""
        if labels:
            remedy = "(logits? these are predictions, not labels)"
        wrong = ~(probs >= 0).all(axis=1)
        _refuse(wrong, start, name, "probabilities of 0 or more", probs, remedy)
        sums = probs.sum(axis=1, keepdims=True)
        nothing = sums == 0
        if not empty:
            remedy = "(--min-votes 1 leaves out such items)" if labels else ""
            _refuse(nothing[:, 0], start, name, "a sum above 0", sums, remedy)
        if reading is None:
            _refuse(~(sums < np.inf)[:, 0], start, name, "a finite sum", sums)
        else:
            near = np.abs(sums - reading.unit) <= reading.tolerance
            expected = f"probabilities that sum to {reading.unit:g}"
            remedy = f"({'c10h labels build ' if labels else ''}--probs scales rows)"
            _refuse(~(near | nothing)[:, 0], start, name, expected, sums, remedy)
        # The bits of a row that sums to 1 as closely as it can stay: equal shares have equal
        # entropies, and ranks would notice.
        as_it_is = nothing | (np.abs(sums - 1) <= block.shape[-1] * EPSILON)
        return np.asarray(probs / np.where(as_it_is, 1, sums))

    return mapped(rows, check, dtype=np.float64)


def checked_counts(rows: Rows, name: str, *, empty: bool = False) -> View:
    """Votes as int32; reading a negative or broken number raises SchemaError.

    empty: whether an item may be without votes.
    """

    def check(block: Array, start: int) -> Array:
        _refuse((block < 0).any(axis=1), start, name, "counts of 0 or more", block)
        with np.errstate(invalid="ignore"):
            counts = block.astype(np.int32)
        wrong = (counts != block).any(axis=1)
        if wrong.any():
            are_large = float(block[wrong][0].max()) > MOST_VOTES
            remedy = NO_VOTES if are_large else "(--probs reads shares)"
            _refuse(wrong, start, name, "whole counts", block, remedy)
        if not empty:
            remedy = "(--min-votes 1 leaves out such items, --layout matrix reads annotators)"
            expected = "at least one vote for the item"
            _refuse(~counts.any(axis=1), start, name, expected, block, remedy)
        return counts

    return mapped(rows, check, dtype=np.int32)


def log_of_probs(rows: Rows) -> Rows:
    """Natural logarithms of probabilities, which are logits with the same softmax.

    Zeros are clipped at the smallest normal float32, so that no cross-entropy is infinite.
    """
    return mapped(rows, lambda block, _: np.log(np.maximum(block, SMALLEST)), dtype=np.float64)


def _refuse(
    wrong: Any, start: int, name: str, expected: str, values: Array, remedy: str = ""
) -> None:
    """Raise SchemaError with the first row that is wrong."""
    if wrong.any():
        row = int(np.argmax(wrong))
        raise SchemaError(
            f"{name}: row {start + row}: expected {expected}, found {shown(values[row])}"
            f"{' ' + remedy if remedy else ''}"
        )


def shown(values: Array) -> str:
    """The first values of a row, with all digits where fewer would hide what is wrong."""
    short = [f"{value:.6g}" for value in values[:10]]
    exact = [
        few
        if float(few) == value or few.lstrip("-") in ("nan", "inf") or "." in few
        else f"{value!r}"
        for few, value in zip(short, values[:10].tolist(), strict=True)
    ]
    return " ".join(exact) + (" ..." if len(values) > 10 else "")

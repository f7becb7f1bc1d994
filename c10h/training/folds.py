"""Splits of the items into folds: stratified, seeded, and equal images together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from c10h.errors import InputError
from c10h.records import Array


def make_folds(items: Array, strata: Array, count: int, seed: int) -> Array:
    """The fold of each item, int16 (n), from 0 to ``count - 1``.

    items: uint64 (n), see :func:`hashes_of`; equal ones get the same fold, so that no network is
    tested on a copy of what it was trained on. strata: int64 (n), usually the true class: every
    fold has as many of each stratum as possible, and folds differ by one item at most where all
    images differ. Raises InputError for fewer images than folds.
    """
    unique, first, place = np.unique(items, return_index=True, return_inverse=True)
    most = min(len(unique), np.iinfo(np.int16).max)
    if len(unique) < 2:
        raise InputError(f"--folds {count}: needs at least two different images")
    if not 2 <= count <= most:
        raise InputError(f"--folds {count}: expected 2 to {most:,} for this number of images")
    random = np.random.default_rng(seed)
    order = np.lexsort((random.random(len(unique)), strata[first]))
    fold = np.empty(len(unique), dtype=np.int16)
    fold[order] = np.arange(len(unique)) % count
    return np.asarray(fold[place])


@dataclass(frozen=True)
class FoldRows:
    """The rows that one network is trained on, and those that it is not."""

    training: Array
    held_out: Array


def fold_rows(split: Array | None, fold: int, size: int) -> FoldRows:
    """The rows for the network of one fold; all of them where there are no folds."""
    if split is None:
        return FoldRows(np.arange(size), np.arange(0))
    return FoldRows(np.flatnonzero(split != fold), np.flatnonzero(split == fold))

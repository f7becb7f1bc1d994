"""Percentile bootstrap over items, as products of resampling weights with sums of groups.

Up to MAX_GROUPS items, every item is its own group. Above, items fall into MAX_GROUPS groups by a
seeded hash of their row, never by position, since files are often sorted; whole groups are then
resampled. The weights depend on the seed and the number of groups alone, so runs over the same
items are resampled alike and their differences are paired.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from c10h.metrics.item_block import Float
from c10h.records import Array

MAX_GROUPS = 10_000
LEVEL = 0.95
_CHUNK = 25


def groups(items: int, seed: int) -> Array:
    """The group of each item, int64 (items)."""
    if items <= MAX_GROUPS:
        return np.arange(items)
    return (hash_rows(items, seed) % np.uint64(MAX_GROUPS)).astype(np.int64)


def hash_rows(items: int, seed: int) -> Array:
    """A well-mixed uint64 for each row number."""
    return hash_numbers(np.arange(items, dtype=np.uint64), seed)


def hash_numbers(numbers: Array, seed: int) -> Array:
    """A well-mixed uint64 for each uint64 (SplitMix64: Steele, Lea & Flood, OOPSLA 2014)."""
    with np.errstate(over="ignore"):
        mixed = numbers + np.uint64(seed)
        mixed *= np.uint64(0x9E3779B97F4A7C15)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            mixed ^= mixed >> np.uint64(shift)
            mixed *= np.uint64(factor)
        mixed ^= mixed >> np.uint64(31)
    return mixed


def weights(group_count: int, resamples: int, seed: int) -> Iterator[tuple[slice, Float]]:
    """How often each group is drawn: blocks of resamples and their weights (b, groups)."""
    random = np.random.default_rng([seed, group_count])
    for start in range(0, resamples, _CHUNK):
        size = min(_CHUNK, resamples - start)
        drawn = random.integers(0, group_count, (size, group_count), dtype=np.uint16)
        flat = drawn + np.arange(size, dtype=np.int64)[:, None] * group_count
        counted = np.bincount(flat.ravel(), minlength=size * group_count)
        yield slice(start, start + size), counted.reshape(size, group_count).astype(np.float64)


def means(values: Float, resamples: int, seed: int) -> Float:
    """The mean of each column of ``values`` (items, q) in each resample of the items: (b, q)."""
    items, columns = values.shape
    group, count = groups(items, seed), min(items, MAX_GROUPS)
    ones_too = np.column_stack([values, np.ones(items)])
    sums = np.stack([np.bincount(group, column, count) for column in ones_too.T], axis=1)
    resampled = np.empty((resamples, columns))
    with np.errstate(invalid="ignore"):  # 0 times infinity, and infinity less infinity
        for block, drawn in weights(count, resamples, seed):
            totals = drawn @ sums
            resampled[block] = totals[:, :columns] / totals[:, columns:]
    return resampled


def interval(samples: Float) -> tuple[Float, Float]:
    """The 2.5 % and 97.5 % points of the last axis, order statistics without interpolation.

    Infinite samples count as such; resamples in which the value does not exist (NaN) are left out,
    and without any other both ends are NaN.
    """
    if not samples.shape[-1]:
        return np.full(samples.shape[:-1], np.nan), np.full(samples.shape[:-1], np.nan)
    ordered = np.sort(samples, axis=-1)  # NaN sort to the end
    known = np.count_nonzero(~np.isnan(ordered), axis=-1)

    def point(share: float) -> Float:
        # Rounded, since 0.025 of 1,000 is 25 and not a hair more.
        position = np.clip(np.ceil(np.round(share * known, 6)) - 1, 0, None).astype(np.intp)
        return np.take_along_axis(ordered, position[..., None], axis=-1)[..., 0].astype(np.float64)

    return point((1 - LEVEL) / 2), point((1 + LEVEL) / 2)

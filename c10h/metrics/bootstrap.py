"""Percentile bootstrap over items, as products of resampling weights with sums of groups.

Up to MAX_GROUPS items, every item is its own group. Above, items fall into MAX_GROUPS groups by a
seeded hash of their row, never by position, since files are often sorted; whole groups are then
resampled. The weights depend on the seed and the number of groups alone, so runs over the same
items are resampled alike and their differences are paired.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np

from c10h.metrics.item_block import Float
from c10h.records import Array

MAX_GROUPS = 10_000
LEVEL = 0.95
_CHUNK = 25
NORMAL_POINT = 1.959963984540054  # 97.5 % of the normal distribution
# A value from sums over items.
Formula: TypeAlias = Callable[..., Float]
# The 97.5 % points of Student's t, from 1 degree of freedom; further ones come from a series.
_STUDENT_POINTS = (12.706205, 4.302653, 3.182446, 2.776445, 2.570582)


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


def spread_out(combine: Formula, observations: Callable[..., float]) -> Callable[..., Formula]:
    """Resamples of a value that depends on few observations, for ``Metric.resampled``.

    combine: the value from sums over items. observations: how many it depends on, from the sums by
    cell. Each resample is ``expansion`` times as far from the value as its items are.
    """

    def resampled(*sums: Float) -> Formula:
        value = combine(*(by_cell.sum(axis=0, keepdims=True) for by_cell in sums))
        factor = expansion(observations(*sums))
        return lambda *drawn: np.asarray(value + factor * (combine(*drawn) - value))

    return resampled


def equal_parts(parts: Float, number: Float | float = 1.0) -> float:
    """How many equal parts would make a sum as uncertain as these do: (Σx)² / Σx²; 0 for none.

    parts: x >= 0. number: how many there are of each. This is Kish's effective sample size (Survey
    Sampling, 1965).
    """
    squares = float((number * np.square(parts)).sum())
    return float((number * parts).sum()) ** 2 / squares if squares > 0 else 0.0


def expansion(observations: float) -> float:
    """How much too short a percentile interval of m independent observations is, as a factor.

    It is that of a normal distribution with their mean square as its variance. The unbiased
    variance and Student's t with m - 1 degrees of freedom make it sqrt(m / (m - 1)) t / z as long:
    the expanded percentile interval of Hesterberg (The American Statistician 69, 2015), here by a
    factor instead of other percentiles, which 1,000 resamples do not have. Parts of an observation
    do not count; NaN for fewer than two, since nothing is known of their spread.
    """
    whole = int(np.round(observations, 6))
    if whole < 2:
        return float("nan")
    return float(np.sqrt(whole / (whole - 1)) * student_point(whole - 1) / NORMAL_POINT)


def student_point(freedom: int) -> float:
    """The 97.5 % point of Student's t to four decimals; scipy.special takes long to import.

    Beyond the table by the series in 1 / freedom of Abramowitz & Stegun (1964), 26.7.5.
    """
    if freedom <= len(_STUDENT_POINTS):
        return _STUDENT_POINTS[freedom - 1]
    z = NORMAL_POINT
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / float(freedom) ** power for power, term in enumerate(terms, 1))

"""Columns that are no classes, whatever they are called: indices, totals, and the like."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from c10h.errors import AmbiguousError, SchemaError
from c10h.files import Source
from c10h.formats.hints import OTHER_LAYOUTS
from c10h.formats.known_column_names import column_key
from c10h.formats.meaning_of_numbers import UNIT_TOLERANCE
from c10h.records import Array

# How many rows show whether a column is hardly a class.
SHOWING = 1 << 10
# Fewer rows than these do not show what a column is, and fewer than those not that its numbers are
# in an order of their own.
FEWEST_ROWS, FEWEST_IN_ORDER = 4, 6
# How far rounded shares may be from their unit.
ROUGHLY = 0.05
NUMBERS_ITEMS, NUMBERS_ROWS = "seems to number the items", "numbers the rows"
# Names that R gives to an index without one, and names of a row of sums.
INDEX_NAMES = ("X", "...1")
SUMS = ("total", "totals", "sum", "all", "grand_total")
SAME_SUM = 1e-6


def refuse_odd_column(
    rows: Array, source: Source, names: Sequence[str], *, can_be_items: bool, people: bool
) -> None:
    """Raise AmbiguousError for a column that is hardly a class, whatever it is called.

    rows: float64 (n, c). names: what messages call the columns. can_be_items: whether --item may
    name it. people: whether these are people's labels, for messages.
    """
    odd = odd_column(rows[:SHOWING])
    if odd is not None:
        position, what = odd
        item = "--item reads it as item names, " if can_be_items and what == NUMBERS_ITEMS else ""
        raise AmbiguousError(
            f"{source.name}: the column {names[position]} {what}: {item}--columns says which "
            f"columns are classes{f' ({OTHER_LAYOUTS})' if people else ''}"
        )


def refuse_row_numbers(rows: Array, source: Source, name: str) -> None:
    """Raise AmbiguousError where the first column counts the rows, as an index does by any name.

    name: of the column; "" for none. Votes can do that, too: then all items have as many.
    """
    start = rows[0, 0]
    counts = start in (0, 1) and np.array_equal(rows[:, 0], np.arange(start, start + len(rows)))
    least = 2 if name in INDEX_NAMES else 3
    if not counts or len(rows) < least or np.ptp(rows.sum(axis=1)) < SAME_SUM:
        return
    raise AmbiguousError(
        f"{source.name}: the column {repr(name) if name else 'number 0'} counts the rows: --item "
        f"{name or 0} reads it as item names, --columns or --classes says which columns are classes"
    )


def refuse_row_of_sums(rows: Array, ids: Array, source: Source) -> None:
    """Raise SchemaError where the last row is the sum of the others, as its name says."""
    if len(rows) < 2 or column_key(str(ids[-1])) not in SUMS:
        return
    if np.allclose(rows[-1], rows[:-1].sum(axis=0)):
        raise SchemaError(
            f"{source.name}: row {len(rows) - 1}, {str(ids[-1])!r}, is the sum of the rows above, "
            "not an item: remove it"
        )


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
    for position in np.flatnonzero(((heads == np.floor(heads)) & (heads >= 0)).all(axis=0)):
        values, other_columns = rows[:, position], np.delete(rows, position, axis=1)
        if not _are_different(values):
            continue
        if (
            without[position]
            or _number_items(values, other_columns)
            or (width > 3 and _has_total(other_columns))
        ):
            return int(position), NUMBERS_ROWS if _are_in_order(values) else NUMBERS_ITEMS
    if width > 2 and _has_total(rows):
        return int(np.argmax(_totals(rows))), "is the sum of the others"
    return (int(np.argmax(without)), "is not part of what rows sum to") if without.any() else None


def _are_different(values: Array) -> bool:
    """Whether values are different whole numbers of 0 or more."""
    whole = (values == np.floor(values)).all() and values.min() >= 0
    return bool(whole) and len(np.unique(values)) == len(values)


def _number_items(values: Array, other_columns: Array) -> bool:
    """Whether different whole numbers (n) number the items, beside ``others`` (n, c).

    They are all those from 0 or 1, or alone go up, or stand beside fractions, or are above the sums
    of the others, with which they do not make up one sum.
    """
    sums = other_columns.sum(axis=1)
    are_all = values.max() - values.min() == len(values) - 1 and values.min() in (0, 1)
    rising = (np.diff(values) > 0).all() and not (np.diff(other_columns, axis=0) > 0).all(
        axis=0
    ).any()
    ordered = _are_in_order(values) or (len(values) >= FEWEST_IN_ORDER and (are_all or rising))
    beside_fractions = (other_columns != np.floor(other_columns)).any(axis=0).all()
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

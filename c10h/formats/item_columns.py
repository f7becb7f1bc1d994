"""Columns of a table that say which item each row is about: names of items, or their numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from c10h.errors import AmbiguousError
from c10h.formats.tables import Table
from c10h.items import whole_numbers
from c10h.records import Array

if TYPE_CHECKING:
    import polars


@dataclass(frozen=True)
class NumberedItems:
    """Which items rows are about: ids or index, as in :class:`c10h.items.Items`, and a note."""

    ids: Array | None
    index: Array | None
    note: str


def item_names(column: polars.Series) -> Array:
    """Names of items, str (n); "" where one is missing."""
    words = np.array(column.fill_null("").to_list(), dtype=np.str_)
    numbers = whole_numbers(words)  # 4.0 is 4, as other programs write it
    return words if numbers is None else numbers.astype(np.str_)


def numbered_items(
    table: Table, position: int, values: Array, ids: Array | None = None
) -> NumberedItems:
    """The items of rows that a column numbers, from its values (n). ids: their names, if any.

    Numbers with a 0 among them are an index, others are ids, and numbers beside names or in order
    say nothing. Raises AmbiguousError where the column holds no numbers of rows.
    """
    column = table.column_name(position)
    numbers = _row_numbers(table, position, values)
    if ids is not None or numbers is None:
        return NumberedItems(ids, None, f"row numbers in column {column} left out")
    if 0 in numbers:
        return NumberedItems(None, numbers, f"rows by number from column {column}")
    return NumberedItems(numbers.astype(np.str_), None, f"ids from column {column}")


def _row_numbers(table: Table, position: int, values: Array) -> Array | None:
    """Numbers of rows that say more than their order does; None where they do not.

    Raises AmbiguousError where the column holds no numbers of rows.
    """
    whole = np.isfinite(values) & (values == np.floor(values)) & (values >= 0)
    if not whole.all() or len(np.unique(values)) < len(values):
        raise AmbiguousError(
            f"{table.source.name}: the column {table.column_name(position)} does not number the "
            "rows: --columns or --classes says which columns are classes"
        )
    numbers = values.astype(np.int64)
    in_order = any(
        np.array_equal(numbers, np.arange(start, start + len(numbers))) for start in (0, 1)
    )
    return None if in_order else numbers

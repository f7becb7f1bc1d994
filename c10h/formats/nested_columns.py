"""Columns of lists or records: the numbers of an item, a number a class, in one cell."""

from __future__ import annotations

import numpy as np

from c10h.errors import AmbiguousError, SchemaError
from c10h.formats.hints import brief
from c10h.formats.tables import Table
from c10h.formats.wide_column_roles import column_position
from c10h.records import Array

# Columns of records and of lists that hold votes, the best first, as in ChaosNLI.
VOTE_COLUMNS = ("label_counter", "label_count", "counts", "votes")


def nested_column(table: Table) -> int | None:
    """The column whose lists or records are the numbers of an item; None where there is none.

    Raises SchemaError where the column that is meant has none, AmbiguousError for several columns.
    """
    import polars

    if table.source.member:
        position = column_position(table, table.source.member, "FILE:COLUMN")
        if not table.is_nested(position):
            raise SchemaError(
                f"{table.source.name}: expected lists of numbers in column "
                f"{table.source.member!r}, found one value per item"
            )
        return position
    schema = table.schema
    nested = []
    for position, dtype in enumerate(schema.values()):
        fields = [inner.dtype for inner in dtype.fields] if isinstance(dtype, polars.Struct) else []
        element = getattr(dtype, "inner", None)
        if (fields and all(inner.is_numeric() for inner in fields)) or (
            element is not None and element.is_numeric()
        ):
            nested.append(position)
    names = table.names or ()
    named = [names.index(name) for name in VOTE_COLUMNS if name in names]
    best = next((position for position in named if position in nested), None)
    if best is not None or len(nested) < 2:
        return best if best is not None else next(iter(nested), None)
    shown = brief([table.column_name(position) for position in nested])
    raise AmbiguousError(
        f"{table.source.name}: which of the columns {shown} holds the numbers? "
        f"use {table.source.name}:COLUMN"
    )


def nested_numbers(table: Table, position: int) -> tuple[Array, tuple[str, ...] | None]:
    """Numbers float64 (n, c) from lists of equal length, or from records with a field a class.

    Returns the fields' names, too, None for lists. Raises SchemaError for gaps and for other
    lengths.
    """
    import polars

    dtype = table.schema[str(position)]
    what = f"{table.source.name}: column {table.column_name(position)}"
    names = None
    column = polars.col(str(position))
    if isinstance(dtype, polars.Struct):
        names = tuple(sorted(inner.name for inner in dtype.fields))
        fields = [column.struct.field(name).fill_null(0).alias(name) for name in names]
        rows = table.collect(fields).to_numpy().astype(np.float64)
    else:
        lists = table.collect([column]).to_series().to_list()
        widths = {None if cell is None else len(cell) for cell in lists}
        if len(widths) != 1 or None in widths or None in {x for cell in lists for x in cell}:
            raise SchemaError(f"{what}: expected lists of equal length, without gaps")
        rows = np.array(lists, dtype=np.float64)
    if rows.ndim != 2 or rows.shape[1] < 2:
        raise SchemaError(f"{what}: expected two or more numbers per item, found {rows.shape[1:]}")
    return rows, names

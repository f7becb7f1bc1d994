"""Numbers with one row an item and one column a class, from an array or a wide table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from c10h.errors import AmbiguousError, SchemaError, counted
from c10h.files import Source
from c10h.formats.arrays import (
    Stored,
    choose,
    classes_beside,
    ids_beside,
    listing,
    stored_arrays,
    vectors_of_annotators,
)
from c10h.formats.class_names import default_names
from c10h.formats.detect_format import detect, plain
from c10h.formats.file_formats import ARRAYS, FORMATS
from c10h.formats.header_line import MISSING
from c10h.formats.hints import EMPTY_CELLS, OTHER_LAYOUTS, Hints, brief
from c10h.formats.item_columns import item_names, numbered_items
from c10h.formats.lazy_rows import mapped, matrix_at
from c10h.formats.nested_columns import nested_column, nested_numbers
from c10h.formats.non_class_columns import (
    SHOWING,
    refuse_odd_column,
    refuse_row_numbers,
    refuse_row_of_sums,
)
from c10h.formats.tables import Table, open_table
from c10h.formats.wide_column_roles import (
    Roles,
    is_text,
    item_position,
    roles_of,
)
from c10h.records import Array, Rows, View

if TYPE_CHECKING:
    import polars

WITH_THOUSANDS = re.compile(r"[1-9]\d{0,2},\d{3}", re.ASCII)


@dataclass(frozen=True)
class Wide:
    """Numbers of a foreign file, not given a meaning yet.

    rows: (n, c), or (m, n, c) for m members. names: of the columns, None where they have none.
    ids: names of items, "" where one has none. index: numbers of items from 0. totals: columns that
    should hold the sum of each row, by name. array: the name of the array. notes: what was taken,
    for people.
    """

    source: Source
    rows: Rows
    names: tuple[str, ...] | None = None
    ids: Array | None = None
    index: Array | None = None
    totals: Mapping[str, Array] = field(default_factory=dict)
    array: str = ""
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        return self.rows.shape[-2]

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the columns, "0", "1", … where they have none."""
        return self.names or default_names(self.rows.shape[-1])

    def member(self) -> Rows:
        """The rows of the first member, (n, c)."""
        return matrix_at(self.rows, (0,)) if len(self.rows.shape) == 3 else self.rows

    def describe(self, meaning: str) -> str:
        """One line that says what was taken."""
        shape = f"{counted(self.size, 'item')} x {self.rows.shape[-1]} classes"
        if len(self.rows.shape) == 3:
            shape = f"{self.rows.shape[0]} members x {shape}"
        names = f" ({brief(self.names)})" if self.names else ""
        return "; ".join([f"{self.source.whole_name}: {meaning}, {shape}{names}", *self.notes])


def read_wide(source: Source, hints: Hints, *, people: bool = False) -> Wide:
    """The numbers of a foreign file.

    people: whether they are people's votes, or shares of them, for messages. Raises FileError for
    a file that cannot be read, SchemaError for other contents, AmbiguousError where an option must
    say what is meant.
    """
    file = plain(source)
    form = detect(file)
    if FORMATS[form].holds == ARRAYS:
        return _of_array(file, form, hints, people=people)
    table = open_table(file, hints.header, hints.layout)
    nested = nested_column(table)
    if nested is not None:
        return _of_nested(table, nested, hints)
    return _of_columns(table, roles_of(table, hints, people=people), hints, people=people)


# Arrays.


def _of_array(source: Source, form: str, hints: Hints, *, people: bool) -> Wide:
    arrays = stored_arrays(source, form)
    vectors = vectors_of_annotators(arrays)
    if people and not source.member and len(vectors) == len(arrays) > 1:
        raise AmbiguousError(
            f"{source.name}: found {listing(arrays)}: c10h labels build --layout matrix with "
            f"--columns {','.join(list(vectors)[:2])} would read these as annotators"
        )
    name, array = choose(
        arrays,
        source,
        lambda array: array.is_matrix and not array.is_vector,
        lambda array: array.is_matrix,
    )
    rows = _as_matrix(array, source, name)
    notes = [f"the array {name}"] if name and not source.member and len(arrays) > 1 else []
    names = classes_beside(arrays, rows.shape[-1])
    if isinstance(hints.columns, slice):
        columns = hints.columns
        width = columns.stop - columns.start
        if rows.shape[-1] == width:
            columns = slice(0, width)  # these are all there are
        if columns.stop > rows.shape[-1]:
            raise SchemaError(
                f"{source.name}: expected columns up to {columns.stop}, found {rows.shape[-1]}"
            )
        rows = mapped(rows, lambda block, _: block[..., columns], width=width)
        names = None if names is None else names[columns]
    elif hints.columns is not None and len(hints.columns) != rows.shape[-1]:
        raise SchemaError(
            f"{source.name}: --columns: the {rows.shape[-1]} columns of an array have no names"
        )
    if hints.zero:
        rows = mapped(rows, lambda block, _: np.where(np.isnan(block), 0, block))
    if rows.dtype.kind in "fiu" and not (hints.columns or hints.classes or names):
        member = matrix_at(rows, (0,)) if len(rows.shape) == 3 else rows
        head = np.asarray(member[0 : min(SHOWING, member.shape[0])], dtype=np.float64)
        numbers = [f"number {position}" for position in range(head.shape[1])]
        refuse_odd_column(head, source, numbers, can_be_items=False, people=people)
    ids = ids_beside(arrays, rows.shape[-2], source)
    if ids is not None:
        notes.append("ids from the same file")
    return Wide(source, rows, names, ids, array=name.rpartition("/")[2], notes=tuple(notes))


def _as_matrix(array: Stored, source: Source, name: str) -> Rows:
    what = source.name + (f": {name}" if name else "")
    shape = array.shape
    if array.is_numeric and shape and not shape[0]:
        raise SchemaError(f"{what}: expected one row per item, found no rows")
    if not array.is_numeric or not all(shape):
        raise SchemaError(
            f"{what}: expected numbers of shape (items, classes), found {array.dtype} of "
            f"shape {shape}"
        )
    if len(shape) == 1 or (len(shape) == 2 and shape[1] == 1):
        raise SchemaError(
            f"{what}: expected numbers of shape (items, classes), found shape {shape}: one number "
            "per item; two classes need two columns, the first and the second class; one true "
            "class per item is a --truth"
        )
    if len(shape) == 3 and shape[1] == 1:
        return np.asarray(np.asarray(array.load()[0 : shape[0]])[:, 0])
    if len(shape) not in (2, 3) or shape[-1] < 2:
        raise SchemaError(
            f"{what}: expected numbers of shape (items, classes) or (members, items, classes), "
            f"found shape {shape}"
        )
    rows = array.load()
    if len(shape) == 3 and isinstance(rows, View):
        return np.asarray(rows[0 : shape[0]])
    return rows


# Tables.


def _of_columns(table: Table, roles: Roles, hints: Hints, *, people: bool) -> Wide:
    source, names = table.source, table.names
    _refuse_few_classes(table, roles, people=people)
    _refuse_thousands(table, roles.classes)
    frame = _read_columns(table, roles)
    _refuse_gaps(table, roles.classes, frame, people=people, zero=hints.zero)
    values = frame.select([f"class {position}" for position in roles.classes])
    rows = (values.fill_null(0).fill_nan(0) if hints.zero else values).to_numpy()
    ids = None if roles.item is None else item_names(frame["item"])
    if not roles.chosen:
        shown_names = [table.column_name(position) for position in roles.classes]
        refuse_odd_column(rows, source, shown_names, can_be_items=ids is None, people=people)
        if roles.classes[0] == 0:
            refuse_row_numbers(rows, source, "" if names is None else names[0])
    if ids is not None:
        refuse_row_of_sums(rows, ids, source)
    notes = [] if roles.item is None else [f"ids from column {table.column_name(roles.item)}"]
    index = None
    if roles.rows is not None:
        numbered = numbered_items(table, roles.rows, frame["rows"].to_numpy(), ids)
        ids, index = numbered.ids, numbered.index
        notes.append(numbered.note)
    left_out = sorted([*roles.others, *roles.totals])
    if left_out:
        shown = brief([table.column_name(position) for position in left_out])
        notes.append(f"left out: {shown}")
    return Wide(
        source,
        rows,
        None if names is None else tuple(names[position] for position in roles.classes),
        ids,
        index,
        {
            table.column_name(position): frame[f"total {position}"].to_numpy()
            for position in roles.totals
        },
        notes=tuple(notes),
    )


def _read_columns(table: Table, roles: Roles) -> polars.DataFrame:
    """The columns "class 0", "total 5", …, "item" and "rows". Raises SchemaError for no rows."""
    columns = [table.numbers(position).alias(f"class {position}") for position in roles.classes]
    columns += [table.numbers(position).alias(f"total {position}") for position in roles.totals]
    if roles.item is not None:
        columns.append(table.words(roles.item).alias("item"))
    if roles.rows is not None:
        columns.append(table.numbers(roles.rows).alias("rows"))
    frame = _without_blank_end(table.collect(columns))
    if not frame.height:
        raise SchemaError(f"{table.source.name}: expected one row per item, found no rows")
    return frame


def _refuse_few_classes(table: Table, roles: Roles, *, people: bool) -> None:
    """Raise SchemaError unless there are two columns of classes."""
    if len(roles.classes) >= 2:
        return
    words = [position for position in range(table.width) if is_text(table, position)]
    if people and len(words) > 1:
        every = brief([table.column_name(position) for position in range(table.width)])
        raise SchemaError(
            f"{table.source.name}: expected a column of votes for each class, found {every}: "
            f"c10h labels build {table.source.name} -o labels.h5 reads judgments with --annotator "
            "COLUMN --item COLUMN --label COLUMN, and items by annotators with --layout matrix"
        )
    shown = ", ".join(table.column_name(position) for position in roles.classes) or "none"
    not_classes = [table.column_name(position) for position in (*roles.others, *roles.totals)]
    beside = f" next to {brief(not_classes)}" if not_classes else ""
    raise SchemaError(
        f"{table.source.name}: expected a column of numbers for each class, found columns of "
        f"classes: {shown}{beside} (--columns or --classes says which are classes"
        f"{f'; {OTHER_LAYOUTS}' if people else ''})"
    )


def _refuse_thousands(table: Table, positions: Sequence[int]) -> None:
    """Raise AmbiguousError where all commas in numbers may as well stand between thousands."""
    cells = [row[position] or "" for row in table.sample for position in positions]
    numbers = [cell for cell in cells if "," in cell]
    if table.decimal_comma and numbers and all(map(WITH_THOUSANDS.fullmatch, numbers)):
        raise AmbiguousError(
            f"{table.source.name}: {numbers[0]} may be {numbers[0].replace(',', '')} or "
            f"{numbers[0].replace(',', '.')}: write numbers without thousands separators, and "
            "with a decimal point"
        )


def _without_blank_end(frame: polars.DataFrame) -> polars.DataFrame:
    """The table without rows at its end in which nothing is."""
    import polars

    if not frame.height or not all(frame.tail(1).null_count().row(0)):
        return frame
    filled = frame.select(~polars.all_horizontal(polars.all().is_null())).to_series().arg_true()
    return frame.head(int(filled[-1]) + 1 if len(filled) else 0)


def _refuse_gaps(
    table: Table, positions: Sequence[int], frame: polars.DataFrame, *, people: bool, zero: bool
) -> None:
    """Raise SchemaError or AmbiguousError where a column of classes has something else.

    zero: whether empty cells are 0.
    """
    for position in positions:
        column = frame[f"class {position}"]
        if not column.null_count():
            continue
        wrong = table.words(position).is_not_null() & table.numbers(position).is_null()
        wrong &= ~table.words(position).str.to_lowercase().is_in(MISSING)
        row = int(column.is_null().arg_true()[0])
        slipped = table.collect([wrong.arg_true().first().alias("row")]).item()
        if slipped is None and zero:
            continue
        if slipped is None:
            raise AmbiguousError(
                f"{table.source.name}: row {row}: expected a number in column "
                f"{table.column_name(position)}, found nothing"
                f"{f' ({EMPTY_CELLS})' if people else ''}"
            )
        cell = table.collect([table.words(position).slice(slipped, 1)]).item()
        is_all = int(table.collect([wrong.sum()]).item()) == frame.height
        what = "expected a table of numbers" if is_all else f"row {slipped}: expected a number"
        raise SchemaError(
            f"{table.source.name}: {what} in column {table.column_name(position)}, found {cell!r} "
            "(--columns or --classes says which columns are classes, --item which names items"
            f"{f'; {OTHER_LAYOUTS}' if people else ''})"
        )


def _of_nested(table: Table, position: int, hints: Hints) -> Wide:
    """Numbers from a column of lists of equal length, or of records with a field a class."""
    rows, names = nested_numbers(table, position)
    item = item_position(table, position, hints)
    ids = None
    notes = [f"numbers from column {table.column_name(position)}"]
    if item is not None:
        ids = item_names(table.collect([table.words(item)]).to_series())
        notes.append(f"ids from column {table.column_name(item)}")
    return Wide(table.source, rows, names, ids, notes=tuple(notes))

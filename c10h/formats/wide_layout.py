"""Numbers with one row an item and one column a class, from an array or a wide table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from c10h.errors import AmbiguousError, SchemaError
from c10h.files import Source
from c10h.formats.arrays import (
    Stored,
    choose,
    ids_beside,
    listing,
    stored_arrays,
    vectors_of_annotators,
)
from c10h.formats.class_names import default_names
from c10h.formats.detect import ARRAYS, FORMATS, detect, plain
from c10h.formats.header_line import MISSING
from c10h.formats.hints import EMPTY_CELLS, OTHER_LAYOUTS, Hints, brief
from c10h.formats.lazy_rows import mapped, part_of
from c10h.formats.non_class_columns import (
    SHOWING,
    refuse_odd_column,
    refuse_row_numbers,
    refuse_row_of_sums,
)
from c10h.formats.tables import Table, open_table
from c10h.formats.wide_column_roles import (
    Roles,
    item_place,
    place_of,
    roles_of,
)
from c10h.items import whole_numbers
from c10h.records import Array, Rows, View

if TYPE_CHECKING:
    import polars

# Columns of records and of lists that hold votes, the best first, as in ChaosNLI.
VOTE_COLUMNS = ("label_counter", "label_count", "counts", "votes")
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
        return part_of(self.rows, (0,)) if len(self.rows.shape) == 3 else self.rows

    def told(self, meaning: str) -> str:
        """One line that says what was taken."""
        shape = f"{self.size:,} items x {self.rows.shape[-1]} classes"
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
    nested = _nested_column(table)
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
            f"--columns {','.join(list(vectors)[:2])} would take these for annotators"
        )
    name, array = choose(
        arrays,
        source,
        lambda one: one.is_matrix and not one.is_vector,
        lambda one: one.is_matrix,
    )
    rows = _as_matrix(array, source, name)
    notes = [f"the array {name}"] if name and not source.member and len(arrays) > 1 else []
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
    elif hints.columns is not None:
        raise SchemaError(f"{source.name}: --columns: the columns of an array have no names")
    if hints.zero:
        rows = mapped(rows, lambda block, _: np.where(np.isnan(block), 0, block))
    if rows.dtype.kind in "fiu" and not (hints.columns or hints.classes):
        member = part_of(rows, (0,)) if len(rows.shape) == 3 else rows
        head = np.asarray(member[0 : min(SHOWING, member.shape[0])], dtype=np.float64)
        numbers = [f"number {place}" for place in range(head.shape[1])]
        refuse_odd_column(head, source, numbers, can_be_items=False, people=people)
    ids = ids_beside(arrays, rows.shape[-2])
    if ids is not None:
        notes.append("ids beside it")
    return Wide(source, rows, ids=ids, array=name.rpartition("/")[2], notes=tuple(notes))


def _as_matrix(array: Stored, source: Source, name: str) -> Rows:
    what = source.name + (f": {name}" if name else "")
    shape = array.shape
    if array.is_numeric and shape and not shape[0]:
        raise SchemaError(f"{what}: expected one row an item, found no rows")
    if not array.is_numeric or not all(shape):
        raise SchemaError(
            f"{what}: expected numbers of shape (items, classes), found {array.dtype} of "
            f"shape {shape}"
        )
    if len(shape) == 1 or (len(shape) == 2 and shape[1] == 1):
        raise SchemaError(
            f"{what}: expected numbers of shape (items, classes), found shape {shape}: one number "
            "an item; two classes need two columns, of the first and of the second"
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
    if len(roles.classes) < 2:
        shown = ", ".join(table.column_name(place) for place in roles.classes) or "none"
        left = [table.column_name(place) for place in (*roles.others, *roles.totals)]
        beside = f" beside {brief(left)}" if left else ""
        raise SchemaError(
            f"{source.name}: expected numbers of shape (items, classes), found columns of classes: "
            f"{shown}{beside} (--columns or --classes says which are classes"
            f"{f'; {OTHER_LAYOUTS}' if people else ''})"
        )
    _refuse_thousands(table, roles.classes)
    columns = [table.numbers(place).alias(f"class {place}") for place in roles.classes]
    columns += [table.numbers(place).alias(f"total {place}") for place in roles.totals]
    if roles.item is not None:
        columns.append(table.words(roles.item).alias("item"))
    if roles.rows is not None:
        columns.append(table.numbers(roles.rows).alias("rows"))
    frame = _without_blank_end(table.collect(columns))
    if not frame.height:
        raise SchemaError(f"{source.name}: expected one row an item, found no rows")
    values = frame.select([f"class {place}" for place in roles.classes])
    _refuse_gaps(table, roles.classes, frame, people=people, zero=hints.zero)
    if hints.zero:
        values = values.fill_null(0).fill_nan(0)
    rows = values.to_numpy()
    ids = None if roles.item is None else item_names(frame["item"])
    if not roles.chosen:
        shown_names = [table.column_name(place) for place in roles.classes]
        refuse_odd_column(rows, source, shown_names, can_be_items=ids is None, people=people)
        if roles.classes[0] == 0:
            refuse_row_numbers(rows, source, "" if names is None else names[0])
    if ids is not None:
        refuse_row_of_sums(rows, ids, source)
    notes = [] if roles.item is None else [f"ids from column {table.column_name(roles.item)}"]
    index = None
    left_out = sorted([*roles.others, *roles.totals])
    if roles.rows is not None:
        numbers = row_numbers(table, roles.rows, frame["rows"].to_numpy())
        if ids is None and numbers is not None and 0 in numbers:
            index = numbers
            notes.append(f"rows by number from column {table.column_name(roles.rows)}")
        elif ids is None and numbers is not None:
            ids = numbers.astype(np.str_)
            notes.append(f"ids from column {table.column_name(roles.rows)}")
        else:
            notes.append(f"row numbers in column {table.column_name(roles.rows)} left out")
    if left_out:
        shown = brief([table.column_name(place) for place in left_out])
        notes.append(f"left out: {shown}")
    return Wide(
        source,
        rows,
        None if names is None else tuple(names[place] for place in roles.classes),
        ids,
        index,
        {table.column_name(place): frame[f"total {place}"].to_numpy() for place in roles.totals},
        notes=tuple(notes),
    )


def _refuse_thousands(table: Table, places: Sequence[int]) -> None:
    """Raise AmbiguousError where all commas in numbers may as well stand between thousands."""
    cells = [row[place] or "" for row in table.sample for place in places]
    numbers = [cell for cell in cells if "," in cell]
    if table.decimal_comma and numbers and all(map(WITH_THOUSANDS.fullmatch, numbers)):
        raise AmbiguousError(
            f"{table.source.name}: {numbers[0]} may be {numbers[0].replace(',', '')} or "
            f"{numbers[0].replace(',', '.')}: write numbers without separators of thousands, and "
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
    table: Table, places: Sequence[int], frame: polars.DataFrame, *, people: bool, zero: bool
) -> None:
    """Raise SchemaError or AmbiguousError where a column of classes has something else.

    zero: whether empty cells are 0.
    """
    for place in places:
        column = frame[f"class {place}"]
        if not column.null_count():
            continue
        wrong = table.words(place).is_not_null() & table.numbers(place).is_null()
        wrong &= ~table.words(place).str.to_lowercase().is_in(MISSING)
        row = int(column.is_null().arg_true()[0])
        slipped = table.collect([wrong.arg_true().first().alias("row")]).item()
        if slipped is None and zero:
            continue
        if slipped is None:
            raise AmbiguousError(
                f"{table.source.name}: row {row}: expected a number in column "
                f"{table.column_name(place)}, found nothing{f' ({EMPTY_CELLS})' if people else ''}"
            )
        cell = table.collect([table.words(place).slice(slipped, 1)]).item()
        is_all = int(table.collect([wrong.sum()]).item()) == frame.height
        what = "expected a table of numbers" if is_all else f"row {slipped}: expected a number"
        raise SchemaError(
            f"{table.source.name}: {what} in column {table.column_name(place)}, found {cell!r} "
            "(--columns or --classes says which columns are classes, --item which names items"
            f"{f'; {OTHER_LAYOUTS}' if people else ''})"
        )


def item_names(column: polars.Series) -> Array:
    """Names of items, str (n); "" where one is missing."""
    words = np.array(column.fill_null("").to_list(), dtype=np.str_)
    numbers = whole_numbers(words)  # 4.0 is 4, as other programs write it
    return words if numbers is None else numbers.astype(np.str_)


def row_numbers(table: Table, place: int, values: Array) -> Array | None:
    """Numbers of rows that say more than their order does; None where they do not.

    Raises AmbiguousError where the column holds no numbers of rows.
    """
    whole = np.isfinite(values) & (values == np.floor(values)) & (values >= 0)
    if not whole.all() or len(np.unique(values)) < len(values):
        raise AmbiguousError(
            f"{table.source.name}: the column {table.column_name(place)} does not number the rows: "
            "--columns or --classes says which columns are classes"
        )
    numbers = values.astype(np.int64)
    start = numbers[0]
    in_order = start in (0, 1) and np.array_equal(numbers, np.arange(start, start + len(numbers)))
    return None if in_order else numbers


# Columns of lists or records.


def _nested_column(table: Table) -> int | None:
    """The column whose lists or records are the numbers of an item; None where there is none."""
    import polars

    if table.source.member:
        place = place_of(table, table.source.member, "FILE:COLUMN")
        if not table.is_nested(place):
            raise SchemaError(
                f"{table.source.name}: expected lists of numbers in column "
                f"{table.source.member!r}, found one value an item"
            )
        return place
    schema = table.frame.collect_schema()
    nested = []
    for place, dtype in enumerate(schema.dtypes()):
        fields = [one.dtype for one in dtype.fields] if isinstance(dtype, polars.Struct) else []
        inner = getattr(dtype, "inner", None)
        if (fields and all(one.is_numeric() for one in fields)) or (
            inner is not None and inner.is_numeric()
        ):
            nested.append(place)
    names = table.names or ()
    known = [names.index(name) for name in VOTE_COLUMNS if name in names]
    best = next((place for place in known if place in nested), None)
    if best is not None or len(nested) < 2:
        return best if best is not None else next(iter(nested), None)
    shown = brief([table.column_name(place) for place in nested])
    raise AmbiguousError(
        f"{table.source.name}: which of the columns {shown} holds the numbers? "
        f"{table.source.name}:COLUMN says so"
    )


def _of_nested(table: Table, place: int, hints: Hints) -> Wide:
    """Numbers from a column of lists of equal length, or of records with a field a class."""
    import polars

    dtype = table.frame.collect_schema()[str(place)]
    what = f"{table.source.name}: column {table.column_name(place)}"
    names = None
    column = polars.col(str(place))
    if isinstance(dtype, polars.Struct):
        fields = sorted(one.name for one in dtype.fields)
        values = [column.struct.field(name).fill_null(0).alias(name) for name in fields]
        frame = table.collect(values)
        rows, names = frame.to_numpy().astype(np.float64), tuple(fields)
    else:
        lists = table.collect([column]).to_series().to_list()
        widths = {None if one is None else len(one) for one in lists}
        if len(widths) != 1 or None in widths or None in {x for one in lists for x in one}:
            raise SchemaError(f"{what}: expected lists of one length, without gaps")
        rows = np.array(lists, dtype=np.float64)
    if rows.ndim != 2 or rows.shape[1] < 2:
        raise SchemaError(f"{what}: expected two or more numbers an item, found {rows.shape[1:]}")
    item = item_place(table, place, hints)
    ids = None
    notes = [f"numbers from column {table.column_name(place)}"]
    if item is not None:
        ids = item_names(table.collect([table.words(item)]).to_series())
        notes.append(f"ids from column {table.column_name(item)}")
    return Wide(table.source, rows, names, ids, notes=tuple(notes))

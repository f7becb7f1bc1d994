"""Judgments as a matrix of items by annotators, whose cells are the classes chosen."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from c10h.errors import AmbiguousError, FileError, InputError, SchemaError, counted
from c10h.formats import tables
from c10h.formats.arrays import (
    choose,
    ids_beside,
    listing,
    stored_arrays,
    vectors_of_annotators,
)
from c10h.formats.detect_format import array_format, describe
from c10h.formats.judgment_columns import NUMBER, SHOWN, MatrixReading
from c10h.formats.judgments import (
    Codes,
    Judgments,
    codes_of,
    flags,
    rows_that_hold,
    without_label,
)
from c10h.formats.known_column_names import (
    OTHERS,
    ROW_NUMBERS,
    TOTALS,
    Columns,
    column_key,
    names_items,
    names_suggest_matrix,
    part_of,
    stem_of_series,
)
from c10h.formats.non_class_columns import FEWEST_IN_ORDER
from c10h.formats.text_separators import refuse_encoding
from c10h.formats.whole_numbers import is_index
from c10h.items import whole_numbers
from c10h.records import Array

if TYPE_CHECKING:
    import polars


def open_annotator_matrix(reading: MatrixReading) -> Judgments:
    """Read a table or an array of items by annotators.

    Raises FileError for what is neither, AmbiguousError where a column may be an annotator or the
    items, or the first line names or judgments, InputError for a column that is not there.
    """
    source, header = reading.source, reading.header
    form = array_format(source)
    if form is not None:
        return _judgments_of_arrays(reading, form)
    first_line = tables.header_of(source)
    if first_line is None:
        refuse_encoding(source)
        raise FileError(f"{source.name}: expected a table, found {describe(source)}")
    may_lack_names = tables.may_lack_names(source)
    if not may_lack_names and header is False:
        raise InputError(
            f"{source.name}: --no-header applies only to text tables: these columns have names"
        )
    frame = tables.collect(tables.scan(source, header=header is True or not may_lack_names), source)
    if may_lack_names and header is None:
        header = _first_line_has_names(source.name, first_line, frame.slice(1), reading.columns)
        frame = frame.slice(1) if header else frame
    named = header is not False
    names = first_line if named else [str(position) for position in range(len(first_line))]
    return _judgments_of_table(reading, names, frame, named=named)


def _judgments_of_arrays(reading: MatrixReading, form: str) -> Judgments:
    """The judgments of one matrix, or of the vectors that ``--columns`` names, one an annotator."""
    source = reading.source
    arrays = stored_arrays(source, form)
    if not any(array.is_matrix and not array.is_vector for array in arrays.values()):
        vectors = vectors_of_annotators(arrays)
        if isinstance(reading.chosen, tuple) and vectors:
            cells = [np.asarray(vectors[name].load()[...]).reshape(-1) for name in vectors]
            frame = _frame_of_columns(cells)
            return _judgments_of_table(reading, list(vectors), frame, named=True)
        if len(vectors) > 1:
            raise AmbiguousError(
                f"{source.name}: found {listing(arrays)}: --columns {','.join(list(vectors)[:2])} "
                "would say which are annotators"
            )
    _, array = choose(arrays, source, lambda array: array.is_matrix)
    values = np.asarray(array.load()[0 : array.shape[0]])
    if values.ndim != 2:
        raise FileError(f"{source.name}: expected items by annotators, found shape {values.shape}")
    names = [str(position) for position in range(values.shape[1])]
    items = ids_beside(arrays, len(values), source)
    return _judgments_of_table(reading, names, _frame_of(values), items, named=False)


def judgments_of_cells(
    table: str,
    items: Sequence[str] | Array | None,
    annotators: Sequence[str],
    cells: Array | polars.DataFrame,
    true_labels: polars.Series | None = None,
    checks: Array | None = None,
    lines: Array | None = None,
) -> Judgments:
    """Judgments of n items by a annotators from ``cells`` (n, a), words or numbers of classes.

    items: their names; None where they are numbered by their rows. true_labels: words (n), where
    they are known. checks: which items are attention checks, bool (n). lines: the numbers of the
    rows in the table, int64 (n), where these are not all.

    Cells that are empty or NaN have no judgment, and neither have -1, NA, null and none where these
    are no class. Raises SchemaError for annotators with one name.
    """
    import polars

    frame = cells if isinstance(cells, polars.DataFrame) else _frame_of(cells)
    if not frame.height:
        raise SchemaError(f"{table}: expected judgments, found no items")
    twice = next((name for name, count in Counter(annotators).items() if count > 1), None)
    if twice is not None:
        raise SchemaError(f"{table}: expected distinct annotators, found {twice!r} twice")
    width = frame.width
    words = [frame.to_series(position).cast(polars.String) for position in range(width)]
    label = codes_of(polars.concat(words).alias("label").cast(polars.Categorical), table)
    label = Codes(label.words, label.row.reshape(width, -1).T.ravel())  # line by line
    empty = np.append(label.words == "", True)
    cell = np.flatnonzero(~empty[label.row])
    line, column = np.divmod(cell, width)
    lines = np.arange(frame.height) if lines is None else lines
    names = lines.tolist() if items is None else items
    item = codes_of(polars.Series("item", list(map(str, names))), table)
    annotator = codes_of(polars.Series("annotator", list(annotators)), table)
    true = None if true_labels is None else codes_of(true_labels.alias("true_label"), table)
    return Judgments(
        source=table,
        annotator=Codes(annotator.words, annotator.row[column]),
        item=Codes(item.words, item.row[line]),
        label=Codes(label.words, label.row[cell]),
        true_label=None if true is None else Codes(true.words, true.row[line]),
        check=None if checks is None else checks[line],
        cell=lines[line] * width + column,
        taken=f"judgments as a matrix, {counted(frame.height, 'item')} by {width:,} annotators",
    )


def _frame_of(cells: Array) -> polars.DataFrame:
    """An array as a table of words; whole numbers are written as such, NaN is nothing."""
    return _frame_of_columns(list(cells.T))


def _frame_of_columns(columns: Sequence[Array]) -> polars.DataFrame:
    import polars

    words = [_words_of_array(values) for values in columns]
    return polars.DataFrame(
        [polars.Series(str(position), cells) for position, cells in enumerate(words)]
    )


def _words_of_array(values: Array) -> list[str | None]:
    if values.dtype.kind == "b":
        values = values.astype(np.int64)
    if values.dtype.kind != "f":
        return [None if value is None else str(value) for value in values.tolist()]
    return [
        None if value != value else str(int(value)) if value.is_integer() else str(value)
        for value in values.tolist()
    ]


def _judgments_of_table(
    reading: MatrixReading,
    names: Sequence[str],
    frame: polars.DataFrame,
    ids: Array | None = None,
    *,
    named: bool,
) -> Judgments:
    """The judgments of a table whose columns are called ``names``.

    ids: names of the items, where no column has them.
    """
    table = reading.source.name
    frame = frame.rename(dict(zip(frame.columns, map(str, range(frame.width)), strict=True)))
    lines = _lines_where(reading, names, frame, named=named)
    frame, ids = frame[lines], None if ids is None else ids[lines]
    check, checks = _checks(reading, names, frame, lines)
    item = None if ids is not None else _item_column(reading, names, frame, named=named)
    true = _position(table, names, reading.columns.true_label, "--true-label")
    if reading.columns.true_label is None and named:
        true = next(
            (position for position, name in enumerate(names) if part_of(name) == "true_label"), None
        )
    if isinstance(reading.chosen, tuple):
        chosen = [_position(table, names, name, "--columns") for name in reading.chosen]
    else:
        chosen = list(range(len(names))[reading.chosen or slice(None)])
    others = {item, true, check}
    if reading.chosen is None:
        others |= {each.position(table, names, has_names=named) for each in reading.where}
    annotators = [
        position for position in chosen if position is not None and position not in others
    ]
    if len(annotators) < 2:
        raise InputError(
            f"{table}: expected two or more columns of annotators, found {len(annotators)} "
            f"({', '.join(names[:SHOWN])})"
        )
    if reading.chosen is None:
        _refuse_other_columns(table, names, frame, annotators, named=named)
    judgments = judgments_of_cells(
        table,
        _names_of_items(table, frame.to_series(item)) if item is not None else ids,
        [names[position] for position in annotators],
        frame.select(map(str, annotators)),
        None if true is None else frame.to_series(true),
        checks,
        lines,
    )
    shown = "row numbers" if ids is None else "the names in the file"
    if item is not None:
        shown = repr(names[item]) if named else f"column {item}"
    people = ", ".join(names[position] for position in annotators[:SHOWN])
    more = ", ..." if annotators[SHOWN:] else ""
    taken = f"{judgments.taken}; item from {shown}, annotators {people}{more}"
    if check is not None:
        taken += f"; check from {names[check]!r}"
    if true is not None:
        taken += f"; true_label from {names[true]!r}"
    return replace(judgments, taken=taken, by_majority=reading.by_majority)


def _lines_where(
    reading: MatrixReading, names: Sequence[str], frame: polars.DataFrame, *, named: bool
) -> Array:
    """The rows for which all conditions hold, ascending int64. Raises InputError without any."""
    table, holds = reading.source.name, np.ones(frame.height, dtype=bool)
    for condition in reading.where:
        position = condition.position(table, names, has_names=named)
        holds &= rows_that_hold(condition, frame.to_series(position), table)
    if reading.where and not holds.any():
        conditions = " ".join(condition.option for condition in reading.where)
        raise InputError(f"{table}: {conditions}: no row is left of {frame.height:,}")
    return np.flatnonzero(holds)


def _checks(
    reading: MatrixReading, names: Sequence[str], frame: polars.DataFrame, lines: Array
) -> tuple[int | None, Array | None]:
    """The column that tells of attention checks, and which items are some, bool; None for none.

    lines: the numbers of the rows in the table.
    """
    table = reading.source.name
    position = _position(table, names, reading.columns.check, "--check")
    if position is None:
        return None, None
    column = frame.to_series(position)
    if reading.check is not None:
        return position, rows_that_hold(reading.check, column, table, "--check")
    return position, flags(column, "check", reading.source, lines, names[position])


def _names_of_items(table: str, column: polars.Series) -> list[str]:
    words = [str(word or "").strip() for word in column.cast(str).to_list()]
    if "" in words:
        raise SchemaError(f"{table}: row {words.index('')}: expected the item, found nothing")
    return words


def _position(table: str, names: Sequence[str], name: str | None, option: str) -> int | None:
    """The number of a column that an option names, or numbers; None where it does not."""
    if not name:
        return None
    if names.count(name) == 1:
        return list(names).index(name)
    if name not in names and is_index(name) and int(name) < len(names):
        return int(name)
    raise InputError(
        f"{table}: expected one column {name!r} ({option}), found {', '.join(names[:SHOWN])}"
    )


def _item_column(
    reading: MatrixReading, names: Sequence[str], frame: polars.DataFrame, *, named: bool
) -> int | None:
    """The column that names the items; None where their rows number them.

    It is the one that is asked for, called an item or an index, or the one text beside numbers.
    Raises AmbiguousError where there are several.
    """
    table = reading.source.name
    if reading.columns.item is not None:
        return _position(table, names, reading.columns.item, "--item")
    text = [position for position in range(frame.width) if _is_text(frame.to_series(position))]
    candidates: list[int] = []
    if named:
        candidates = [position for position, name in enumerate(names) if names_items(name)]
        text_items = [position for position in text if part_of(names[position]) != "true_label"]
        if not candidates and len(text_items) == 1 and frame.width - len(text) >= 2:
            candidates = text_items
        candidates = candidates or [
            position for position, name in enumerate(names) if _numbers_rows(name)
        ]
    elif len(text) == 1 and frame.width > 2:
        candidates = text
    if len(candidates) > 1:
        shown = " or ".join(names[position] for position in candidates)
        raise AmbiguousError(f"{table}: which column is the item, {shown}? --item names it")
    return candidates[0] if candidates else None


def _refuse_other_columns(
    table: str,
    names: Sequence[str],
    frame: polars.DataFrame,
    annotators: Sequence[int],
    *,
    named: bool,
) -> None:
    """Raise AmbiguousError for a column that is hardly an annotator, by its name or its cells.

    Such are an index, a total, the truth; and a column whose cells are all different and numbers
    that run from 0 or 1 (in any order, where there are some rows), or for a half in no other
    column, as names of items are.
    """
    options = "--columns START:STOP says which columns are annotators"
    for position in annotators if named else ():
        name = names[position]
        is_other = column_key(name) in (*TOTALS, *OTHERS)
        if is_other or _numbers_rows(name) or names_items(name) or part_of(name) in ("name", "rt"):
            raise AmbiguousError(
                f"{table}: is the column {names[position]!r} an annotator? {options}; --item and "
                "--true-label name the item and the truth"
            )
    words = {position: _words_of(frame.to_series(position)) for position in annotators}
    columns_with = Counter(chain.from_iterable(words.values()))
    for position, own in words.items():
        if len(own) <= 2 or (named and stem_of_series(names[position])):
            continue
        counts = [[str(number + first) for number in range(len(own))] for first in (0, 1)]
        in_any_order = len(own) >= FEWEST_IN_ORDER and sorted(own) in map(sorted, counts)
        running = own in counts or in_any_order
        foreign = 2 * sum(columns_with[word] == 1 for word in own) >= len(own)
        cells = frame.to_series(position).cast(str).str.strip_chars()
        if (running or foreign) and cells.is_in(own).sum() == len(own):
            raise AmbiguousError(
                f"{table}: column {names[position]}: all cells are different: does it name the "
                f"items (--item {names[position]}), or is it an annotator? {options}"
            )


def _numbers_rows(name: str) -> bool:
    """Whether a column of this name may number the rows."""
    return column_key(name) in (*ROW_NUMBERS, "id")


def _words_of(column: polars.Series) -> list[str]:
    """The different labels of a column, in the order of the first cell of each."""
    words = column.drop_nulls().cast(str).str.strip_chars().unique(maintain_order=True).to_list()
    missing = without_label(np.array(words, dtype=np.str_)).tolist()
    return [word for word, is_missing in zip(words, missing, strict=True) if not is_missing]


def _is_text(column: polars.Series) -> bool:
    """Whether a column has cells that are no whole numbers."""
    words = {word.removeprefix("-") for word in _words_of(column)}
    return whole_numbers(np.array(sorted(words), dtype=np.str_)) is None


def _first_line_has_names(
    table: str, first_line: Sequence[str], below: polars.DataFrame, columns: Columns
) -> bool:
    """Whether the first line of a text table names the annotators. Raises AmbiguousError.

    Its words are names where they differ and none is a number or a cell below, and judgments where
    all are cells below; running numbers, as pandas writes for names, can be both.
    """
    requested = {
        name for name in (columns.item, columns.true_label) if name and not name.isdecimal()
    }
    if requested & {*first_line} or names_suggest_matrix(first_line):
        return True
    cells = {
        word for position in range(below.width) for word in _words_of(below.to_series(position))
    }
    words = [word for word in first_line if part_of(word) != "item" and not _numbers_rows(word)]
    labels = [word for word in words if not without_label(np.array([word, "0"]))[0]]
    numbers = [int(word) for word in words if is_index(word)]
    running = len(numbers) == len(words) and numbers in (
        list(range(first, first + len(words))) for first in numbers[:1]
    )
    if not any(re.fullmatch(NUMBER, word) or word in cells for word in words):
        if len({*words}) == len(words) == len(labels):
            return True
    elif not running and sum(word not in cells for word in labels) <= 1:
        return False  # the one word may be the name of an item
    raise AmbiguousError(
        f"{table}: is the first line ({', '.join(first_line[:SHOWN])}) a header or judgments? "
        "Use --header or --no-header"
    )

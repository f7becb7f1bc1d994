"""What a foreign file says of the true class of each item: words, numbers, lists or flags."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from c10h.errors import SchemaError
from c10h.files import Source
from c10h.formats.arrays import NUMBERS, WORDS, are_ids, choose, ids_beside, stored_arrays
from c10h.formats.detect_format import detect, plain
from c10h.formats.file_formats import ARRAYS, FORMATS
from c10h.formats.header_line import MISSING
from c10h.formats.hints import TRUTH, Hints, brief
from c10h.formats.item_columns import item_names, numbered_items
from c10h.formats.known_column_names import OTHERS, TOTALS, column_key
from c10h.formats.tables import Table, header_of, open_table
from c10h.formats.wide_column_roles import column_position, is_text, item_position, row_columns
from c10h.records import Array
from c10h.truth import is_one_class_or_tie, sole_class, ties_told

# Names of columns of true classes, besides which a table may have others of OTHERS.
TRUTHS = (
    *("truth", "true_label", "true_class", "ground_truth", "gold", "gold_label", "gold_standard"),
    *("gt", "y_true", "target", "targets", "y", "label", "labels", "class", "category"),
)
# How many of these are nothing but the truth.
CERTAIN = 11
# How far the sum of a row of shares, rounded to two decimals, may be from 1.
ROUNDED = 0.02


@dataclass(frozen=True)
class Cells:
    """What a file says of each item: numbers or words (n), or lists of them.

    words: str; "" where nothing is said. names: of the columns of one-hot rows. are_flags: whether
    numbers are true or false. ids, index: which items these are, as in :class:`Items`.
    """

    words: Array | None = None
    numbers: Array | None = None
    lists: Sequence[Sequence[object] | None] | None = None
    names: tuple[str, ...] | None = None
    are_flags: bool = False
    ids: Array | None = None
    index: Array | None = None
    notes: tuple[str, ...] = ()


def read_cells(source: Source, hints: Hints) -> Cells:
    """What a foreign file says of each item. Raises FileError, SchemaError or AmbiguousError."""
    file = plain(source)
    form = detect(file)
    if FORMATS[form].holds == ARRAYS:
        return _cells_of_array(file, form)
    table = truth_table(file, hints)
    position = 0 if table.width == 1 else truth_position(table, hints)
    if position is None:
        one_hot = _one_hot_columns(table, hints)
        if one_hot is not None:
            return one_hot
        if len(table.sample) == 1 and table.names is None:
            raise SchemaError(
                f"{source.name}: expected one class per line, found one line of {table.width}"
            )
        named = f"columns {brief(table.names or ())}"
        shown = named if table.names else f"{table.width} columns without names"
        raise SchemaError(
            f"{source.name}: expected one class per item, found {shown}: {source.name}:COLUMN "
            "names the column of true classes"
        )
    return _cells_of_column(table, position, hints)


def truth_table(source: Source, hints: Hints) -> Table:
    """A table of true classes; one that has the column of FILE:COLUMN in its first line has names.

    source: as :func:`plain` returned it.
    """
    header = hints.header
    if header is None and source.member and source.member in (header_of(source) or ()):
        header = True
    return open_table(source, header, TRUTH)


def _cells_of_array(source: Source, form: str) -> Cells:
    arrays = stored_arrays(source, form)
    classes = {name: array for name, array in arrays.items() if not are_ids(name, array)}
    name, array = choose(
        arrays if source.member else classes or arrays,
        source,
        lambda array: array.is_vector and array.is_whole,
        lambda array: array.is_vector,
        lambda array: array.is_matrix and array.is_whole,
    )
    notes = (f"the array {name}",) if name and not source.member and len(arrays) > 1 else ()
    values = np.asarray(array.load()[...] if not array.shape else array.load()[0 : array.shape[0]])
    if array.is_vector:
        values = values.reshape(-1)
        ids = ids_beside(arrays, len(values), source, name)
        if values.dtype.kind in WORDS:
            return Cells(words=np.char.strip(values.astype(np.str_)), ids=ids, notes=notes)
        are_flags = values.dtype.kind == "b"
        return Cells(numbers=values.astype(np.float64), are_flags=are_flags, ids=ids, notes=notes)
    if array.is_matrix and values.ndim == 2 and is_shares(values):
        numbers, how = _one_hot(values, source)
        ids = ids_beside(arrays, len(values), source, name)
        return Cells(numbers=numbers, ids=ids, notes=(*notes, *how))
    hint = ": votes and shares are --labels" if array.is_matrix else ""
    raise SchemaError(
        f"{source.name}: expected one class per item, found shape {array.shape}{hint}"
    )


def _cells_of_column(table: Table, position: int, hints: Hints) -> Cells:
    import polars

    item = None if table.width == 1 else item_position(table, position, hints)
    identity = _identity(table, item, [p for p in row_columns(table) if p != position])
    if table.width > 1:
        notes = (f"column {table.column_name(position)}", *identity.notes)
        identity = replace(identity, notes=notes)
    if table.is_nested(position):
        lists = table.collect([polars.col(str(position))]).to_series().to_list()
        return replace(identity, lists=lists)
    frame = table.collect(
        [table.numbers(position).alias("number"), table.words(position).alias("word")]
    )
    words = frame["word"].fill_null("")
    missing = words.str.to_lowercase().is_in(MISSING)
    if not (frame["number"].is_null() & ~missing).any():
        numbers = frame["number"].fill_null(float("nan")).to_numpy()
        return replace(identity, numbers=numbers)
    kept = words.zip_with(~missing, polars.Series([""]).new_from_index(0, len(words)))
    class_words = np.array(kept.to_list(), dtype=np.str_)
    return replace(identity, words=class_words)


def _identity(table: Table, item: int | None, rows: Sequence[int]) -> Cells:
    """Which items the rows of a table are, from the column of their names, or else of numbers.

    rows: the columns that number the rows.
    """
    if item is not None:
        ids = item_names(table.collect([table.words(item)]).to_series())
        return Cells(ids=ids, notes=(f"ids from column {table.column_name(item)}",))
    if not rows:
        return Cells()
    values = table.collect([table.numbers(rows[0])]).to_series().to_numpy()
    numbered = numbered_items(table, rows[0], values)
    return Cells(ids=numbered.ids, index=numbered.index, notes=(numbered.note,))


def truth_position(table: Table, hints: Hints) -> int | None:
    """The column of true classes in a table; None where it is not clear."""
    if table.source.member:
        return column_position(table, table.source.member, "FILE:COLUMN")
    keys = [column_key(name) for name in table.names or ()]
    for names in (TRUTHS[:CERTAIN], TRUTHS[CERTAIN:]):
        positions = [position for position, key in enumerate(keys) if key in names]
        if len(positions) == 1:
            return positions[0]
        if positions:
            return None
    item = item_position(table, -1, hints)
    beside = {item, *row_columns(table)}
    rest = [p for p in range(table.width) if p not in beside and not (keys and keys[p] in OTHERS)]
    if item is None and len(rest) == table.width == 2:
        # Two columns of words: names of items are all different, and those of classes are not.
        cells = [[row[position] for row in table.sample] for position in rest]
        repeats = [position for position in rest if len({*cells[position]}) < len(cells[position])]
        return repeats[0] if len(repeats) == 1 else None
    return rest[0] if len(rest) == 1 and len(rest) < table.width else None


def _one_hot_columns(table: Table, hints: Hints) -> Cells | None:
    """One-hot rows of a table; None where its rows are no shares. Raises SchemaError for others."""
    item = item_position(table, -1, hints)
    if item is not None and not is_text(table, item):
        cells = table.collect([table.numbers(item)]).to_series()
        item = None if cells.n_unique() < len(cells) else item  # a class that is called so
    beside = {item, *row_columns(table)}
    positions = [
        position
        for position in range(table.width)
        if position not in beside and not is_text(table, position)
    ]
    if len(positions) < 2 or any(table.is_nested(position) for position in positions):
        return None
    rows = table.collect([table.numbers(position) for position in positions]).to_numpy()
    if not is_shares(rows):
        keys = [column_key(table.names[position]) if table.names else "" for position in positions]
        kept = [place for place, key in enumerate(keys) if key not in TOTALS]
        positions, rows = [positions[place] for place in kept], rows[:, kept]
    if len(positions) < 2 or not is_shares(rows):
        return None
    names = None if table.names is None else tuple(table.names[position] for position in positions)
    numbers, notes = _one_hot(rows, table.source)
    identity = _identity(table, item, row_columns(table))
    return replace(identity, numbers=numbers, names=names, notes=(*notes, *identity.notes))


def is_shares(rows: Array) -> bool:
    """Whether each row of numbers (n, c) sums to 1, as shares of classes do, but for rounding."""
    if rows.dtype.kind not in NUMBERS or not len(rows) or not (rows >= 0).all():
        return False
    return bool((np.abs(rows.sum(axis=1) - 1) <= ROUNDED).all())


def _one_hot(rows: Array, source: Source) -> tuple[Array, tuple[str, ...]]:
    """The class of each row of shares (n, c), NaN for a tie, float64 (n), and notes.

    Raises SchemaError for rows of other shares, which have no one class.
    """
    divided = len(rows) - int(is_one_class_or_tie(rows).sum())
    if divided:
        raise SchemaError(
            f"{source.name}: expected one class per item, found shares of {rows.shape[1]} classes, "
            f"of several in {divided:,} of {len(rows):,} rows: c10h labels build {source.name} "
            "--as majority -o majority.h5 makes labels that are one class each"
        )
    truth = sole_class(rows)
    ties = ties_told(truth)
    numbers = np.where(truth < 0, np.nan, truth)
    return numbers, ("one-hot rows", ties) if ties else ("one-hot rows",)

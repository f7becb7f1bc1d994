"""The true classes of items: a vector, a column, one-hot rows, lists of right classes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from c10h import h5
from c10h.errors import AmbiguousError, FileError, SchemaError
from c10h.files import Source
from c10h.formats.arrays import WORDS, choose, ids_beside, stored_arrays
from c10h.formats.classes import are_default, class_of_words, default_names, match_order
from c10h.formats.column_names import OTHERS, column_key
from c10h.formats.column_roles import is_text, item_place, place_of, row_columns
from c10h.formats.detect import ARRAYS, FORMATS, detect, plain
from c10h.formats.first_line import MISSING
from c10h.formats.hints import NO_HINTS, TRUTH, Hints, Tell, brief, silent
from c10h.formats.tables import Table, open_table
from c10h.formats.wide import item_names, row_numbers
from c10h.items import Items
from c10h.records import Array, Images, Labels, Predictions, Record
from c10h.truth import UNKNOWN, first_right, renumbered

# Names of columns of true classes, besides which a table may have others of OTHERS.
TRUTHS = (
    *("truth", "true_label", "true_class", "ground_truth", "gold", "gold_label", "gold_standard"),
    *("gt", "y_true", "target", "targets", "y", "label", "labels", "class", "category"),
)
# How many of these are nothing but the truth.
CERTAIN = 11

WHOLE = re.compile(r"-?\d+", re.ASCII)


@dataclass(frozen=True)
class Truth:
    """The true class of n items, as far as it is known.

    values: int64 (n), UNKNOWN where no class is known. classes: their names, () where they are
    those of whatever the truth is joined with. right: uint8 (n, c), 1 for every class that counts
    as right, where an item may have several. ids, index: which items these are, as in
    :class:`Items`.
    """

    values: Array
    classes: tuple[str, ...] = ()
    right: Array | None = None
    ids: Array | None = None
    index: Array | None = None

    def items(self, what: str) -> Items:
        """Which items these are. what: how messages call them."""
        return Items(what, len(self.values), self.ids, self.index)

    def at(self, rows: Array | None) -> Truth:
        """The truth of other items: those in ``rows``, -1 for one that is not here."""
        if rows is None:
            return self
        absent, there = rows < 0, np.maximum(rows, 0)
        right = self.right
        if right is not None:
            right = np.where(absent[:, None], 0, right[there]).astype(np.uint8)
        values = np.where(absent, UNKNOWN, self.values[there])
        return replace(self, values=values, right=right, ids=None, index=None)


def open_truth(
    source: Source,
    classes: Sequence[str] | None,
    hints: Hints = NO_HINTS,
    tell: Tell = silent,
) -> Truth:
    """The true classes in a c10h file that has them, or in a foreign file.

    classes: their names, where they are known: then words are looked up, and the range is checked;
    else words are put in order. Raises FileError, SchemaError or AmbiguousError.
    """
    if not source.member and h5.peek_kind(source) is not None:
        return _recorded(h5.read(source, Labels, Predictions, Images), source, classes)
    cells = _cells_of(source, hints)
    truth = (
        _several(cells, source, classes) if cells.lists else _single(cells, source, classes, hints)
    )
    known = int((truth.values >= 0).sum())
    if not known:
        raise SchemaError(f"{source.name}: expected true classes, found none")
    notes = [f"true classes of {known:,} of {len(truth.values):,} items", *cells.notes]
    lowest = int(truth.values[truth.values >= 0].min())
    if cells.numbers is not None and lowest > 0 and known >= len(truth.classes):
        notes.append("no item has class 0" + ("" if hints.one_based else " (--one-based: from 1)"))
    if classes is None and not are_default(truth.classes):
        notes.append(f"classes {brief(truth.classes)} (sorted; --classes gives another order)")
    tell(f"{source.whole_name}: {'; '.join(notes)}")
    return truth


def check_truth(truth: Array, count: int | None, name: str) -> None:
    """Raise SchemaError unless every class number is UNKNOWN or in [0, count)."""
    wrong = truth < UNKNOWN if count is None else (truth < UNKNOWN) | (truth >= count)
    if not wrong.any():
        return
    known = truth[truth != UNKNOWN]
    hint = ""
    if count is not None and known.min() == 1 and known.max() == count:
        hint = "; no item has class 0: are classes counted from 1? --one-based says so"
    row = int(np.argmax(wrong))
    expected = "0 or more" if count is None else f"a class from 0 to {count - 1}"
    raise SchemaError(f"{name}: row {row}: expected {expected}, found {truth[row]}{hint}")


def is_vector(source: Source, hints: Hints = NO_HINTS) -> bool:
    """Whether a foreign file holds one class an item rather than a number for each class."""
    if not source.member and h5.peek_kind(source) is not None:
        return False
    try:
        file = plain(source)
        form = detect(file)
        if FORMATS[form].holds == ARRAYS:
            arrays = stored_arrays(file, form)
            _, array = choose(arrays, file, lambda one: one.is_vector and one.is_whole)
            return array.is_vector
        table = open_table(file, hints.header, TRUTH)
        return (
            not table.is_nested(0) if table.width == 1 else _truth_place(table, hints) is not None
        )
    except (AmbiguousError, SchemaError):
        return False


# Reading.


@dataclass(frozen=True)
class _Cells:
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


def _cells_of(source: Source, hints: Hints) -> _Cells:
    file = plain(source)
    form = detect(file)
    if FORMATS[form].holds == ARRAYS:
        return _cells_of_array(file, form)
    table = open_table(file, hints.header, TRUTH)
    place = 0 if table.width == 1 else _truth_place(table, hints)
    if place is None:
        one_hot = _one_hot_columns(table)
        if one_hot is not None:
            return one_hot
        if len(table.sample) == 1 and table.names is None:
            raise SchemaError(
                f"{source.name}: expected one class a line, found one line of {table.width}"
            )
        named = f"columns {brief(table.names or ())}"
        shown = named if table.names else f"{table.width} columns without names"
        raise SchemaError(
            f"{source.name}: expected one class an item, found {shown}: "
            f"{source.name}:COLUMN names the one of true classes"
        )
    return _cells_of_column(table, place, hints)


def _cells_of_array(source: Source, form: str) -> _Cells:
    arrays = stored_arrays(source, form)
    name, array = choose(
        arrays,
        source,
        lambda one: one.is_vector and one.is_whole,
        lambda one: one.is_vector,
        lambda one: one.is_matrix and one.is_whole,
    )
    notes = (f"the array {name}",) if name and not source.member and len(arrays) > 1 else ()
    values = np.asarray(array.load()[...] if not array.shape else array.load()[0 : array.shape[0]])
    if array.is_vector:
        values = values.reshape(-1)
        ids = ids_beside(arrays, len(values), name)
        if values.dtype.kind in WORDS:
            return _Cells(words=np.char.strip(values.astype(np.str_)), ids=ids, notes=notes)
        are_flags = values.dtype.kind == "b"
        return _Cells(numbers=values.astype(np.float64), are_flags=are_flags, ids=ids, notes=notes)
    if array.is_matrix and values.ndim == 2 and _is_one_hot(values):
        numbers = values.argmax(axis=1).astype(np.float64)
        return _Cells(numbers=numbers, notes=(*notes, "one-hot rows"))
    raise SchemaError(f"{source.name}: expected one class an item, found shape {array.shape}")


def _cells_of_column(table: Table, place: int, hints: Hints) -> _Cells:
    import polars

    item = None if table.width == 1 else item_place(table, place, hints)
    notes = [f"column {table.column_name(place)}"] if table.width > 1 else []
    ids = index = None
    if item is not None:
        ids = item_names(table.collect([table.words(item)]).to_series())
        notes.append(f"ids from column {table.column_name(item)}")
    else:
        ids, index, note = _numbered_rows(table, place)
        notes += [note] if note else []
    if table.is_nested(place):
        lists = table.collect([polars.col(str(place))]).to_series().to_list()
        return _Cells(lists=lists, ids=ids, index=index, notes=tuple(notes))
    frame = table.collect([table.numbers(place).alias("number"), table.words(place).alias("word")])
    words = frame["word"].fill_null("")
    missing = words.str.to_lowercase().is_in(MISSING)
    if not (frame["number"].is_null() & ~missing).any():
        numbers = frame["number"].fill_null(float("nan")).to_numpy()
        return _Cells(numbers=numbers, ids=ids, index=index, notes=tuple(notes))
    kept = words.zip_with(~missing, polars.Series([""]).new_from_index(0, len(words)))
    known = np.array(kept.to_list(), dtype=np.str_)
    return _Cells(words=known, ids=ids, index=index, notes=tuple(notes))


def _numbered_rows(table: Table, besides: int) -> tuple[Array | None, Array | None, str]:
    """Ids or index from a column of row numbers that is not in order, and a note on it."""
    rows = next((place for place in row_columns(table) if place != besides), None)
    if rows is None:
        return None, None, ""
    values = table.collect([table.numbers(rows)]).to_series().to_numpy()
    numbers = row_numbers(table, rows, values)
    column = table.column_name(rows)
    if numbers is None:
        return None, None, f"row numbers in column {column} left out"
    if 0 in numbers:
        return None, numbers, f"rows by number from column {column}"
    return numbers.astype(np.str_), None, f"ids from column {column}"


def _truth_place(table: Table, hints: Hints) -> int | None:
    """The column of true classes in a table; None where it is not clear."""
    if table.source.member:
        return place_of(table, table.source.member, "FILE:COLUMN")
    keys = [column_key(name) for name in table.names or ()]
    for names in (TRUTHS[:CERTAIN], TRUTHS[CERTAIN:]):
        found = [place for place, key in enumerate(keys) if key in names]
        if len(found) == 1:
            return found[0]
        if found:
            return None
    item = item_place(table, -1, hints)
    beside = {item, *row_columns(table)}
    rest = [p for p in range(table.width) if p not in beside and not (keys and keys[p] in OTHERS)]
    if item is None and len(rest) == table.width == 2:
        # Two columns of words: names of items are all different, and those of classes are not.
        cells = [[row[place] for row in table.sample] for place in rest]
        repeats = [place for place in rest if len({*cells[place]}) < len(cells[place])]
        return repeats[0] if len(repeats) == 1 else None
    return rest[0] if len(rest) == 1 and len(rest) < table.width else None


def _one_hot_columns(table: Table) -> _Cells | None:
    """One-hot rows of a table; None where its rows are none."""
    places = [place for place in range(table.width) if not is_text(table, place)]
    if len(places) < 2 or any(table.is_nested(place) for place in places):
        return None
    rows = table.collect([table.numbers(place) for place in places]).to_numpy()
    if not _is_one_hot(rows):
        return None
    names = None if table.names is None else tuple(table.names[place] for place in places)
    numbers = rows.argmax(axis=1).astype(np.float64)
    return _Cells(numbers=numbers, names=names, notes=("one-hot rows",))


def _is_one_hot(rows: Array) -> bool:
    return bool(((rows == 0) | (rows == 1)).all() and (rows.sum(axis=1) == 1).all())


# Meaning.


def _recorded(record: Record, source: Source, classes: Sequence[str] | None) -> Truth:
    values: Array | None = getattr(record, "truth", None)
    if values is None:
        raise FileError(f"{source.name}: expected a dataset truth, found none")
    check_truth(values, len(record.classes), f"{source.name}: truth")
    right = getattr(record, "right", None)
    truth = Truth(
        values,
        record.classes,
        None if right is None else np.asarray(right[0 : len(values)]),
        getattr(record, "ids", None),
        getattr(record, "index", None),
    )
    return truth if classes is None else in_order_of(truth, classes, source.name)


def in_order_of(truth: Truth, classes: Sequence[str], what: str) -> Truth:
    """The truth with classes numbered as in another list. Raises MismatchError."""
    order = match_order(truth.classes, classes, what) if truth.classes else None
    if order is None:
        return replace(truth, classes=tuple(classes))
    if truth.right is not None:
        right = truth.right[:, order]
        return replace(truth, classes=tuple(classes), values=first_right(right), right=right)
    return replace(truth, classes=tuple(classes), values=renumbered(truth.values, order))


def _single(cells: _Cells, source: Source, classes: Sequence[str] | None, hints: Hints) -> Truth:
    """One class an item."""
    if cells.words is not None:
        numbers, names = _numbers_of_words(cells.words, source, classes)
    else:
        numbers, names = _checked_numbers(cells, source, classes, hints)
    return Truth(numbers, names, ids=cells.ids, index=cells.index)


def _numbers_of_words(
    words: Array, source: Source, classes: Sequence[str] | None
) -> tuple[Array, tuple[str, ...]]:
    present = sorted({word for word in words.tolist() if word})
    names = tuple(classes) if classes is not None else tuple(present)
    if classes is not None and are_default(classes):
        if len(present) != len(classes):
            raise AmbiguousError(
                f"{source.name}: holds {len(present)} class names for {len(classes)} classes: "
                "give their order with --classes"
            )
        names = tuple(present)
    found = class_of_words(present, names)
    if found is None:
        odd = next(word for word in present if class_of_words([word], names) is None)
        row = int(np.argmax(words == odd))
        raise SchemaError(
            f"{source.name}: row {row}: expected one of {brief(names, 20)}, found {odd!r}"
        )
    if len(names) < 2:
        raise SchemaError(f"{source.name}: expected two or more classes, found {brief(names)}")
    number_of = {"": UNKNOWN, **dict(zip(present, found, strict=True))}
    return np.array([number_of[word] for word in words.tolist()], dtype=np.int64), names


def _checked_numbers(
    cells: _Cells, source: Source, classes: Sequence[str] | None, hints: Hints
) -> tuple[Array, tuple[str, ...]]:
    values = cells.numbers
    if values is None:
        raise SchemaError(f"{source.name}: expected one class an item")
    if cells.are_flags and classes is not None and len(classes) > 2:
        raise SchemaError(
            f"{source.name}: expected one of {len(classes)} classes an item, found true and false"
        )
    named = () if classes is None or are_default(classes) else tuple(classes)
    by_name = bool(named) and all(map(WHOLE.fullmatch, named))
    unknown = np.isnan(values)
    if not (by_name and str(UNKNOWN) in named):
        unknown |= values == UNKNOWN
    with np.errstate(invalid="ignore"):
        numbers = np.where(unknown, UNKNOWN, values).astype(np.int64)
    wrong = ~unknown & (numbers != values)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise SchemaError(f"{source.name}: row {row}: expected a class number, found {values[row]}")
    if cells.names is not None:
        if classes is None:
            return numbers, cells.names
        return in_order_of(Truth(numbers, cells.names), classes, source.name).values, tuple(classes)
    if by_name:
        words = np.where(unknown, "", np.char.mod("%d", numbers))
        return _numbers_of_words(words, source, classes)
    if hints.one_based:
        numbers = np.where(unknown, UNKNOWN, numbers - 1)
    if classes is not None:
        check_truth(numbers, len(classes), source.name)
        return numbers, tuple(classes)
    known = numbers[~unknown]
    check_truth(numbers, None, source.name)
    if len(known) and known.min() > 0:
        raise AmbiguousError(
            f"{source.name}: no item has class 0: are classes counted from 1? --one-based says so, "
            f"--classes {int(known.max()) + 1} that class 0 has no item"
        )
    return numbers, default_names(max(int(known.max(initial=0)) + 1, 2))


def _several(cells: _Cells, source: Source, classes: Sequence[str] | None) -> Truth:
    """Items with a list of right classes each, as ReaL has them."""
    lists = [list(one or ()) for one in cells.lists or ()]
    present = {value for one in lists for value in one}
    are_words = {isinstance(value, str) for value in present} == {True}
    names = tuple(classes) if classes is not None else None
    if names is None:
        top = sorted(map(str, present)) if are_words else default_names(_highest(present) + 1)
        names = tuple(top)
    number_of = _numbers_of_classes(present, names, source, are_words=are_words)
    right = np.zeros((len(lists), len(names)), dtype=np.uint8)
    for row, one in enumerate(lists):
        right[row, [number_of[value] for value in one]] = 1
    values = first_right(right)
    several = None if (right.sum(axis=1) <= 1).all() else right
    return Truth(values, names, several, cells.ids, cells.index)


def _highest(numbers: set[object]) -> int:
    return max((int(str(number)) for number in numbers if str(number).isdecimal()), default=1)


def _numbers_of_classes(
    present: set[object], names: Sequence[str], source: Source, *, are_words: bool
) -> Mapping[object, int]:
    found: Mapping[object, int] = {}
    if are_words:
        words = sorted(map(str, present))
        places = class_of_words(words, names)
        found = {} if places is None else dict(zip(words, places, strict=True))
    else:
        found = {
            value: int(str(value))
            for value in present
            if str(value).isdecimal() and int(str(value)) < len(names)
        }
    odd = next((value for value in present if value not in found), None)
    if odd is not None:
        raise SchemaError(f"{source.name}: expected classes of {brief(names)}, found {odd!r}")
    return found

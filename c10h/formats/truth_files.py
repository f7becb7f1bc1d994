"""The true classes of items: a vector, a column, one-hot rows, lists of right classes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from c10h import h5
from c10h.errors import AmbiguousError, FileError, SchemaError
from c10h.files import Source
from c10h.formats.arrays import choose, stored_arrays
from c10h.formats.class_names import (
    are_default,
    class_of_words,
    default_names,
    fraction_among,
    match_order,
)
from c10h.formats.detect_format import detect, plain
from c10h.formats.file_formats import ARRAYS, FORMATS
from c10h.formats.hints import NO_HINTS, Hints, Tell, brief, silent
from c10h.formats.meaning_of_numbers import blocks
from c10h.formats.truth_cells import Cells, read_cells, truth_position, truth_table
from c10h.formats.whole_numbers import is_index
from c10h.items import Items
from c10h.records import Array, Images, Labels, Predictions, Record
from c10h.truth import (
    UNKNOWN,
    first_right,
    is_one_class_or_tie,
    renumbered,
    sole_class,
    ties_told,
)

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
        return _recorded(h5.read(source, Labels, Predictions, Images), source, classes, tell)
    cells = read_cells(source, hints)
    truth = (
        _several(cells, source, classes, int(hints.one_based))
        if cells.lists
        else _single(cells, source, classes, hints)
    )
    count = int((truth.values >= 0).sum())
    if not count:
        raise SchemaError(f"{source.name}: expected true classes, found none")
    notes = [f"true classes of {count:,} of {len(truth.values):,} items", *cells.notes]
    lowest = int(truth.values[truth.values >= 0].min())
    if cells.numbers is not None and lowest > 0 and count >= len(truth.classes):
        notes.append("no item has class 0" + ("" if hints.one_based else " (--one-based: from 1)"))
    if classes is None and not are_default(truth.classes):
        order = "sorted" if cells.names is None else "as the columns"
        notes.append(f"classes {brief(truth.classes)} ({order}; --classes sets a different order)")
    tell(f"{source.whole_name}: {'; '.join(notes)}")
    return truth


def check_truth(truth: Array, count: int | None, name: str) -> None:
    """Raise SchemaError unless every class number is UNKNOWN or in [0, count)."""
    wrong = truth < UNKNOWN if count is None else (truth < UNKNOWN) | (truth >= count)
    if not wrong.any():
        return
    classes = truth[truth != UNKNOWN]
    hint = ""
    if count is not None and classes.min() == 1 and classes.max() == count:
        hint = "; no item has class 0: if classes are counted from 1, use --one-based"
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
            _, array = choose(arrays, file, lambda array: array.is_vector and array.is_whole)
            return array.is_vector
        table = truth_table(file, hints)
        return (
            not table.is_nested(0) if table.width == 1 else truth_position(table, hints) is not None
        )
    except (AmbiguousError, SchemaError):
        return False


def _recorded(record: Record, source: Source, classes: Sequence[str] | None, tell: Tell) -> Truth:
    values: Array | None = getattr(record, "truth", None)
    if values is None and isinstance(record, Labels):
        values = _classes_of_rows(record, source, tell)
    if values is None:
        raise FileError(
            f"{source.name}: expected true classes, found {record.kind} without a dataset truth"
        )
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


def _classes_of_rows(labels: Labels, source: Source, tell: Tell) -> Array:
    """The class of each row of majority and hard labels, UNKNOWN for ties; FileError for others."""
    size = labels.probs.shape[0]
    clear = sum(int(is_one_class_or_tie(block).sum()) for block in blocks(labels.probs))
    if clear < size:
        raise FileError(
            f"{source.name}: expected true classes, found labels without truth, of which "
            f"{size - clear:,} of {size:,} rows are shares of several classes: c10h labels build "
            f"{source.name} --as majority -o majority.h5 makes labels that are one class each"
        )
    truth = np.concatenate([sole_class(block) for block in blocks(labels.probs)])
    known = int((truth >= 0).sum())
    if not known:
        raise FileError(f"{source.name}: expected true classes, found none: every row is a tie")
    ties = ties_told(truth)
    tell(
        f"{source.name}: true classes of {known:,} of {size:,} items, the only class of each row"
        + (f"; {ties}" if ties else "")
    )
    return truth


def in_order_of(truth: Truth, classes: Sequence[str], what: str) -> Truth:
    """The truth with classes numbered as in another list. Raises MismatchError."""
    order = match_order(truth.classes, classes, what) if truth.classes else None
    if order is None:
        return replace(truth, classes=tuple(classes))
    if truth.right is not None:
        right = truth.right[:, order]
        return replace(truth, classes=tuple(classes), values=first_right(right), right=right)
    return replace(truth, classes=tuple(classes), values=renumbered(truth.values, order))


def _single(cells: Cells, source: Source, classes: Sequence[str] | None, hints: Hints) -> Truth:
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
    fraction = fraction_among(present) if classes is None or are_default(classes) else None
    if fraction is not None:
        row = int(np.argmax(words == fraction))
        raise SchemaError(
            f"{source.name}: row {row}: expected a class, found {fraction}, a number that is no "
            "name of a class"
        )
    names = tuple(classes) if classes is not None else tuple(present)
    if classes is not None and are_default(classes):
        if len(present) != len(classes):
            raise AmbiguousError(
                f"{source.name}: holds {len(present)} class names for {len(classes)} classes: "
                "use --classes to set their order"
            )
        names = tuple(present)
    numbers = class_of_words(present, names)
    if numbers is None:
        odd = next(word for word in present if class_of_words([word], names) is None)
        row = int(np.argmax(words == odd))
        raise SchemaError(
            f"{source.name}: row {row}: expected one of {brief(names, 20)}, found {odd!r}"
        )
    if len(names) < 2:
        raise SchemaError(f"{source.name}: expected two or more classes, found {brief(names)}")
    number_of = {"": UNKNOWN, **dict(zip(present, numbers, strict=True))}
    return np.array([number_of[word] for word in words.tolist()], dtype=np.int64), names


def _checked_numbers(
    cells: Cells, source: Source, classes: Sequence[str] | None, hints: Hints
) -> tuple[Array, tuple[str, ...]]:
    values = cells.numbers
    if values is None:
        raise SchemaError(f"{source.name}: expected one class per item")
    if cells.are_flags and classes is not None and len(classes) > 2:
        raise SchemaError(
            f"{source.name}: expected one of {len(classes)} classes per item, found true and false"
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
    if hints.one_based and (numbers == 0).any():
        row = int(np.argmax(numbers == 0))
        raise SchemaError(f"{source.name}: row {row}: --one-based: expected 1 or more, found 0")
    if hints.one_based:
        numbers = np.where(unknown, UNKNOWN, numbers - 1)
    if classes is not None:
        check_truth(numbers, len(classes), source.name)
        return numbers, tuple(classes)
    known = numbers[~unknown]
    check_truth(numbers, None, source.name)
    if len(known) and known.min() > 0:
        raise AmbiguousError(
            f"{source.name}: no item has class 0: if classes are counted from 1, use --one-based; "
            f"if class 0 has no items, use --classes {int(known.max()) + 1}"
        )
    return numbers, default_names(max(int(known.max(initial=0)) + 1, 2))


def _several(cells: Cells, source: Source, classes: Sequence[str] | None, first: int) -> Truth:
    """Items with a list of right classes each, as ReaL has them. first: the lowest number."""
    lists = [list(answers or ()) for answers in cells.lists or ()]
    present = {value for answers in lists for value in answers}
    are_words = {isinstance(value, str) for value in present} == {True}
    names = tuple(classes) if classes is not None else None
    if names is None:
        top = (
            sorted(map(str, present)) if are_words else default_names(_highest(present) + 1 - first)
        )
        names = tuple(top)
    number_of = _numbers_of_classes(present, names, source, None if are_words else first)
    right = np.zeros((len(lists), len(names)), dtype=np.uint8)
    for row, answers in enumerate(lists):
        right[row, [number_of[value] for value in answers]] = 1
    values = first_right(right)
    several = None if (right.sum(axis=1) <= 1).all() else right
    return Truth(values, names, several, cells.ids, cells.index)


def _highest(numbers: set[object]) -> int:
    return max((int(str(number)) for number in numbers if is_index(str(number))), default=1)


def _numbers_of_classes(
    present: set[object], names: Sequence[str], source: Source, first: int | None
) -> Mapping[object, int]:
    """first: the lowest number of a class; None for words."""
    numbers: Mapping[object, int] = {}
    if first is None:
        words = sorted(map(str, present))
        positions = class_of_words(words, names)
        numbers = {} if positions is None else dict(zip(words, positions, strict=True))
    else:
        numbers = {
            value: int(str(value)) - first
            for value in present
            if is_index(str(value)) and 0 <= int(str(value)) - first < len(names)
        }
    odd = next((value for value in present if value not in numbers), None)
    if odd is not None:
        raise SchemaError(f"{source.name}: expected classes of {brief(names)}, found {odd!r}")
    return numbers

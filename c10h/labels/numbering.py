"""What the words of a table of judgments stand for: numbers of classes and of items."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from c10h.errors import AmbiguousError, MismatchError, SchemaError
from c10h.formats.classes import default_names
from c10h.formats.judgments import Codes, Judgments
from c10h.items import whole_numbers
from c10h.records import Array

SHOWN = 12
# Up to this many possible keys, counting them all is faster than sorting those that occur.
TABLE_SIZE = 1 << 22


def class_names(
    judgments: Judgments, kept: Array, classes: Sequence[str] | None
) -> tuple[str, ...]:
    """The classes: as given, as the table names them, or numbers where all were chosen.

    kept: bool (t), the judgments that count. Raises AmbiguousError where the classes or their
    order cannot be known, MismatchError where those given are not the table's.
    """
    table = _names_in_table(judgments, kept)
    if classes is not None:
        if table is not None and len(table) == len(classes) and table != tuple(classes):
            raise MismatchError(
                f"{judgments.source}: its classes are {_brief(table)}, which is not --classes "
                f"{_brief(classes)}"
            )
        return tuple(classes)
    if table is not None:
        return table
    words = judgments.label.words[present(judgments.label, kept)]
    numbers = whole_numbers(words)
    if numbers is None:
        _refuse_odd_label(judgments, kept, words)
        raise AmbiguousError(
            f"{judgments.source}: labels are names: give their order with --classes "
            f"(found {_brief(words)})"
        )
    count = len(set(numbers.tolist()))
    if count < 2 or numbers.max() + 1 != count:
        raise AmbiguousError(
            f"{judgments.source}: labels {_brief(words)} do not say how many classes there are: "
            "give --classes (numbers begin at 0)"
        )
    return default_names(count)


def _refuse_odd_label(judgments: Judgments, kept: Array, words: Array) -> None:
    """Raise SchemaError for a word among numbers: it is a slip rather than a name."""
    odd = [word for word in words if whole_numbers(np.array([word])) is None]
    if len(odd) < len(words):
        rows = kept & (judgments.label.row == np.flatnonzero(judgments.label.words == odd[0])[0])
        raise SchemaError(
            f"{judgments.source}: row {int(np.argmax(rows))}: expected a class number as in other "
            f"rows, found {str(odd[0])!r}"
        )


def class_numbers(judgments: Judgments, kept: Array, names: Sequence[str]) -> Array:
    """The class of each word of the labels, int64; -1 for words that no kept judgment has.

    Words are names of classes, or else numbers of them. Raises SchemaError for any other.
    """
    used = present(judgments.label, kept)
    known = _meanings(judgments.label.words[used], names)
    numbers = np.full(len(judgments.label.words), -1, dtype=np.int64)
    for place in used:
        number = _look_up(judgments.label.words[place], known)
        if number is None:
            row = int(np.argmax(kept & (judgments.label.row == place)))
            raise SchemaError(
                f"{judgments.source}: row {row}: expected a label among {_brief(names)}, "
                f"found {str(judgments.label.words[place])!r}"
            )
        numbers[place] = number
    return numbers


@dataclass(frozen=True)
class Items:
    """Items of a table in order.

    of_word: the number of each word's item. values: their own numbers, where all items are
    numbers. names: their names, or numbers as text. absent: how many numbers from 0 to the
    highest the table does not have.
    """

    of_word: Array
    names: Array
    values: Array | None
    absent: int

    def __len__(self) -> int:
        return len(self.names)


def number_items(judgments: Judgments, judged: Array, size: int | None) -> Items:
    """Items by number where all are whole numbers, else by name in the order of code points.

    judged: bool (t), all rows but attention checks. size: how many items there are, where items
    are numbers and this is known. Raises SchemaError or MismatchError.
    """
    used = present(judgments.item, judged)
    words = judgments.item.words[used]
    of_word = np.zeros(len(judgments.item.words) + 1, dtype=np.uint32)
    written = whole_numbers(words)
    if written is None:
        _refuse_negative(judgments, words)
        of_word[used] = np.argsort(np.argsort(words))
        return Items(of_word, np.sort(words), None, 0)
    values, of_word[used] = np.unique(written, return_inverse=True)
    highest = int(values[-1])
    if size is not None and highest >= size:
        raise MismatchError(f"{judgments.source}: expected {size} items, found item {highest}")
    return Items(of_word, values.astype(np.str_), values, (size or highest + 1) - len(values))


def true_classes(
    judgments: Judgments, judged: Array, items: Items, names: Sequence[str]
) -> Array | None:
    """The true class of each item, int64; None where the table has no such column.

    Raises SchemaError where an item has two, none, or one that is no class.
    """
    codes = judgments.true_label
    if codes is None:
        return None
    nothing = len(codes.words)
    rows = judgments.item.row.astype(np.int64) * (nothing + 1) + codes.row
    pairs = unique_keys(rows[judged], (len(judgments.item.words) + 1) * (nothing + 1))[0]
    item_word, word = np.divmod(pairs, nothing + 1)
    item = items.of_word[item_word]
    known = _meanings(codes.words[sorted({*word.tolist()} - {nothing})], names)
    found = [_look_up(one, known) for one in codes.words]
    classes = np.array([-1 if one is None else one for one in [*found, None]])[word]
    if (classes < 0).any():
        wrong = int(np.argmax(classes < 0))
        shown = repr(str(codes.words[word[wrong]])) if word[wrong] < nothing else "nothing"
        raise SchemaError(
            f"{judgments.source}: item {items.names[item[wrong]]}: expected a true label among "
            f"{_brief(names)}, found {shown}"
        )
    truth = np.zeros(len(items), dtype=np.int64)
    truth[item] = classes
    if (truth[item] != classes).any():
        wrong = int(np.argmax(truth[item] != classes))
        raise SchemaError(
            f"{judgments.source}: item {items.names[item[wrong]]}: expected one true label, found "
            "several"
        )
    return truth


def present(codes: Codes, rows: Array) -> Array:
    """The words that some of the rows have, as their places."""
    return np.flatnonzero(np.bincount(codes.row[rows], minlength=len(codes.words) + 1)[:-1])


def unique_keys(keys: Array, size: int) -> tuple[Array, Array]:
    """The different ``keys`` of 0 ... size - 1, sorted, and how often each occurs."""
    if size > TABLE_SIZE:
        found, times = np.unique(keys, return_counts=True)
        return found, times
    times = np.bincount(keys, minlength=size)
    found = np.flatnonzero(times)
    return found, times[found]


def in_order(words: Array) -> tuple[Array, Array | None]:
    """How to put words in order, and their numbers in that order where all are whole numbers."""
    values = whole_numbers(words)
    order = np.argsort(words if values is None else values)
    return order, None if values is None else values[order]


def _names_in_table(judgments: Judgments, kept: Array) -> tuple[str, ...] | None:
    """Class names by label number, where the column of names has one for each of 0, 1, ..."""
    if judgments.name is None:
        return None
    nameless = len(judgments.name.words)
    pairs = unique_keys(
        judgments.label.row[kept].astype(np.int64) * (nameless + 1) + judgments.name.row[kept],
        len(judgments.label.words) * (nameless + 1),
    )[0]
    label, name = np.divmod(pairs, nameless + 1)
    order, numbers = in_order(judgments.label.words[label])
    if numbers is None or not np.array_equal(numbers, np.arange(len(label))):
        return None
    name = name[order]
    if len(set(name.tolist())) != len(name) or len(name) < 2 or (name == nameless).any():
        return None
    return tuple(str(word) for word in judgments.name.words[name])


def _meanings(words: Array, names: Sequence[str]) -> Mapping[str, int]:
    """Class numbers by name, or by number where no word is a name."""
    known = {name: number for number, name in enumerate(names)}
    if any(_look_up(word, known) is not None for word in words):
        return known
    return {str(number): number for number in range(len(names))}


def _refuse_negative(judgments: Judgments, words: Array) -> None:
    """Raise SchemaError for numbers of which some are negative: they mean no item."""
    numbers = [str(word) for word in words]
    negative = [word for word in numbers if word.startswith("-")]
    if negative and all(re.fullmatch(r"-?\d+(\.0)?", word) for word in numbers):
        raise SchemaError(
            f"{judgments.source}: expected item numbers of 0 or more, found {negative[0]} "
            "(if that marks attention checks, name their column with --check)"
        )


def _look_up(word: object, known: Mapping[str, int]) -> int | None:
    """The class of a word; else of the number without the fraction that gaps bring: 4.0 is 4."""
    found = known.get(str(word))
    return known.get(re.sub(r"^(\d+)\.0$", r"\1", str(word))) if found is None else found


def _brief(words: Sequence[str] | Array) -> str:
    return ", ".join(map(str, words[:SHOWN])) + (", ..." if len(words) > SHOWN else "")

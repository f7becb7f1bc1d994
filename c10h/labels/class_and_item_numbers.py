"""What the words of a table of judgments stand for: numbers of classes and of items."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from c10h.errors import AmbiguousError, InputError, MismatchError, SchemaError, counted
from c10h.formats.class_names import default_names
from c10h.formats.judgment_columns import NUMBER
from c10h.formats.judgments import Codes, Judgments, without_label
from c10h.items import whole_numbers
from c10h.labels.judgment_filtering import word_at
from c10h.records import Array

SHOWN = 12
# More names than these are hardly classes, if nobody says that they are.
MOST_UNNAMED = 10_000
# Up to this many possible keys, counting them all is faster than sorting those that occur.
TABLE_SIZE = 1 << 22


@dataclass(frozen=True)
class TableClasses:
    """Names of the classes in order. first: the number of the first one in the table.

    are_sorted: whether their order is that of their names alone, because nothing else told it.
    """

    names: tuple[str, ...]
    first: int = 0
    are_sorted: bool = False


def classes_of(
    judgments: Judgments,
    judged: Array,
    kept: Array,
    named: Sequence[str] | None,
    *,
    one_based: bool = False,
    ordered: bool = True,
) -> TableClasses:
    """The classes: as given, as the table names them, numbers where all were chosen, or words.

    judged, kept: bool (t), all judgments, and those that count. ordered: False where the order of
    classes and those that nobody chose do not matter: then labels are the classes whatever numbers
    they are.
    Raises AmbiguousError where the classes or their order cannot be known, MismatchError where
    those given are not the table's, SchemaError for a word among numbers.
    """
    first = int(one_based)
    table = _names_in_table(judgments, kept, first)
    words = judgments.label.words[present(judgments.label, kept)]
    numbers = whole_numbers(words)
    if one_based and numbers is None:
        raise InputError(
            f"{judgments.source}: --one-based: expected numbers as labels, found {brief(words)}"
        )
    if named is not None:
        if table is not None and len(table) == len(named) and table != tuple(named):
            raise MismatchError(
                f"{judgments.source}: its classes {brief(table)} differ from --classes "
                f"{brief(named)}"
            )
        return TableClasses(tuple(named), first)
    if table is not None:
        return TableClasses(table, first)
    true = _true_words(judgments, judged)
    if numbers is None:
        _refuse_odd_label(judgments, kept, words)
        return _worded(judgments.source, words, true)
    if ordered:
        return _numbered(judgments.source, np.unique(numbers), words, first)
    true_numbers = whole_numbers(true)
    all_numbers = np.unique(numbers if true_numbers is None else np.append(numbers, true_numbers))
    return TableClasses(tuple(map(str, all_numbers.tolist())))


def _true_words(judgments: Judgments, judged: Array) -> Array:
    """What the true labels are, without those that are not known."""
    if judgments.true_label is None:
        return np.empty(0, dtype=np.str_)
    words = judgments.true_label.words[present(judgments.true_label, judged)]
    return words[~without_label(words)]


def _numbered(table: str, numbers: Array, words: Array, first: int) -> TableClasses:
    """Classes by number. numbers: the different ones, sorted; words: how they are written."""
    count = len(numbers)
    if count >= 2 and np.array_equal(numbers, np.arange(first, first + count)):
        return TableClasses(default_names(count), first)
    if count >= 2 and numbers[0] > 0 and not first:
        names = (
            ",".join(map(str, range(1, int(numbers[-1]) + 1))) if numbers[-1] <= SHOWN else "..."
        )
        raise AmbiguousError(
            f"{table}: labels {brief(words)}: no label is 0: if classes are counted from 1, use "
            f"--one-based or --classes {names}; if from 0 to N - 1, use --classes N"
        )
    raise AmbiguousError(
        f"{table}: labels {brief(words)} do not say how many classes there are: "
        f"use --classes (numbers begin at {first})"
    )


def _worded(table: str, words: Array, true: Array) -> TableClasses:
    """Classes by name, sorted by code points, with those that only the ``true`` labels have."""
    if len(true) and whole_numbers(true) is not None:
        raise AmbiguousError(
            f"{table}: labels are names ({brief(words)}) and true labels numbers "
            f"({brief(true)}): set the order of the names with --classes"
        )
    names = {*map(str, words), *map(str, true)}
    if not 2 <= len(names) <= MOST_UNNAMED:
        raise AmbiguousError(
            f"{table}: labels {brief(words)} do not say how many classes there are (found "
            f"{len(names):,}): use --classes"
        )
    spelled: dict[str, str] = {}
    for name in sorted(names):
        other = spelled.setdefault(name.casefold(), name)
        if other != name:
            raise AmbiguousError(
                f"{table}: are the labels {other!r} and {name!r} one class? --classes names the "
                "classes, or --drop-label leaves one out"
            )
    return TableClasses(tuple(sorted(names)), are_sorted=True)


def _refuse_odd_label(judgments: Judgments, kept: Array, words: Array) -> None:
    """Raise SchemaError for a word among numbers: it is a slip rather than a name.

    Raises AmbiguousError for numbers that are not all whole and 0 or more.
    """
    if all(re.fullmatch(NUMBER, str(word)) for word in words):
        values = ",".join(sorted(map(str, words[:SHOWN]), key=float))
        raise AmbiguousError(
            f"{judgments.source}: labels {brief(words)} are numbers, but not class numbers from 0: "
            f"name them in order, such as --classes={values}"
        )
    odd = [word for word in words if whole_numbers(np.array([word])) is None]
    if len(odd) < len(words):
        is_odd = np.append(np.isin(judgments.label.words, odd), False)
        rows = kept & is_odd[judgments.label.row]
        row = int(np.argmax(rows))
        raise SchemaError(
            f"{judgments.source}: row {judgments.place(row)}: expected a class number as in the "
            f"other rows, found {word_at(judgments.label, row)!r} (--classes names the classes, "
            f"--drop-label leaves such judgments out){judgments.between(rows)}"
        )


def class_numbers(judgments: Judgments, kept: Array, classes: TableClasses) -> Array:
    """The class of each word of the labels, int64; -1 for words that no kept judgment has.

    Words are names of classes, or else numbers of them. Raises SchemaError for any other.
    """
    places = present(judgments.label, kept)
    words = judgments.label.words[places]
    number_of = _meanings(words, classes)
    numbers = np.full(len(judgments.label.words) + 1, -1, dtype=np.int64)
    known = [_look_up(word, number_of) for word in words]
    numbers[places] = [-1 if number is None else number for number in known]
    if None in known:
        rows = kept & (numbers < 0)[judgments.label.row]
        row = int(np.argmax(rows))
        raise SchemaError(
            f"{judgments.source}: row {judgments.place(row)}: expected a label among "
            f"{brief(_shown(classes))}, found {word_at(judgments.label, row)!r}"
            f"{_from_1(words, classes)}{judgments.between(rows)}"
        )
    return numbers[:-1]


def _from_1(words: Array, classes: TableClasses) -> str:
    """A question, where the words are numbers from 1 to that of the classes."""
    numbers = whole_numbers(words)
    if classes.first or numbers is None or numbers.min() != 1:
        return ""
    whether = numbers.max() == len(classes.names)
    return ": if classes are counted from 1, use --one-based" if whether else ""


@dataclass(frozen=True)
class TableItems:
    """Items of a table in order.

    of_word: the number of each word's item. values: their own numbers, where all items are
    numbers. names: their names, or numbers as text. absent: how many items the table does not
    have of those that are known to be.
    """

    of_word: Array
    names: Array
    values: Array | None
    absent: int = 0

    def __len__(self) -> int:
        return len(self.names)

    @property
    def are_positions(self) -> bool:
        """Whether they are all the numbers from 0."""
        if self.values is None or self.absent:
            return False
        return np.array_equal(self.values, np.arange(len(self.values)))


def number_items(judgments: Judgments, judged: Array, size: int | None) -> TableItems:
    """Items by number where all are whole numbers, else by name in the order of code points.

    judged: bool (t), all rows but attention checks. size: how many items there are, where items
    are numbers and this is known. Raises SchemaError or MismatchError.
    """
    everything = judgments.cell is not None
    codes = judgments.item
    places = present(codes, judged)
    if everything:  # items that nobody was asked about, too
        of_checks = np.empty(0, np.intp)
        if judgments.check is not None:
            of_checks = np.setdiff1d(present(codes, judgments.check), places)
        places = np.setdiff1d(np.arange(len(codes.words)), of_checks)
    words = codes.words[places]
    of_word = np.zeros(len(codes.words) + 1, dtype=np.uint32)
    written = whole_numbers(words)
    if written is None:
        _refuse_negative(judgments, words)
        of_word[places] = np.argsort(np.argsort(words))
        return TableItems(of_word, np.sort(words), None)
    values, of_word[places] = np.unique(written, return_inverse=True)
    highest = int(values[-1])
    if size is not None and highest >= size:
        raise MismatchError(
            f"{judgments.source}: expected {counted(size, 'item')}, found item {highest}"
        )
    absent = 0 if size is None else size - len(values)
    return TableItems(of_word, values.astype(np.str_), values, absent)


def true_classes(
    judgments: Judgments, judged: Array, items: TableItems, classes: TableClasses
) -> Array | None:
    """The true class of each item, int64, -1 where it is not known; None where none is.

    Raises SchemaError where an item has two, or one that is no class.
    """
    codes = judgments.true_label
    if codes is None:
        return None
    nothing = len(codes.words)
    rows = judgments.item.row.astype(np.int64) * (nothing + 1) + codes.row
    pairs = unique_keys(rows[judged], (len(judgments.item.words) + 1) * (nothing + 1))[0]
    item_word, word = np.divmod(pairs, nothing + 1)
    is_told = np.append(~without_label(codes.words, classes.names), False)[word]
    item, word = items.of_word[item_word[is_told]], word[is_told]
    if not len(item):
        return None
    number_of = _meanings(codes.words[np.unique(word)], classes)
    class_of_word = [_look_up(text, number_of) for text in codes.words]
    numbers = np.array([-1 if number is None else number for number in class_of_word])[word]
    if (numbers < 0).any():
        wrong = int(np.argmax(numbers < 0))
        raise SchemaError(
            f"{judgments.source}: item {items.names[item[wrong]]}: expected a true label among "
            f"{brief(_shown(classes))}, found {str(codes.words[word[wrong]])!r} (--classes names "
            "the classes)"
        )
    truth = np.full(len(items), -1, dtype=np.int64)
    truth[item] = numbers
    if (truth[item] != numbers).any():
        wrong = int(np.argmax(truth[item] != numbers))
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
        unique, times = np.unique(keys, return_counts=True)
        return unique, times
    times = np.bincount(keys, minlength=size)
    unique = np.flatnonzero(times)
    return unique, times[unique]


def in_order(words: Array) -> tuple[Array, Array | None]:
    """How to put words in order, and their numbers in that order where all are whole numbers."""
    values = whole_numbers(words)
    order = np.argsort(words if values is None else values)
    return order, None if values is None else values[order]


def _names_in_table(judgments: Judgments, kept: Array, first: int) -> tuple[str, ...] | None:
    """Class names by label number, where the column of names has one for each, from ``first``."""
    if judgments.name is None:
        return None
    nameless = len(judgments.name.words)
    pairs = unique_keys(
        judgments.label.row[kept].astype(np.int64) * (nameless + 1) + judgments.name.row[kept],
        len(judgments.label.words) * (nameless + 1),
    )[0]
    label, name = np.divmod(pairs, nameless + 1)
    order, numbers = in_order(judgments.label.words[label])
    if numbers is None or not np.array_equal(numbers, np.arange(first, first + len(label))):
        return None
    name = name[order]
    if len(set(name.tolist())) != len(name) or len(name) < 2 or (name == nameless).any():
        return None
    return tuple(str(word) for word in judgments.name.words[name])


def _meanings(words: Array, classes: TableClasses) -> Mapping[str, int]:
    """Class numbers by name, or by number where no word is a name.

    By name in small letters, too, unless names differ in nothing else.
    """
    by_name = {name: number for number, name in enumerate(classes.names)}
    folded = {name.casefold(): number for name, number in by_name.items()}
    if len(folded) == len(by_name):
        by_name = folded | by_name
    by_number = {str(classes.first + position): position for position in range(len(classes.names))}
    if classes.first and whole_numbers(words) is not None:
        return by_number
    return by_name if any(_look_up(word, by_name) is not None for word in words) else by_number


def _shown(classes: TableClasses) -> list[str]:
    """How labels may be written, for a message."""
    if not classes.first:
        return list(classes.names)
    return [str(classes.first + number) for number in range(len(classes.names))]


def _refuse_negative(judgments: Judgments, words: Array) -> None:
    """Raise SchemaError for numbers of which some are negative: they mean no item."""
    numbers = [str(word) for word in words]
    negative = [word for word in numbers if word.startswith("-")]
    if negative and all(re.fullmatch(r"-?\d+(\.0)?", word) for word in numbers):
        raise SchemaError(
            f"{judgments.source}: expected item numbers of 0 or more, found {negative[0]} "
            "(if that marks attention checks, name their column with --check)"
        )


def _look_up(word: object, number_of: Mapping[str, int]) -> int | None:
    """The class of a word, else of it in small letters.

    Else of the number without the fraction that gaps bring: 4.0 is 4.
    """
    text = str(word)
    spellings = (text, text.casefold(), re.sub(r"^(\d+)\.0$", r"\1", text))
    return next((number_of[one] for one in spellings if one in number_of), None)


def brief(words: Sequence[str] | Array) -> str:
    """The first few words."""
    return ", ".join(map(str, words[:SHOWN])) + (", ..." if len(words) > SHOWN else "")

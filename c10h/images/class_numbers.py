"""True classes as people write them, words or numbers, as numbers of classes with names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from c10h.errors import AmbiguousError, InputError, MismatchError, SchemaError
from c10h.files import Source
from c10h.formats.class_names import MOST_CLASSES, default_names, fraction_among
from c10h.formats.hints import Hints
from c10h.formats.predictions_and_labels import recorded_classes
from c10h.formats.truth_files import open_truth
from c10h.images.import_request import SHOWN
from c10h.items import Items, align, whole_numbers
from c10h.records import Array


@dataclass(frozen=True)
class Numbered:
    """truth: int64 (n). classes: their names in order. note: which order was taken, "" if told."""

    truth: Array
    classes: tuple[str, ...]
    note: str = ""


def read_labels(
    labels: Source, classes: tuple[str, ...] | None, size: int, *, one_based: bool = False
) -> Numbered:
    """The true classes of ``size`` pictures from a file of them, in any form that truth has.

    Raises FileError, SchemaError, MismatchError for another number of them.
    """
    notes: list[str] = []
    names = classes or recorded_classes(labels)
    truth = open_truth(labels, names, Hints(one_based=one_based), notes.append)
    if len(truth.values) != size:
        raise MismatchError(
            f"{labels.name}: expected {size:,} classes, one per image, found {len(truth.values):,}"
        )
    alignment = align(Items("the images", size), truth.items(labels.name))
    notes = [*(note.removeprefix(f"{labels.name}: ") for note in notes), alignment.note]
    return Numbered(truth.at(alignment.rows).values, truth.classes, "; ".join(filter(None, notes)))


def number_classes(
    values: Array,
    classes: tuple[str, ...] | None,
    name: str,
    items: Sequence[str] | None = None,
    *,
    one_based: bool = False,
) -> Numbered:
    """Classes (n) as numbers.

    classes: their names in order, where they are known: words are looked up in them, and numbers
    must be below their count. Else words are classes in the order of code points, and whole numbers
    those of classes without names. name: what the values come from. items: whose they are.
    one_based: whether numbers begin at 1. Raises SchemaError for a value that is no class,
    AmbiguousError where no number is 0 and none must be, InputError for fewer than two classes.
    """
    if values.dtype.kind in "SUO":
        words = np.array([_text(value) for value in values.tolist()], dtype=np.str_)
        if classes is not None and set(words.tolist()) <= set(classes):
            places = {word: number for number, word in enumerate(classes)}
            return Numbered(np.array([places[word] for word in words.tolist()], np.int64), classes)
        numbers = whole_numbers(words)
        if numbers is None:
            return _in_sorted_order(words, classes, name, items)
        values = numbers
    with np.errstate(invalid="ignore"):
        truth = values.astype(np.int64)
    values, truth = values - int(one_based), truth - int(one_based)
    wrong = (truth != values) | (truth < 0) | (truth >= (len(classes) if classes else MOST_CLASSES))
    if wrong.any():
        row = int(np.argmax(wrong))
        first = int(one_based)
        last = len(classes or ()) - 1 + first
        expected = (
            f"class from {first} to {last}" if classes else f"class number of at least {first}"
        )
        raise SchemaError(
            f"{name}: {_item(row, items)}: expected a {expected}, found {values[row] + first} "
            "(--no-truth leaves the classes out)"
        )
    if classes is not None:
        return Numbered(truth, classes)
    if len(truth) and truth.min() > 0:
        raise AmbiguousError(
            f"{name}: no image has class 0: if classes are counted from 1, use --one-based; if "
            f"class 0 has no images, use --classes {int(truth.max()) + 1}"
        )
    names = default_names(max(int(truth.max()) + 1, 2))
    return Numbered(truth, names, f"classes 0 to {len(names) - 1} (--classes names them)")


def _in_sorted_order(
    words: Array, classes: tuple[str, ...] | None, name: str, items: Sequence[str] | None
) -> Numbered:
    if classes is not None:
        row, word = next((k, word) for k, word in enumerate(words.tolist()) if word not in classes)
        raise SchemaError(
            f"{name}: {_item(row, items)}: expected a class of {_listing(classes)}, found {word!r}"
        )
    fraction = fraction_among(words.tolist())
    if fraction is not None:
        row = words.tolist().index(fraction)
        raise SchemaError(
            f"{name}: {_item(row, items)}: expected a class, found {fraction}, a number that is no "
            "name of a class (--no-truth leaves the classes out)"
        )
    unique, truth = np.unique(words, return_inverse=True)
    names = tuple(map(str, unique))
    if len(names) < 2:
        raise InputError(
            f"{name}: expected two or more classes, found only {names[0]!r}: use --classes for all"
        )
    note = f"classes in sorted order, {_listing(names)} (--classes sets a different order)"
    return Numbered(truth.astype(np.int64), names, note)


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _item(row: int, items: Sequence[str] | None) -> str:
    return f"row {row}" if items is None else items[row]


def _listing(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")

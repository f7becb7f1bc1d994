"""Predictions, labels and truth from c10h's own files or from foreign ones.

What a foreign file does not say is inferred only where it cannot be wrong; else AmbiguousError
names the option that decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal, TypeAlias

import numpy as np

from c10h import h5
from c10h.errors import AmbiguousError, FileError, SchemaError
from c10h.files import Source
from c10h.formats.arrays import Matrix, Selection, detect_format, open_matrix
from c10h.formats.classes import are_default, default_names, match_order
from c10h.formats.rows import (
    SUM_TOLERANCE,
    checked_counts,
    checked_logits,
    checked_probs,
    log_of_probs,
    mapped,
    one_member,
    shares_of,
)
from c10h.records import Array, Attack, Images, Labels, Predictions, Record, Rows

Meaning: TypeAlias = Literal["logits", "probs"]

# Setting of predictions that came as probabilities: their logits are clipped logarithms.
FROM_PROBS = "from_probabilities"

# First lines that a column of class names may have. Any other word there could be a slip.
HEADERS = ("category", "class", "label", "labels", "name", "target", "truth", "y")

SCAN_ROWS = 1 << 15
EVERYTHING = Selection()


def open_predictions(
    source: Source, selection: Selection = EVERYTHING, meaning: Meaning | None = None
) -> Predictions:
    """Predictions from a file of that kind, or logits or probabilities from a foreign one.

    Rows in [0, 1] that sum to 1 within 1e-3 are probabilities, values outside [0, 1] logits;
    values in [0, 1] that do not sum to 1 are refused until ``meaning`` says. Rows are checked as
    they are read. Raises FileError, SchemaError or AmbiguousError.
    """
    if h5.peek_kind(source) is not None and selection.path is None:
        record = h5.read(source, Predictions)
        _check_recorded_truth(record, record.truth, source)
        return replace(record, logits=checked_logits(record.logits, source.name))
    matrix = _two_dimensional(source, selection)
    rows = _as_float(matrix.rows)
    told = meaning or tell_logits_from_probs(rows, source.name)
    if told == "probs":
        rows = log_of_probs(checked_probs(rows, source.name, any_sum=meaning is not None))
    else:
        rows = checked_logits(rows, source.name)
    return Predictions(
        classes=_class_names(matrix),
        settings={FROM_PROBS: told == "probs"},
        logits=one_member(rows),
        member=np.array([source.stem]),
    )


def open_scored(
    source: Source, selection: Selection = EVERYTHING, meaning: Meaning | None = None
) -> Predictions | Attack:
    """What can be scored: an attack file, or anything that :func:`open_predictions` takes."""
    if selection.path is None and h5.peek_kind(source) == Attack.kind:
        return open_attack(source)
    return open_predictions(source, selection, meaning)


def open_attack(source: Source) -> Attack:
    """An attack file. Logits are checked as they are read. Raises FileError or SchemaError."""
    record = h5.read(source, Attack)
    _check_recorded_truth(record, record.truth, source)
    if not len(record.epsilon) or not np.isfinite(record.epsilon).all():
        raise SchemaError(f"{source.name}: epsilon: expected one or more finite numbers")
    if not record.loss.shape[2]:
        raise SchemaError(f"{source.name}: loss: expected step 0, found no steps")
    return replace(
        record,
        clean_logits=checked_logits(record.clean_logits, source.name),
        logits=checked_logits(record.logits, source.name),
    )


def open_labels(source: Source, selection: Selection = EVERYTHING) -> Labels:
    """Labels from a file of that kind, or vote counts or probabilities from a foreign one.

    Rows in [0, 1] that sum to 1 within 1e-3 are probabilities, whole numbers with other sums are
    counts. Rows are checked as they are read.
    Raises FileError, SchemaError or AmbiguousError.
    """
    if h5.peek_kind(source) is not None and selection.path is None:
        record = h5.read(source, Labels)
        _check_recorded_truth(record, record.truth, source)
        counts = None if record.counts is None else checked_counts(record.counts, source.name)
        return replace(record, probs=checked_probs(record.probs, source.name), counts=counts)
    matrix = _two_dimensional(source, selection)
    names = _class_names(matrix)
    if tell_counts_from_probs(matrix.rows) == "counts":
        counts = checked_counts(matrix.rows, source.name)
        return Labels(classes=names, probs=shares_of(counts), counts=counts)
    return Labels(classes=names, probs=checked_probs(matrix.rows, source.name))


def open_truth(source: Source, classes: Sequence[str] | None) -> Array:
    """The true class of each item, int64 (n), from a c10h file that has one or a foreign vector.

    classes: their names, where they are known: then words are looked up, and the range is checked.
    Raises FileError or SchemaError.
    """
    if h5.peek_kind(source) is not None:
        return _recorded_truth(h5.read(source, Labels, Predictions, Images), source, classes)
    rows = open_matrix(source, EVERYTHING).rows
    values = rows[0 : rows.shape[0]]
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise SchemaError(f"{source.name}: expected one class an item, found shape {rows.shape}")
    if values.dtype.kind in "UO":
        values = _class_numbers(values.astype(np.str_), source, classes)
    with np.errstate(invalid="ignore"):
        truth = values.astype(np.int64)
    if (truth != values).any():
        row = int(np.argmax(truth != values))
        raise SchemaError(f"{source.name}: row {row}: expected a class number, found {values[row]}")
    check_truth(truth, None if classes is None else len(classes), source.name)
    return truth


def recorded_ids(source: Source) -> Array | None:
    """The ids of the items of a c10h file that has any; None for any other file."""
    if h5.peek_kind(source) is None:
        return None
    ids: Array | None = getattr(h5.read(source), "ids", None)
    return ids


def recorded_classes(source: Source) -> tuple[str, ...] | None:
    """The class names of a c10h file that has some of its own; None for any other file."""
    if h5.peek_kind(source) is None:
        return None
    names = h5.read(source).classes
    return None if are_default(names) else names


def check_truth(truth: Array, count: int | None, name: str) -> None:
    """Raise SchemaError unless every class number is in [0, count), or -1 for not known."""
    wrong = truth < -1 if count is None else (truth < -1) | (truth >= count)
    if wrong.any():
        row = int(np.argmax(wrong))
        expected = "0 or more" if count is None else f"a class from 0 to {count - 1}"
        raise SchemaError(f"{name}: row {row}: expected {expected}, found {truth[row]}")


def tell_logits_from_probs(rows: Rows, name: str) -> Meaning:
    """Whether the rows are logits or probabilities, reading no further than needed to be sure.

    Raises AmbiguousError for values in [0, 1] whose rows do not all sum to 1.
    """
    sums_are_1 = True
    for block in _scan(rows):
        if not np.isfinite(block).all():
            return "logits"  # the reader names the row
        if (block < 0).any() or (block > 1).any():
            return "logits"
        sums = block.sum(axis=1, dtype=np.float64)
        sums_are_1 = sums_are_1 and bool((np.abs(sums - 1) <= SUM_TOLERANCE).all())
        if sums_are_1:
            return "probs"
    raise AmbiguousError(
        f"{name}: values in [0, 1] whose rows do not sum to 1: say --logits or --probs"
    )


def tell_counts_from_probs(rows: Rows) -> Literal["counts", "probs"]:
    """Whether the rows are vote counts or probabilities.

    Rows of one vote each are read as probabilities: nothing tells them from one-hot labels.
    """
    for block in _scan(rows):
        whole = (block == np.floor(block)).all(axis=1)
        sums = block.sum(axis=1, dtype=np.float64)
        if (np.abs(sums - 1) <= SUM_TOLERANCE).all() and (block >= 0).all():
            if whole.all():
                continue
            return "probs"
        # Some row is wrong for one reading at least: the reading that fits most rows names it.
        return "counts" if whole.mean() > 0.5 else "probs"
    return "probs"


def _check_recorded_truth(record: Record, truth: Array | None, source: Source) -> None:
    if truth is not None:
        check_truth(truth, len(record.classes), f"{source.name}: truth")


def _recorded_truth(record: Record, source: Source, classes: Sequence[str] | None) -> Array:
    truth: Array | None = getattr(record, "truth", None)
    if truth is None:
        raise FileError(f"{source.name}: expected a dataset truth, found none")
    _check_recorded_truth(record, truth, source)
    if classes is None:
        return truth
    # Truth numbers its own file's classes: translate them into the order that is wanted.
    order = match_order(record.classes, classes, source.name)
    return truth if order is None else np.argsort(order)[truth]


def _class_numbers(words: Array, source: Source, classes: Sequence[str] | None) -> Array:
    """Class numbers of words, below a header where a text file has one of HEADERS."""
    is_text = detect_format(source) == "text"
    if is_text and (classes is None or words[0] not in classes):
        try:
            return words[1:].astype(np.float64)  # numbers below a header
        except ValueError:
            pass
    if classes is None or are_default(classes):
        raise AmbiguousError(f"{source.name}: holds class names: give their order with --classes")
    if is_text and words[0].lower() in HEADERS and words[0] not in classes:
        words = words[1:]
    numbers = {name: number for number, name in enumerate(classes)}
    for row, word in enumerate(words.tolist()):
        if word not in numbers:
            raise SchemaError(
                f"{source.name}: row {row}: expected one of {', '.join(classes)}, found {word!r}"
            )
    return np.array([numbers[word] for word in words.tolist()], dtype=np.int64)


def _two_dimensional(source: Source, selection: Selection) -> Matrix:
    matrix = open_matrix(source, selection)
    if len(matrix.rows.shape) != 2 or matrix.rows.shape[1] < 2 or matrix.rows.dtype.kind in "UO":
        raise SchemaError(
            f"{source.name}: expected numbers of shape (items, classes), "
            f"found {matrix.rows.dtype} of shape {matrix.rows.shape}"
        )
    return matrix


def _as_float(rows: Rows) -> Rows:
    """The rows in float32 or float64, whichever holds them exactly."""
    if rows.dtype.name in ("float32", "float64"):
        return rows
    dtype = np.float32 if rows.dtype == np.float16 else np.float64
    return mapped(rows, lambda block, _: block.astype(dtype), dtype=dtype)


def _class_names(matrix: Matrix) -> tuple[str, ...]:
    names = matrix.header
    if names is None or len(set(names)) != len(names) or "" in names:
        return default_names(matrix.rows.shape[1])
    return names


def _scan(rows: Rows) -> Iterator[Array]:
    for start in range(0, rows.shape[0], SCAN_ROWS):
        yield rows[start : min(start + SCAN_ROWS, rows.shape[0])]


def is_vector(source: Source) -> bool:
    """Whether a foreign file holds one value an item."""
    if h5.peek_kind(source) is not None:
        return False
    shape = open_matrix(source, EVERYTHING).rows.shape
    return len(shape) == 1 or shape[1] == 1

"""What is known of the true class of items, where it may be that of some only, or several classes.

``truth`` is int64 (n), UNKNOWN where nobody knows. Where several answers can be right, ``right`` is
uint8 (n, c) beside it, 1 for each class that counts; ``truth`` is then the first of them, UNKNOWN
for an item without any.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from c10h.errors import SchemaError, counted
from c10h.records import Array, Labels

UNKNOWN = -1


def first_right(right: Array) -> Array:
    """The first class that counts as right of each item, int64 (n), UNKNOWN where there is none."""
    return np.where(right.any(axis=1), right.argmax(axis=1), UNKNOWN).astype(np.int64)


def renumbered(truth: Array, order: Sequence[int]) -> Array:
    """Classes (n) as they are numbered in another order of the classes; UNKNOWN stays.

    order: of the columns, as :func:`c10h.formats.class_names.match_order` gives it.
    """
    return np.where(truth < 0, UNKNOWN, np.argsort(order)[truth])


def right_of(labels: Labels) -> Array | None:
    """The right answers of labels that have several an item, in memory; None where they have none.

    Raises SchemaError where they are not 0 or 1, or say otherwise than the truth beside them.
    """
    if labels.right is None:
        return None
    right = np.asarray(labels.right[0 : labels.right.shape[0]])
    check_right(right, labels.truth, "labels")
    return right


def check_right(right: Array, truth: Array | None, what: str) -> None:
    """Raise SchemaError unless right answers are 0 or 1 and truth is the first of each item."""
    if truth is None or len(truth) != len(right):
        shown = "none" if truth is None else f"{len(truth)}"
        raise SchemaError(f"{what}: expected {len(right)} true classes as in right, found {shown}")
    if right.max(initial=0) > 1:
        row = int(np.argmax(right.max(axis=1) > 1))
        raise SchemaError(f"{what}: right: row {row}: expected 0 or 1, found {right[row].max()}")
    first = first_right(right)
    if (first != truth).any():
        row = int(np.argmax(first != truth))
        raise SchemaError(
            f"{what}: truth: row {row}: expected {first[row]}, the first class that is right, "
            f"found {truth[row]}"
        )


def sole_class(rows: Array) -> Array:
    """The class of rows of shares (n, c) that is the only one in its row, int64 (n).

    UNKNOWN where several classes share a row.
    """
    return np.where((rows > 0).sum(axis=1) == 1, rows.argmax(axis=1), UNKNOWN).astype(np.int64)


def is_one_class_or_tie(rows: Array) -> Array:
    """Whether each row of shares (n, c) is of one class, or of several in equal parts: bool (n).

    Such are the rows of majority and hard labels; those of other labels have a first choice beside
    others.
    """
    return np.asarray(((rows == 0) | (rows == rows.max(axis=1, keepdims=True))).all(axis=1))


def ties_told(truth: Array) -> str:
    """How many rows are ties and thus have no true class, in words; empty where none are."""
    ties = int((truth < 0).sum())
    if not ties:
        return ""
    return f"{counted(ties, 'row')} with several classes in equal parts: no true class"


def differing(first: Array, second: Array) -> Array:
    """Where two truths both know the class of an item, and it is not the same: bool (n)."""
    return np.asarray((first != second) & (first >= 0) & (second >= 0))


def one_answer(truth: Array, right: Array | None) -> Array:
    """The true class of the items that have exactly one, int64 (n); UNKNOWN for the others."""
    if right is None:
        return truth
    return np.where(right.sum(axis=1) == 1, truth, UNKNOWN)


def contents(truth: Array | None) -> str:
    """Whether items have a true class, in words: "with truth", "without truth", or of how many."""
    count = 0 if truth is None else int((truth >= 0).sum())
    if truth is None or not count:
        return "without truth"
    return (
        "with truth" if count == len(truth) else f"with truth of {count:,} of {len(truth):,} items"
    )


def lacking(truth: Array, ids: Array | None = None) -> str:
    """How many items have no true class and which is the first, in words; empty where all have."""
    unknown = np.flatnonzero(truth < 0)
    if not len(unknown):
        return ""
    first = f"item {unknown[0]}" if ids is None else str(ids[unknown[0]])
    return f"{len(unknown):,} of {len(truth):,} items do not have one, the first is {first}"


def name_of(classes: Sequence[str], truth: int, right: Array | None = None) -> str | None:
    """What the true class of an item is called, or all that are right; None where none is known.

    right: of this item (c).
    """
    if truth < 0:
        return None
    if right is None:
        return classes[truth]
    return " or ".join(classes[number] for number in np.flatnonzero(right).tolist())

"""Labels and predictions with their classes in one order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from c10h.formats.class_names import are_default, are_matched_by_position, match_order
from c10h.formats.hints import brief
from c10h.formats.lazy_rows import mapped
from c10h.records import Labels, Predictions, Rows
from c10h.truth import first_right, renumbered, right_of

# Names of columns that are told whole, as nothing else shows a wrong order.
MOST_NAMES = 12


def common_classes(inputs: Sequence[Labels | Predictions]) -> tuple[str, ...] | None:
    """The class names of the first input that has names of its own, else "0", "1", ...

    None without any input.
    """
    for record in inputs:
        if not are_default(record.classes):
            return record.classes
    return inputs[0].classes if inputs else None


def in_order(rows: Rows, order: list[int] | None) -> Rows:
    """Rows with their classes (last axis) reordered."""
    if order is None:
        return rows
    return mapped(rows, lambda block, _: block[..., order])


def labels_in_order(labels: Labels, classes: tuple[str, ...], what: str) -> Labels:
    """Labels with the classes in the given order, matched by name. Raises MismatchError."""
    order = match_order(labels.classes, classes, what)
    if order is None:
        return replace(labels, classes=classes)
    counts = None if labels.counts is None else in_order(labels.counts, order)
    truth = None if labels.truth is None else renumbered(labels.truth, order)
    right = right_of(labels)
    if right is not None:
        right = right[:, order]
        truth = first_right(right)
    probs = in_order(labels.probs, order)
    return replace(labels, classes=classes, probs=probs, counts=counts, truth=truth, right=right)


def predictions_in_order(
    predictions: Predictions, classes: tuple[str, ...], what: str
) -> Predictions:
    """Predictions with the classes in the given order, matched by name. Raises MismatchError."""
    order = match_order(predictions.classes, classes, what)
    if order is None:
        return replace(predictions, classes=classes)
    truth = None if predictions.truth is None else renumbered(predictions.truth, order)
    logits = in_order(predictions.logits, order)
    return replace(predictions, classes=classes, logits=logits, truth=truth)


def class_names_note(record: Labels | Predictions, classes: tuple[str, ...]) -> str:
    """What is assumed of the names of an input's classes; "" where they are just these."""
    if set(record.classes) == set(classes):
        return ""
    if are_matched_by_position(record.classes, classes):
        if are_default(record.classes):
            names = brief(classes, MOST_NAMES)
            return f"has no class names; its columns are read as {names}, in order"
        return f"its {brief(record.classes, 4)} are read as {brief(classes, 4)}, by number"
    return (
        f"its classes {brief(record.classes, 4)} are matched with {brief(classes, 4)}, ignoring "
        "case and common beginnings and ends"
    )

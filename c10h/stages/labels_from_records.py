"""Build labels from judgments, counts, probabilities, truth or predictions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf

import numpy as np

from c10h.errors import InputError, MismatchError
from c10h.formats.hints import Tell, silent
from c10h.formats.predictions_and_labels import LEFT_OUT
from c10h.formats.truth_files import Truth, check_truth, in_order_of
from c10h.items import POSITION, Items, align, is_everything, whole_numbers
from c10h.labels.source_inputs import SourceInputs
from c10h.labels.sources import SOURCES
from c10h.labels.votes import Votes
from c10h.records import Labels, Predictions, Rows
from c10h.stages.class_order import common_classes, labels_in_order, predictions_in_order
from c10h.stages.people import People
from c10h.stages.predicted_items import items_of, some_items

ROWS = 1 << 16


def make_labels(
    what: str,
    *,
    labels: Labels | None = None,
    votes: Votes | None = None,
    predictions: Sequence[Predictions] = (),
    truth: Truth | None = None,
    classes: tuple[str, ...] | None = None,
    prior: float = 0.0,
    smoothing: float = 0.1,
    temperature: float = 1.0,
    seed: int = 0,
    tell: Tell = silent,
) -> Labels:
    """Labels of the source ``what`` (a name in SOURCES).

    votes: the judgments that ``labels`` come from. classes: names for inputs that have none of
    their own, in their order. tell: called with lines on how items were matched and on what people
    should know of the labels.
    Raises InputError for a missing or senseless input, MismatchError for inputs that differ in
    items or classes.
    """
    inputs: list[Labels | Predictions] = [*([labels] if labels else []), *predictions]
    classes = classes or common_classes(inputs)
    if classes is None:
        raise InputError("true classes alone do not say how many classes there are: use --classes")
    if not 0 <= prior < float("inf"):
        raise InputError(f"--prior {prior:g}: expected 0 or more pseudo-votes")
    if labels is not None:
        labels = labels_in_order(labels, classes, "labels")
    predictions = _in_one_order(predictions, classes, tell)
    items = _items(labels, predictions, truth)
    people = _people(labels, predictions, items, classes)
    if truth is not None:
        truth = in_order_of(truth, classes, "truth")
        given = truth_of(items, truth, tell, from_names=votes is not None)
        people = people.agreeing(given.values, "the labels", given.right)
    if people.truth is not None:
        check_truth(people.truth, len(classes), "truth")
    source_inputs = SourceInputs(
        classes,
        labels,
        predictions,
        people.truth,
        items.ids,
        prior,
        smoothing,
        temperature,
        votes,
        seed,
        people.right,
        tell,
    )
    built = SOURCES[what].build(source_inputs)
    left_out = votes.dropped if votes is not None else labels and labels.settings.get(LEFT_OUT)
    return replace(built, settings={**built.settings, LEFT_OUT: left_out}) if left_out else built


def vote_range(counts: Rows) -> tuple[int, int, int]:
    """All votes, the fewest and the most of an item."""
    size = counts.shape[0]
    totals = [
        counts[start : min(start + ROWS, size)].sum(axis=1, dtype=np.int64)
        for start in range(0, size, ROWS)
    ]
    votes = np.concatenate(totals)
    return int(votes.sum()), int(votes.min()), int(votes.max())


def classes_without_votes(labels: Labels) -> list[str]:
    """The classes that nobody chose for any item; none of labels without counts."""
    if labels.counts is None:
        return []
    size = labels.counts.shape[0]
    chosen = np.zeros(len(labels.classes), bool)
    for start in range(0, size, ROWS):
        chosen |= labels.counts[start : min(start + ROWS, size)].any(axis=0)
    return [name for name, is_chosen in zip(labels.classes, chosen, strict=True) if not is_chosen]


def with_truth(
    labels: Labels, truth: Truth, tell: Tell = silent, *, from_names: bool = False
) -> Labels:
    """Labels with a truth that is matched with their items; see :func:`truth_of`."""
    items = Items("the labels", labels.probs.shape[0], labels.ids)
    truth = in_order_of(truth, labels.classes, "truth")
    known = truth_of(items, truth, tell, from_names=from_names)
    people = People.of(labels, known.values, labels.classes, known.right)
    return replace(labels, truth=people.truth, right=people.right)


def _in_one_order(
    predictions: Sequence[Predictions], classes: tuple[str, ...], tell: Tell
) -> list[Predictions]:
    """Predictions with the same classes and the same items, in the order of the first.

    Raises MismatchError.
    """
    ordered: list[Predictions] = []
    for number, record in enumerate(predictions, start=1):
        what = f"predictions {number}"
        record = predictions_in_order(record, classes, what)
        if ordered:
            first = items_of(ordered[0], "predictions 1")
            items = items_of(record, what)
            matched = align(items, first)
            tell(f"{items.what}: {matched.describe(items, first)}")
            rows = matched.rows
            if rows is not None and len(rows) != first.size:
                raise MismatchError(
                    f"{what}: expected {first.size:,} items as in predictions 1, found "
                    f"{len(rows):,}"
                )
            if rows is not None and not is_everything(rows, len(rows)):
                record = some_items(record, np.argsort(rows))
        ordered.append(record)
    return ordered


def _items(labels: Labels | None, predictions: Sequence[Predictions], truth: Truth | None) -> Items:
    """Which items the labels to be made are about."""
    if labels is not None:
        return Items("the labels", labels.probs.shape[0], labels.ids)
    if not predictions:
        return Items("the truth", 0) if truth is None else truth.items("the truth")
    items = items_of(predictions[0], "the predictions")
    ids = next((record.ids for record in predictions if record.ids is not None), None)
    if ids is None and items.index is not None and not is_everything(items.index, items.size):
        ids = items.index.astype(np.str_)
    return replace(items, ids=ids)


def _people(
    labels: Labels | None,
    predictions: Sequence[Predictions],
    items: Items,
    classes: tuple[str, ...],
) -> People:
    """What labels and predictions say of the truth of their items. Raises MismatchError."""
    people = People(classes, items.size)
    if labels is not None:
        people = People.of(labels, None, classes)
    for record in predictions:
        people = people.agreeing(record.truth, "the predictions")
    return people


def truth_of(items: Items, truth: Truth, tell: Tell = silent, *, from_names: bool) -> Truth:
    """The truth of each item, -1 where it is not known.

    from_names: the items come from a table of judgments, in the order of their names: then a vector
    is about their numbers. Raises MismatchError where nothing tells whose truth is whose.
    """
    numbers = None if items.ids is None else whole_numbers(items.ids)
    if from_names and numbers is not None:
        items = replace(items, ids=None if truth.ids is None else items.ids, index=numbers)
    known = truth.items("the truth")
    named = items.ids is not None or items.index is not None
    matched = align(items, known, may_lack=inf if named else 0)
    if items.size:
        tell(f"{items.what}: {matched.describe(items, known)}")
    if from_names and items.ids is not None and matched.by == POSITION:
        raise MismatchError(
            "truth: the items have names, but a vector of classes has none to match: "
            "use --true-label COLUMN, a table of item and class, or a c10h file with ids"
        )
    return truth.at(matched.rows)

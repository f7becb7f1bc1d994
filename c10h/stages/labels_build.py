"""Build labels from judgments, counts, probabilities, truth or predictions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from c10h.errors import InputError, MismatchError
from c10h.formats.readers import check_truth
from c10h.items import whole_numbers
from c10h.labels import SOURCES
from c10h.labels.material import Material
from c10h.labels.votes import Votes
from c10h.records import Array, Labels, Predictions, Rows
from c10h.stages.join import (
    People,
    agreed_truth,
    common_classes,
    labels_in_order,
    match_ids,
    predictions_in_order,
)

ROWS = 1 << 16


def build_labels(
    what: str,
    *,
    labels: Labels | None = None,
    votes: Votes | None = None,
    predictions: Sequence[Predictions] = (),
    truth: Array | None = None,
    classes: tuple[str, ...] | None = None,
    prior: float = 0.0,
    smoothing: float = 0.1,
    temperature: float = 1.0,
    seed: int = 0,
    right: Array | None = None,
) -> Labels:
    """Labels of the source ``what`` (a name in SOURCES).

    votes: the judgments that ``labels`` come from. classes: names for inputs that have none of
    their own, in their order. right: uint8 (n, c) beside a truth of which items have several.
    Raises InputError for a missing or senseless input, MismatchError for inputs that differ in
    items or classes.
    """
    inputs: list[Labels | Predictions] = [*([labels] if labels else []), *predictions]
    classes = classes or common_classes(inputs)
    if classes is None:
        raise InputError("the true classes alone do not say how many there are: give --classes")
    if not 0 <= prior < float("inf"):
        raise InputError(f"--prior {prior:g}: expected 0 or more pseudo-votes")
    if labels is not None:
        labels = labels_in_order(labels, classes, "labels")
        people = People.of(labels, truth, classes, right)
        truth, right = people.truth, people.right
    predictions = [
        predictions_in_order(one, classes, f"predictions {number}")
        for number, one in enumerate(predictions, start=1)
    ]
    size, ids = _shared_items(labels, predictions, truth)
    for one in predictions:
        if one.truth is not None and right is None:
            truth = agreed_truth(one.truth, truth, "the predictions")
    if truth is not None:
        check_truth(truth, len(classes), "truth")
        if len(truth) != size:
            raise MismatchError(f"truth: expected {size} items, found {len(truth)}")
    material = Material(
        classes,
        labels,
        predictions,
        truth,
        ids,
        prior,
        smoothing,
        temperature,
        votes,
        seed,
        right,
    )
    return SOURCES[what].build(material)


def vote_range(counts: Rows) -> tuple[int, int, int]:
    """All votes, the fewest and the most of an item."""
    size = counts.shape[0]
    totals = [
        counts[start : min(start + ROWS, size)].sum(axis=1, dtype=np.int64)
        for start in range(0, size, ROWS)
    ]
    votes = np.concatenate(totals)
    return int(votes.sum()), int(votes.min()), int(votes.max())


def truth_by_item(labels: Labels, truth: Array, ids: Array | None) -> Array:
    """The truth of the items of ``labels``, which come from a table of judgments.

    truth: a class for every item, by number, or by ``ids`` where these are known. Raises
    MismatchError where the items have names and nothing tells whose truth is whose.
    """
    size = labels.probs.shape[0]
    if labels.ids is None:
        numbers = None if ids is None else whole_numbers(ids)
        if numbers is not None and np.array_equal(np.sort(numbers), np.arange(size)):
            return np.asarray(truth[np.argsort(numbers)])
        return truth
    if ids is not None:
        return np.asarray(truth[match_ids(labels.ids, ids, "judgments", "the file of the truth")])
    numbers = whole_numbers(labels.ids)
    if numbers is None:
        raise MismatchError(
            "truth: the items have names, and a vector of classes does not say whose they are: "
            "give --true-label COLUMN, or a c10h file with ids"
        )
    if numbers.max() >= len(truth):
        raise MismatchError(f"truth: expected item {numbers.max()}, found {len(truth)} items")
    return np.asarray(truth[numbers])


def _shared_items(
    labels: Labels | None, predictions: Sequence[Predictions], truth: Array | None
) -> tuple[int, Array | None]:
    """How many items all inputs are about, and their ids. Raises MismatchError."""
    if labels is not None:
        return labels.probs.shape[0], labels.ids
    if not predictions:
        return (0 if truth is None else len(truth)), None
    first = predictions[0]
    size = first.logits.shape[1]
    for number, one in enumerate(predictions, start=1):
        if one.logits.shape[1] != size:
            raise MismatchError(
                f"predictions {number}: expected {size} items as in the first file, "
                f"found {one.logits.shape[1]}"
            )
        for field in ("ids", "index"):
            mine, other = getattr(one, field), getattr(first, field)
            if mine is not None and other is not None and not np.array_equal(mine, other):
                raise MismatchError(f"predictions {number}: {field} differ from the first file's")
        if one.index is not None and one.ids is None and (one.index != np.arange(size)).any():
            raise MismatchError(
                f"predictions {number}: are about some rows of their images, or in another order, "
                "and labels cannot say so without ids"
            )
    ids = next((one.ids for one in predictions if one.ids is not None), None)
    return size, ids

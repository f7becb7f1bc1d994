"""Which item of the labels each prediction is about, and whether its network has seen it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from c10h.errors import MismatchError
from c10h.formats.class_names import are_default, are_matched_by_position, match_order
from c10h.formats.hints import Tell, brief, silent
from c10h.formats.lazy_rows import mapped, shares
from c10h.formats.truth_files import Truth
from c10h.items import Items, agreed_truth, align, is_everything
from c10h.records import Array, Images, Labels, Predictions, Rows, View
from c10h.truth import check_right, first_right, one_answer, renumbered, right_of

if TYPE_CHECKING:
    from c10h.metrics.needs import Needs

HELD_OUT, IN_SAMPLE, UNKNOWN = "held-out", "in-sample", "unknown"


@dataclass(frozen=True)
class People:
    """What is known of n items besides predictions. Not for files: a view of labels and truth.

    truth, right: as in :class:`c10h.records.Labels`.
    """

    classes: tuple[str, ...]
    size: int
    probs: Rows | None = None
    counts: Rows | None = None
    truth: Array | None = None
    ids: Array | None = None
    right: Array | None = None

    @classmethod
    def of(
        cls,
        labels: Labels | None,
        truth: Array | None,
        classes: tuple[str, ...],
        right: Array | None = None,
    ) -> People:
        """From labels, from truth (n) and where it has them right answers (n, c), or both.

        A given truth must agree with the labels', see :meth:`agreeing`. Raises MismatchError where
        sizes or truths differ, SchemaError for right answers that are not what their truth says.
        """
        if right is not None:
            if right.shape[1] != len(classes):
                raise MismatchError(
                    f"truth: expected right answers of {len(classes)} classes, found shape "
                    f"{right.shape}"
                )
            check_right(right, truth, "truth")
        if labels is None:
            assert truth is not None
            return cls(classes, len(truth), truth=truth, right=right)
        size = labels.probs.shape[0]
        if truth is not None and len(truth) != size:
            raise MismatchError(f"truth: expected {size} items as in labels, found {len(truth)}")
        people = cls(
            classes,
            size,
            labels.probs,
            labels.counts,
            labels.truth,
            labels.ids,
            right_of(labels),
        )
        return people.agreeing(truth, "the labels", right)

    def agreeing(self, truth: Array | None, what: str, right: Array | None = None) -> People:
        """With what another file says of the truth: gaps are filled from it.

        Where one side has several right answers an item and the other one class, the several stand
        and nothing is compared. what: whose this truth is, for messages. Raises MismatchError where
        the two differ.
        """
        if right is not None:
            if self.right is not None:
                _check_same_answers(self.right, right, what)
            return replace(self, truth=truth, right=right)
        if truth is None or self.right is not None:
            return self
        if self.truth is None:
            return replace(self, truth=truth)
        return replace(self, truth=agreed_truth(self.truth, truth, what))

    @cached_property
    def known(self) -> int:
        """How many items have a true class, or several right ones."""
        return 0 if self.truth is None else int(np.count_nonzero(self.truth >= 0))

    @cached_property
    def has_several(self) -> bool:
        """Whether some item has several right answers."""
        return self.right is not None and bool((self.right.sum(axis=1) > 1).any())

    @cached_property
    def one_answer(self) -> Array | None:
        """The true class of items that have exactly one, int64 (n), -1 for the others."""
        return None if self.truth is None else one_answer(self.truth, self.right)

    def items(self, what: str) -> Items:
        """Which items these are. what: how messages call them."""
        return Items(what, self.size, self.ids)

    def has(self, needs: Needs) -> bool:
        """Whether a metric that needs this can be computed."""
        from c10h.metrics.needs import Needs

        have = {Needs.TRUTH: self.truth, Needs.PEOPLE: self.probs, Needs.COUNTS: self.counts}
        return have[needs] is not None

    def read(self, items: slice) -> dict[str, Array]:
        """Probabilities, counts and truth of a range of items, as far as known.

        Right answers only where some item has several: else the truth says all.
        """
        found: dict[str, Array] = {}
        if self.counts is not None:
            found["counts"] = self.counts[items]
        if isinstance(self.probs, View) and self.probs.shares_of is self.counts is not None:
            found["probs"] = shares(found["counts"])  # spares reading the votes twice
        elif self.probs is not None:
            found["probs"] = self.probs[items]
        if self.truth is not None:
            found["truth"] = self.truth[items]
        if self.right is not None and self.has_several:
            found["right"] = self.right[items]
        return found

    def take(self, rows: Array | None) -> People:
        """The items in the order of ``rows``; None takes all as they are.

        A selection holds its labels in memory.
        """
        if rows is None or is_everything(rows, self.size):
            return self
        probs = None if self.probs is None else self.probs[0 : self.size][rows]
        counts = None if self.counts is None else self.counts[0 : self.size][rows]
        return replace(
            self,
            size=len(rows),
            probs=probs,
            counts=counts,
            truth=None if self.truth is None else self.truth[rows],
            ids=None if self.ids is None else self.ids[rows],
            right=None if self.right is None else self.right[rows],
        )


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
            return f"has no class names; its columns are taken as {brief(classes, 4)}, in order"
        return f"its {brief(record.classes, 4)} are taken as {brief(classes, 4)}, by number"
    return (
        f"its classes {brief(record.classes, 4)} are matched with {brief(classes, 4)} by what "
        "differs in them, regardless of case"
    )


def items_of(predictions: Predictions, what: str) -> Items:
    """Which items predictions are about. what: how messages call them."""
    return Items(what, predictions.logits.shape[1], predictions.ids, predictions.index)


def some_items(predictions: Predictions, kept: Array) -> Predictions:
    """Predictions of the items where ``kept``, bool (n), is true. They are held in memory."""

    def of_items(values: Array | None) -> Array | None:
        return None if values is None else values[kept]

    members, size, _ = predictions.logits.shape
    logits = [np.asarray(predictions.logits[member, 0:size])[kept] for member in range(members)]
    return replace(
        predictions,
        logits=np.stack(logits),
        index=of_items(predictions.index),
        ids=of_items(predictions.ids),
        truth=of_items(predictions.truth),
        fold=of_items(predictions.fold),
        item=of_items(predictions.item),
    )


def people_of_truth(truth: Truth, classes: tuple[str, ...]) -> People:
    """Items of which nothing but the truth is known."""
    ids = truth.ids
    if ids is None and truth.index is not None:
        ids = truth.index.astype(np.str_)
    return replace(People.of(None, truth.values, classes, truth.right), ids=ids)


def people_of_images(images: Images, labels: Labels, tell: Tell = silent) -> People:
    """What labels say of images, in their order: matched by ids where both have them, or position.

    Images without class names of their own take those of the labels, in order. tell: called with a
    line on how items were matched. Raises MismatchError for other classes, sizes, ids or true
    classes.
    """
    size = images.images.shape[0]
    classes = images.classes
    if are_default(classes) and len(classes) == len(labels.classes):
        classes = labels.classes
    people = People.of(labels_in_order(labels, classes, "labels"), None, classes)
    asked, known = Items("images", size, images.ids), people.items("the labels")
    found = align(asked, known)
    tell(f"{asked.what}: {found.told(asked, known)}")
    try:
        return people.take(found.rows).agreeing(images.truth, "the images")
    except MismatchError as error:
        raise MismatchError(f"labels: {error} (another order?)") from error


def _check_same_answers(first: Array, second: Array, what: str) -> None:
    wrong = (first != second).any(axis=1)
    if wrong.any():
        raise MismatchError(
            f"truth: other right answers than {what} on {int(wrong.sum())} items, "
            f"the first is item {int(np.argmax(wrong))}"
        )


def seen_in_training(predictions: Predictions, member: int) -> Array | None:
    """Whether the networks behind each prediction were trained on the item: bool (n), or None.

    From the hashes of the items and of all training items, ancestors' included. A held-out
    prediction comes from the network of its fold, which saw every item but that fold's.
    """
    if predictions.item is None or "item" not in predictions.trained:
        return None
    trained = predictions.trained["item"][:]
    held_out_by = predictions.trained["fold"][:]
    fold = np.full(len(predictions.item), -1, dtype=np.int64)
    if predictions.fold is not None:
        fold[:] = predictions.fold
    elif predictions.member_fold is not None:
        fold[:] = predictions.member_fold[member]
    by_all = np.isin(predictions.item, trained[held_out_by < 0])
    by_others = np.isin(predictions.item, trained[held_out_by >= 0])
    for number in np.unique(fold[fold >= 0]):
        mine = fold == number
        others = trained[(held_out_by >= 0) & (held_out_by != number)]
        by_others[mine] = np.isin(predictions.item[mine], others)
    return np.asarray(by_all | by_others)


def exposure(predictions: Predictions, member: int = 0) -> str:
    """Whether a network was trained on any of the items that it predicts, in a word."""
    seen = seen_in_training(predictions, member)
    return UNKNOWN if seen is None else IN_SAMPLE if seen.any() else HELD_OUT


def digest_items(people: People, rows: Array | None, labels_digest: str) -> str:
    """SHA-256 of which items a run is about, in their order, and of the labels behind them."""
    digest = hashlib.sha256(labels_digest.encode())
    if people.ids is not None:
        digest.update("\0".join(people.ids.tolist()).encode())
    else:
        digest.update(f"{people.size} rows".encode())
        if rows is not None and not is_everything(rows, people.size):
            digest.update(np.ascontiguousarray(rows).data)
    if people.truth is not None:
        digest.update(np.ascontiguousarray(people.truth).data)
    if people.right is not None:
        digest.update(np.ascontiguousarray(people.right).data)
    return digest.hexdigest()

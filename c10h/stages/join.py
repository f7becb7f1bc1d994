"""Which item of the labels each prediction is about, and whether its network has seen it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from c10h.errors import MismatchError
from c10h.formats.classes import are_default, match_order
from c10h.formats.rows import mapped, shares
from c10h.items import whole_numbers
from c10h.records import Array, Images, Labels, Predictions, Rows, View
from c10h.truth import check_right, differing, first_right, one_answer, renumbered, right_of

if TYPE_CHECKING:
    from c10h.metrics.metric import Needs

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

    def has(self, needs: Needs) -> bool:
        """Whether a metric that needs this can be computed."""
        from c10h.metrics.metric import Needs

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
    order = match_order(_names(labels, classes), classes, what)
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
    order = match_order(_names(predictions, classes), classes, what)
    if order is None:
        return replace(predictions, classes=classes)
    truth = None if predictions.truth is None else renumbered(predictions.truth, order)
    logits = in_order(predictions.logits, order)
    return replace(predictions, classes=classes, logits=logits, truth=truth)


def taken_by_position(record: Labels | Predictions, classes: tuple[str, ...]) -> bool:
    """Whether an input has no class names of its own and takes these, in order."""
    names = _names(record, classes)
    return names != classes and are_default(names)


def _names(record: Labels | Predictions, classes: tuple[str, ...]) -> tuple[str, ...]:
    """Class names of a record; a foreign table's column names count only if one is a class."""
    foreign = record.lineage is None
    if foreign and not set(record.classes) & set(classes):
        return tuple(str(index) for index in range(len(record.classes)))
    return record.classes


def match_items(predictions: Predictions, people: People, what: str) -> Array | None:
    """The row of ``people`` that each prediction is about; None for all rows in order.

    By ids where both have them, else by the predictions' index, else by position when the numbers
    of items agree. Ids that are numbers are what an index counts: labels may leave items out.
    Raises MismatchError for ids that are unknown or rows that do not exist.
    """
    items = predictions.logits.shape[1]
    if predictions.ids is not None and people.ids is not None:
        return match_ids(predictions.ids, people.ids, what)
    if predictions.index is not None:
        numbers = None if people.ids is None else whole_numbers(people.ids)
        if numbers is not None:
            return match_ids(predictions.index.astype(np.str_), numbers.astype(np.str_), what)
        if len(predictions.index) and predictions.index.max() >= people.size:
            raise MismatchError(
                f"{what}: index: row {int(predictions.index.max())} is out of range: the labels "
                f"have {people.size} items"
            )
        return predictions.index
    if items != people.size:
        raise MismatchError(
            f"{what}: expected {people.size} items as in the labels, found {items}, "
            "and no index or ids that would match them"
        )
    return None


def people_of_images(images: Images, labels: Labels) -> People:
    """What labels say of images, in their order: matched by ids where both have them, or position.

    Images without class names of their own take those of the labels, in order. Raises MismatchError
    for other classes, sizes, ids or true classes.
    """
    size = images.images.shape[0]
    classes = images.classes
    if are_default(classes) and len(classes) == len(labels.classes):
        classes = labels.classes
    people = People.of(labels_in_order(labels, classes, "labels"), None, classes)
    rows = None
    if images.ids is not None and people.ids is not None:
        rows = match_ids(images.ids, people.ids, "images")
    elif people.size != size:
        raise MismatchError(
            f"labels: expected {size:,} items as in the images, found {people.size:,}, and no ids "
            "in both that would match them"
        )
    people = people.take(rows)
    if people.truth is not None and images.truth is not None and people.right is None:
        wrong = differing(people.truth, images.truth)
        if wrong.any():
            raise MismatchError(
                "labels: other true classes than those of the images, the first is item "
                f"{int(np.argmax(wrong))}: another order?"
            )
    return people.agreeing(images.truth, "the images")


def matching_note(predictions: Predictions, people: People) -> str:
    """What a reader should know of how items were matched; empty where nothing could be wrong."""
    if people.ids is None or predictions.ids is not None:
        return ""
    how = "its index" if predictions.index is not None else "their order"
    return f"the labels name their items and the predictions do not: matched by {how}"


def is_everything(rows: Array, size: int) -> bool:
    """Whether rows are all of ``size`` items in their order."""
    return np.array_equal(rows, np.arange(size))


def match_ids(ids: Array, known: Array, what: str, where: str = "the labels") -> Array:
    """The row of ``known`` that has each of ``ids``. Raises MismatchError for one that has none.

    what, where: whose the ids are, and whose the known ones, for messages.
    """
    row_of = {name: row for row, name in enumerate(known.tolist())}
    if len(row_of) != len(known):
        raise MismatchError(f"{what}: the ids in {where} are not unique")
    if len(set(ids.tolist())) != len(ids):
        raise MismatchError(f"{what}: its ids are not unique")
    missing = [name for name in ids.tolist() if name not in row_of]
    if missing:
        raise MismatchError(
            f"{what}: {len(missing)} of {len(ids)} ids are not in {where}, "
            f"the first is {missing[0]!r}"
        )
    return np.array([row_of[name] for name in ids.tolist()], dtype=np.int64)


def agreed_truth(first: Array, second: Array | None, what: str) -> Array:
    """The first truth, with gaps filled from a second one.

    Raises MismatchError where both know the class of an item and it is not the same.
    """
    if second is None:
        return first
    if len(first) != len(second):
        raise MismatchError(f"truth: expected {len(first)} items as in {what}, found {len(second)}")
    wrong = differing(first, second)
    if wrong.any():
        raise MismatchError(
            f"truth: differs from that of {what} on {int(wrong.sum())} items, "
            f"the first is item {int(np.argmax(wrong))}"
        )
    return np.where(first < 0, second, first)


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

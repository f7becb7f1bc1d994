"""What is known of items besides predictions: people's labels, and the truth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from c10h.errors import MismatchError, counted
from c10h.formats.class_names import are_default
from c10h.formats.hints import Tell, silent
from c10h.formats.lazy_rows import shares
from c10h.formats.truth_files import Truth
from c10h.items import Items, agreed_truth, align, is_everything
from c10h.metrics.accuracy import ENOUGH_ITEMS, is_at_chance
from c10h.metrics.needed_inputs import Needs
from c10h.records import Array, Images, Labels, Rows, View
from c10h.stages.class_order import labels_in_order
from c10h.truth import check_right, one_answer, right_of

ROWS = 1 << 16


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
        have = {Needs.TRUTH: self.truth, Needs.PEOPLE: self.probs, Needs.COUNTS: self.counts}
        return have[needs] is not None

    def read(self, items: slice) -> dict[str, Array]:
        """Probabilities, counts and truth of a range of items, as far as known.

        Right answers only where some item has several: else the truth says all.
        """
        known: dict[str, Array] = {}
        if self.counts is not None:
            known["counts"] = self.counts[items]
        if isinstance(self.probs, View) and self.probs.shares_of is self.counts is not None:
            known["probs"] = shares(known["counts"])  # spares reading the votes twice
        elif self.probs is not None:
            known["probs"] = self.probs[items]
        if self.truth is not None:
            known["truth"] = self.truth[items]
        if self.right is not None and self.has_several:
            known["right"] = self.right[items]
        return known

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


def people_of_truth(truth: Truth, classes: tuple[str, ...]) -> People:
    """Items of which nothing but the truth is known."""
    ids = truth.ids
    if ids is None and truth.index is not None:
        ids = truth.index.astype(np.str_)
    return replace(People.of(None, truth.values, classes, truth.right), ids=ids)


def people_of_images(
    images: Images, labels: Labels, tell: Tell = silent, remedy: str = ""
) -> People:
    """What labels say of images, in their order: matched by ids where both have them, or position.

    Images without class names of their own take those of the labels, in order. tell: called with a
    line on how items were matched, and with a warning where people do not seem to have seen these
    images. remedy: what to do about images without labels, for the message. Raises MismatchError
    for other classes, sizes, ids or true classes.
    """
    size = images.images.shape[0]
    classes = images.classes
    if are_default(classes) and len(classes) == len(labels.classes):
        classes = labels.classes
    people = People.of(labels_in_order(labels, classes, "labels"), None, classes)
    asked, known = Items("images", size, images.ids), people.items("the labels")
    matched = align(asked, known, remedy=remedy)
    tell(f"{asked.what}: {matched.describe(asked, known)}")
    try:
        of_images = people.take(matched.rows).agreeing(images.truth, "the images")
    except MismatchError as error:
        raise MismatchError(f"labels: {error} (a different order?)") from error
    if warning := _warning_of_other_images(of_images):
        tell(warning)
    return of_images


def _warning_of_other_images(people: People) -> str:
    """That people's first choices say no more of the truth than guesses; "" where they do.

    Where they tie for the first place, a true class among k of them counts 1/k.
    """
    if people.probs is None or people.one_answer is None:
        return ""
    right, compared = 0.0, 0
    for start in range(0, people.size, ROWS):
        items = slice(start, min(start + ROWS, people.size))
        truth = people.one_answer[items]
        known = np.flatnonzero(truth >= 0)
        shares = np.asarray(people.probs[items])[known]
        is_first = shares == shares.max(axis=1, keepdims=True)
        right += float((is_first[np.arange(len(known)), truth[known]] / is_first.sum(axis=1)).sum())
        compared += len(known)
    if compared < ENOUGH_ITEMS or not is_at_chance(right, compared, len(people.classes)):
        return ""
    return (
        f"warning: people's first choice is the true class of {right:,.0f} of {compared:,} images, "
        "as guesses would be: are the labels of these images, with items and classes in one order?"
    )


def _check_same_answers(first: Array, second: Array, what: str) -> None:
    wrong = (first != second).any(axis=1)
    if wrong.any():
        raise MismatchError(
            f"truth: right answers differ from {what} on {counted(int(wrong.sum()), 'item')}, "
            f"the first is item {int(np.argmax(wrong))}"
        )

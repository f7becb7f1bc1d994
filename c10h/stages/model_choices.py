"""What a model would answer on the items of a table of judgments."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np
from scipy.special import softmax

from c10h.errors import MismatchError, counted
from c10h.formats.class_names import are_default
from c10h.formats.hints import Tell
from c10h.formats.judgments import Judgments
from c10h.items import POSITION, Items, align, whole_numbers
from c10h.labels.votes import Votes
from c10h.records import Array, Predictions
from c10h.stages.class_order import class_names_note, predictions_in_order
from c10h.stages.predicted_items import items_of

ROWS = 1 << 14


@dataclass(frozen=True)
class Model:
    """A model to compare with annotators. name: how messages and tables call it."""

    name: str
    predictions: Predictions

    def classes_for(self, judgments: Judgments) -> tuple[str, ...] | None:
        """Names of its classes, where those of the judgments are the same or numbers alone."""
        names = self.predictions.classes
        by_number = judgments.name is None and whole_numbers(judgments.label.words) is not None
        return names if by_number or not are_default(names) else None

    def choices(self, votes: Votes, tell: Tell) -> Array:
        """The most probable class of each item of the votes, int64 (n), -1 without predictions.

        Of several members, by their mean probabilities. tell: called with lines on how items and
        classes were matched. Raises MismatchError for other items or classes.
        """
        classes = votes.labels.classes
        ordered = predictions_in_order(self.predictions, classes, self.name)
        if note := class_names_note(self.predictions, classes):
            tell(f"{self.name}: {note}")
        judged = Items("the judgments", votes.labels.probs.shape[0], votes.labels.ids)
        predicted = items_of(ordered, self.name)
        matched = align(judged, predicted, may_lack=inf)
        if judged.ids is not None and matched.by == POSITION:
            raise MismatchError(
                f"{self.name}: the items of the judgments have names, and these predictions have "
                "none to match"
            )
        tell(f"{judged.what}: {matched.describe(judged, predicted)}")
        if matched.absent:
            tell(f"{self.name}: no predictions for {counted(matched.absent, 'judged item')}")
        first, ties = _first_choices(ordered)
        rows = np.arange(judged.size) if matched.rows is None else matched.rows
        some = rows >= 0
        if tied := int(ties[rows[some]].sum()):
            tell(f"{self.name}: {counted(tied, 'item')} with a tie for first, settled by class")
        choices = np.full(judged.size, -1)
        choices[some] = first[rows[some]]
        return choices


def _first_choices(predictions: Predictions) -> tuple[Array, Array]:
    """The first of the most probable classes of each item, and whether there are several."""
    members, size, _ = predictions.logits.shape
    first, ties = np.empty(size, dtype=np.int64), np.empty(size, dtype=bool)
    for start in range(0, size, ROWS):
        rows = slice(start, min(start + ROWS, size))
        blocks = (np.asarray(predictions.logits[member, rows], float) for member in range(members))
        # Of one member the logits themselves: two of them can have one probability.
        scores = next(blocks) if members == 1 else sum(softmax(block, axis=1) for block in blocks)
        best = scores.max(axis=1, keepdims=True)
        first[rows], ties[rows] = scores.argmax(axis=1), (scores == best).sum(axis=1) > 1
    return first, ties

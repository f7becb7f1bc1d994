"""What a label source is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from c10h.errors import InputError
from c10h.formats.hints import Tell, silent
from c10h.formats.lazy_rows import computed
from c10h.labels.votes import Votes
from c10h.records import Array, Labels, Predictions, Rows
from c10h.truth import lacking, one_answer


@dataclass(frozen=True)
class SourceInputs:
    """Inputs, all about the same items in the same order, with classes in the same order.

    prior: pseudo-votes a class. smoothing: share of the mass that is spread over all classes.
    right: where items have several right answers, as in :class:`Labels`.
    temperature: what logits are divided by. votes: the judgments behind ``labels``, where they
    come from a table of judgments. seed: of what is drawn at random. tell: called with a line on
    what people should know of the labels.
    """

    classes: tuple[str, ...]
    labels: Labels | None = None
    predictions: Sequence[Predictions] = ()
    truth: Array | None = None
    ids: Array | None = None
    prior: float = 0.0
    smoothing: float = 0.1
    temperature: float = 1.0
    votes: Votes | None = None
    seed: int = 0
    right: Array | None = None
    tell: Tell = silent

    def known_truth(self, what: str) -> Array:
        """The one true class of every item, or InputError saying that ``what`` needs it."""
        if self.truth is None:
            raise InputError(f"--as {what} needs the true classes: use --truth")
        truth = one_answer(self.truth, self.right)
        if missing := lacking(truth, self.ids):
            raise InputError(
                f"--as {what} needs one true class for every item: {missing}; use --truth with "
                "all of them"
            )
        return truth

    def known_labels(self, what: str) -> Labels:
        """People's labels, or InputError saying that ``what`` needs them."""
        if self.labels is None:
            raise InputError(f"--as {what} needs vote counts or probabilities as SOURCE")
        return self.labels

    def known_votes(self, what: str) -> Votes:
        """Single judgments, or InputError saying that ``what`` needs them."""
        if self.votes is None:
            raise InputError(f"--as {what} needs a table of judgments as SOURCE")
        return self.votes


def row_of_class(truth: Array, table: Array) -> Rows:
    """Rows (n, c) that depend on an item's class alone: ``table`` (c, c) looked up by truth."""
    return computed((len(truth), table.shape[1]), np.float64, lambda items: table[truth[items]])

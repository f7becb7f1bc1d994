"""Majority labels: people's first choice, without what else they said."""

from __future__ import annotations

import numpy as np

from c10h.errors import counted
from c10h.formats.lazy_rows import mapped
from c10h.labels.source_inputs import SourceInputs
from c10h.records import Array, Labels

_ROWS = 1 << 16


def build(inputs: SourceInputs) -> Labels:
    """The class with the most votes (or, without counts, the most probability) of each item.

    Classes that share the first place share the label; how many items have such a tie is told. No
    counts, which would say what the label leaves out.
    """
    labels = inputs.known_labels("majority")
    ballots = labels.probs if labels.counts is None else labels.counts
    size = ballots.shape[0]
    ties = sum(
        int(np.count_nonzero(_is_first(ballots[start : start + _ROWS]).sum(axis=1) > 1))
        for start in range(0, size, _ROWS)
    )
    if ties:
        inputs.tell(
            f"{counted(ties, 'item')} with several first choices: these share the label equally"
        )
    return Labels(
        classes=inputs.classes,
        probs=mapped(ballots, lambda block, _: first_choice(block), dtype=np.float64),
        truth=inputs.truth,
        right=inputs.right,
        ids=inputs.ids,
    )


def first_choice(ballots: Array) -> Array:
    """All mass on the largest of each row of votes or shares (n, c), float64; shared where tied."""
    first = _is_first(ballots)
    return np.asarray(first / first.sum(axis=1, keepdims=True))


def _is_first(ballots: Array) -> Array:
    return np.asarray(ballots == ballots.max(axis=1, keepdims=True))

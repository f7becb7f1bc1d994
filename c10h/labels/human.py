"""Labels as people gave them."""

from __future__ import annotations

import numpy as np

from c10h.errors import InputError
from c10h.formats.lazy_rows import mapped
from c10h.labels.source_inputs import SourceInputs
from c10h.records import Array, Labels


def build(inputs: SourceInputs) -> Labels:
    """The share of votes, (c_k + A) / (N + A c) with a prior of A pseudo-votes a class.

    The counts are kept as they are. Probabilities without counts pass through; a prior on them is
    an InputError, because their number of votes is unknown.
    """
    labels = inputs.known_labels("human")
    probs = labels.probs
    if inputs.prior:
        if labels.counts is None:
            raise InputError("--prior needs vote counts: the source has probabilities only")

        def add_prior(counts: Array, _: int) -> Array:
            votes = counts + inputs.prior
            return np.asarray(votes / votes.sum(axis=1, keepdims=True))

        probs = mapped(labels.counts, add_prior, dtype=np.float64)
    return Labels(
        classes=inputs.classes,
        probs=probs,
        counts=labels.counts,
        truth=inputs.truth,
        right=inputs.right,
        ids=inputs.ids,
        annotators=labels.annotators,
    )

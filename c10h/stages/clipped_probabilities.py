"""What probabilities that were rounded to 0 decide: how many there are, and in which metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np

from c10h.formats.lazy_rows import LOG_SMALLEST, SMALLEST
from c10h.formats.predictions_and_labels import FROM_PROBS, RULED_OUT
from c10h.metrics.estimates import DECIDED_BY_ZEROS
from c10h.metrics.item_block import Block, Float
from c10h.metrics.metric_type import Term, count, known
from c10h.records import Array, Predictions

# How far from LOG_SMALLEST it is in float32.
LAST_DIGITS = 1e-4


def _clipped(block: Block) -> Array:
    """Which probabilities were 0, or too small for float32: their logarithm is LOG_SMALLEST."""
    return np.asarray(np.abs(block.logits - LOG_SMALLEST) < LAST_DIGITS)


def zeros(block: Block) -> Float:
    """How many probabilities of an item were 0."""
    return np.asarray(block.get(_clipped).sum(axis=0, dtype=np.float64))


def true_class_is_0(block: Block) -> Float:
    """Whether the true class is known and had a probability of 0, or all that are right had."""
    clipped = block.get(_clipped)
    if block.right is not None:
        zero = ~(~clipped & (block.right > 0)).any(axis=0)
    else:
        zero = clipped[block.truth, block.columns]
    return np.asarray(zero & (block.truth >= 0), dtype=np.float64)


def chosen_class_is_0(block: Block) -> Float:
    """Whether a class that people chose had one."""
    return np.asarray((block.get(_clipped) & (block.people > 0)).any(axis=0), dtype=np.float64)


# Metrics that such probabilities decide, since their logarithm is as low as the clip has it.
_DECIDED: Mapping[str, tuple[Term, str]] = {
    "ce_hard": (true_class_is_0, "a true class"),
    "ce_human": (chosen_class_is_0, "a class with votes"),
    "kl": (chosen_class_is_0, "a class with votes"),
}


def clipping_terms(metrics: Iterable[str], predictions: Predictions) -> list[Term]:
    """What has to be summed for :func:`clipping_notes`: nothing of logits that were given."""
    settings = predictions.settings
    if not (settings.get(FROM_PROBS) or settings.get(RULED_OUT)):
        return []
    return [zeros, *dict.fromkeys(_DECIDED[name][0] for name in metrics if name in _DECIDED)]


def clipping_notes(metrics: Iterable[str], total: Callable[[Term], float]) -> list[str]:
    """How many zeros there were, and what share of the items of each metric they decide.

    total: the sum of a term over all items.
    """
    if not total(zeros):
        return []
    value = f"{SMALLEST:.1e}"
    notes = [
        f"{total(zeros):,.0f} probabilities of 0, raised to {value}, the smallest normal float32"
    ]
    for name in metrics:
        term, which = _DECIDED.get(name, (None, ""))
        items = total(known) if term is true_class_is_0 else total(count)
        share = 0.0 if term is None or not items else total(term) / items
        if share:
            notes.append(
                f"{name}: {100 * share:.1f} % of its items have {which} {DECIDED_BY_ZEROS} "
                f"and is raised to {value}, which decides it: save logits, or more digits"
            )
    return notes

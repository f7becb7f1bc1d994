"""What probabilities that were rounded to 0 decide: how many there are, and how much of metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import numpy as np

from c10h.formats.lazy_rows import LOG_SMALLEST, SMALLEST
from c10h.formats.predictions_and_labels import FROM_PROBS, RULED_OUT
from c10h.metrics import divergence
from c10h.metrics.estimates import DECIDED_BY_ZEROS
from c10h.metrics.item_block import Block, Float
from c10h.metrics.metric_type import Term, count, known
from c10h.records import Array, Predictions

# What the note of zeros says of them.
CLIPPED = "probabilities of 0, raised to"
# How far from LOG_SMALLEST it is in float32.
LAST_DIGITS = 1e-4
# The part of a metric from which the clip is said to decide it: half the last of three digits.
LEAST_PART = 0.0005


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


def part_of_true_class(block: Block) -> Float:
    """How much of -log q_y is the clip's."""
    return np.asarray(true_class_is_0(block) * -LOG_SMALLEST)


def part_of_chosen_classes(block: Block) -> Float:
    """How much of -Σ p log q is the clip's."""
    return np.asarray((block.get(_clipped) * block.people).sum(axis=0) * -LOG_SMALLEST)


class _Decided(NamedTuple):
    """A metric that zeros decide, since their logarithm is as low as the clip has it.

    concerns: whether an item has such a zero, in the class called ``which``. part: how much of
    the item's value is the clip's. whole: that value.
    """

    concerns: Term
    which: str
    part: Term
    whole: Term


_DECIDED: Mapping[str, _Decided] = {
    "ce_hard": _Decided(true_class_is_0, "a true class", part_of_true_class, divergence.ce_hard),
    "ce_human": _Decided(
        chosen_class_is_0, "a class with votes", part_of_chosen_classes, divergence.ce_human
    ),
    "kl": _Decided(chosen_class_is_0, "a class with votes", part_of_chosen_classes, divergence.kl),
}


def clipping_terms(metrics: Iterable[str], predictions: Predictions) -> list[Term]:
    """What has to be summed for :func:`clipping_notes`: nothing of logits that were given."""
    settings = predictions.settings
    if not (settings.get(FROM_PROBS) or settings.get(RULED_OUT)):
        return []
    decided = [_DECIDED[name] for name in metrics if name in _DECIDED]
    return [zeros, *dict.fromkeys(term for each in decided for term in (each.concerns, each.part))]


def clipping_notes(metrics: Iterable[str], total: Callable[[Term], float]) -> list[str]:
    """How many zeros there were, which share of the items of each metric they are in, and how much.

    total: the sum of a term over all items.
    """
    if not total(zeros):
        return []
    value = f"{SMALLEST:.1e}"
    notes = [f"{total(zeros):,.0f} {CLIPPED} {value}, the smallest normal float32"]
    for name in metrics:
        if name not in _DECIDED:
            continue
        concerns, which, part, whole = _DECIDED[name]
        items = total(known) if concerns is true_class_is_0 else total(count)
        if not (concerned := total(concerns)):
            continue
        share = total(part) / max(total(whole), total(part))
        remedy = f": {DECIDED_BY_ZEROS}" if share >= LEAST_PART else ""
        notes.append(
            f"{name}: {_percent(concerned / items)} of its items have {which} whose probability "
            f"was 0 and is raised to {value}, which is {_percent(share)} of it{remedy}"
        )
    return notes


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share >= LEAST_PART else f"{100 * share:.1g} %"

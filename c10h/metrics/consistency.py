"""Error consistency between the model and one random annotator (Geirhos et al., NeurIPS 2020)."""

from __future__ import annotations

from c10h.metrics.item_block import Block, Float
from c10h.metrics.metric_type import divide, of_first_choice, of_items


@of_items
def annotator_correct(block: Block) -> Float:
    """The chance that one random annotator is right: the share of votes for what is right."""
    return block.over_right(block.vote_shares)


@of_first_choice
def both_correct(block: Block) -> Float:
    """The chance that the model and one random annotator are both right."""
    return block.correct * block.get(annotator_correct)


def error_consistency(both: Float, first: Float, second: Float, items: Float) -> Float:
    """κ = (observed - expected) / (1 - expected) agreement in being right or wrong.

    both, first, second: expected numbers of items on which both, the first and the second observer
    are right. Geirhos, Meding & Wichmann 2020, eq. 1 to 3, as a ratio of expectations over votes.
    NaN where chance agreement is 1.
    """
    one, other = divide(first, items), divide(second, items)
    observed = 1 - one - other + 2 * divide(both, items)
    expected = one * other + (1 - one) * (1 - other)
    return divide(observed - expected, 1 - expected)


def errors(both: Float, first: Float, second: Float, items: Float) -> float:
    """On how many items the first observer is wrong, from the sums by cell."""
    return float((items - first).sum())

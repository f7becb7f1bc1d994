"""Accuracy, and confidence where the model is right and where it is wrong."""

from __future__ import annotations

from c10h.metrics.bootstrap import equal_parts
from c10h.metrics.item_block import Block, Float
from c10h.metrics.metric_type import of_first_choice


@of_first_choice
def correct(block: Block) -> Float:
    """1 where argmax q = y; r/k where k classes tie for the first place and r of them are right."""
    return block.correct


@of_first_choice
def wrong(block: Block) -> Float:
    """1 - correct."""
    return block.where_known(1.0 - block.correct)


def confidence_right(block: Block) -> Float:
    """max q where the model is right, else 0 (Peterson et al. 2019, figure 3A)."""
    return block.confidence * block.correct


def confidence_wrong(block: Block) -> Float:
    """max q where the model is wrong, else 0 (Peterson et al. 2019, figure 3A)."""
    return block.confidence * wrong(block)


def number(confidence: Float, items: Float) -> float:
    """How many items a mean is over, from the sums by cell."""
    return float(items.sum())


def unsure(confidence: Float, items: Float) -> float:
    """How many equally unsure items would be as noisy, from the sums by cell; at least 2.

    What the mean confidence of right items depends on is the few that the network is not sure of.
    """
    return max(2.0, equal_parts(items - confidence))

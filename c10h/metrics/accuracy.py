"""Accuracy, and confidence where the model is right and where it is wrong."""

from __future__ import annotations

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

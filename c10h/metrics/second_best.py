"""Second-best accuracy (Peterson et al. 2019, section 5): is the model's second choice people's?

People's second value is the second-largest vote count with multiplicity, so after a tie for first
both classes hold it. Where the model's own logits tie, the value is the expectation over orders.
"""

from __future__ import annotations

import numpy as np

from c10h.metrics.item_block import Block, Float
from c10h.metrics.metric_type import of_items


@of_items
def has_second(block: Block) -> Float:
    """1 for items where at least two classes have votes (or probability)."""
    return np.asarray(((block.ballots > 0).sum(axis=0) > 1).astype(np.float64))


def second_matches(block: Block) -> Float:
    """The chance that the model's second class holds people's second value; 0 without a second."""
    model, people = block.model_ranking.second, block.ballots_ranking.second
    matches = (model & people).sum(axis=0) / model.sum(axis=0)
    return np.asarray(matches * block.get(has_second))


@of_items
def has_clear_second(block: Block) -> Float:
    """1 for items with a second whose first, second and third counts all differ."""
    ranking = block.ballots_ranking
    clear = (ranking.first.sum(axis=0) == 1) & (ranking.second.sum(axis=0) == 1)
    return np.asarray(clear * block.get(has_second))


def clear_second_matches(block: Block) -> Float:
    """:func:`second_matches` on the items of :func:`has_clear_second`."""
    return block.get(second_matches) * block.get(has_clear_second)


def second_tied(block: Block) -> Float:
    """1 for items with a second where several classes share the model's own second place."""
    return np.asarray((block.model_ranking.second.sum(axis=0) > 1) * block.get(has_second))

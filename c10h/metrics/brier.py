"""Squared distances between distributions, and the annotators that a model is worth."""

from __future__ import annotations

import numpy as np

from c10h.metrics.item_block import Block, Float
from c10h.metrics.metric_type import of_items


def brier_hard(block: Block) -> Float:
    """Σ (q - onehot y)² = Σ q² - 2 q_y + 1 (Brier 1950)."""
    squares = (block.model**2).sum(axis=0)
    return block.where_known(squares - 2 * block.over_right(block.model) + 1)


def brier_human(block: Block) -> Float:
    """Σ (q - p)²."""
    return np.asarray(((block.model - block.people) ** 2).sum(axis=0))


@of_items
def several_votes(block: Block) -> Float:
    """1 for items with two votes or more, of which the variance of one vote can be estimated."""
    return np.asarray((block.totals > 1).astype(np.float64))


@of_items
def vote_variance(block: Block) -> Float:
    """V_i = 1 - Σ c(c-1) / (N(N-1)), unbiased for 1 - Σ p² of the population; 0 where N = 1.

    It is the expected squared distance between one person's vote and the population.
    """
    total = block.totals
    pairs = (block.votes * (block.votes - 1)).sum(axis=0)
    return np.where(total > 1, 1 - pairs / np.maximum(total * (total - 1), 1), 0.0)


def brier_debiased(block: Block) -> Float:
    """Σ (q - c/N)² - V_i / N_i, unbiased for the squared distance to the population; 0 at N = 1.

    The votes' own sampling noise, V_i / N_i in expectation, is taken off.
    """
    distance = ((block.model - block.vote_shares) ** 2).sum(axis=0)
    unbiased = distance - block.get(vote_variance) / block.totals
    return np.where(block.totals > 1, unbiased, 0.0)


def annotators(variance: Float, distance: Float, items: Float) -> Float:
    """Σ V / Σ D: the vote share of that many people is as far from the population as the model.

    The share of k votes has expected squared distance V / k; setting it to D gives V / D.
    Infinite where D ≤ 0: closer than any number of people, as far as the votes can tell.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = variance / distance
    return np.where(distance > 0, ratio, np.where(items > 0, np.inf, np.nan))

"""Accuracy of the first choice and of the first k, and confidence where it is right or wrong."""

from __future__ import annotations

import math

import numpy as np

from c10h.metrics.bootstrap import equal_parts
from c10h.metrics.item_block import Block, Float
from c10h.metrics.metric_type import Term, of_first_choice

# The level of the test of chance, and the items that it needs: of fewer, good answers could not be
# told from guesses.
CHANCE = 0.01
ENOUGH_ITEMS = 20


@of_first_choice
def correct(block: Block) -> Float:
    """1 where argmax q = y; r/k where k classes tie for the first place and r of them are right."""
    return block.correct


@of_first_choice
def wrong(block: Block) -> Float:
    """1 - correct."""
    return block.where_known(1.0 - block.correct)


def correct_in_top(k: int) -> Term:
    """A term: 1 where a right class is among the k with the highest logits, k at least 1.

    In expectation over orders where logits tie. The right classes with the highest logit decide: a
    classes have a higher one and t have the same, r of them right. Of these t, s = k - a are among
    the first k (s is cut to 0 ... t), none of them right with the chance
    C(t - r, s) / C(t, s) = Π (t - s - i) / (t - i) over i < r.
    """

    def term(block: Block) -> Float:
        scores = block.scores
        if block.right is None:
            best, right = scores[block.truth, block.columns], np.ones(block.size)
        else:
            best = np.where(block.right > 0, scores, -np.inf).max(axis=0)
            right = ((scores == best) * block.right).sum(axis=0)
        tied = (scores == best).sum(axis=0)
        places = np.clip(k - (scores > best).sum(axis=0), 0, tied)
        all_wrong = np.ones(block.size)
        for i in range(int(right.max(initial=0))):
            wrong_too = np.maximum(tied - places - i, 0) / np.maximum(tied - i, 1)
            all_wrong = np.where(i < right, all_wrong * wrong_too, all_wrong)
        return block.where_known(1 - all_wrong)

    return term


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


def is_at_chance(right: float, n: int, classes: int) -> bool:
    """Whether so many right answers of ``n`` cannot be told from guesses among the classes.

    By the one-sided exact binomial test at 1 %. scipy.special takes long to import.
    """
    if right < 1 or classes == 1:
        return True
    return _chance_of(range(math.ceil(right), n + 1), n, classes) > CHANCE


def is_below_chance(right: float, n: int, classes: int) -> bool:
    """Whether so few are right that guesses would be better, by the same test the other way."""
    return classes > 1 and _chance_of(range(math.floor(right) + 1), n, classes) <= CHANCE


def _chance_of(counts: range, n: int, classes: int) -> float:
    """The probability of one of these numbers of right guesses, of ``n``."""
    share = 1 / classes
    return sum(
        math.exp(
            math.lgamma(n + 1)
            - math.lgamma(count + 1)
            - math.lgamma(n - count + 1)
            + count * math.log(share)
            + (n - count) * math.log1p(-share)
        )
        for count in counts
    )

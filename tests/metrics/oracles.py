"""Definitions by brute force: every order, every vote, every annotator, one after another."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise, permutations, product
from statistics import mean

import numpy as np
from sklearn.metrics import cohen_kappa_score

from c10h.records import Array


def orders(logits: Array) -> list[tuple[int, ...]]:
    """Every order of the classes that ranks no lower logit before a higher one."""
    return [
        order
        for order in permutations(range(len(logits)))
        if all(logits[a] >= logits[b] for a, b in pairwise(order))
    ]


def second_best_accuracy(logits: Array, counts: Array) -> tuple[float, int]:
    """sba and its n, over every order of tied logits."""
    matches = []
    for scores, votes in zip(logits, counts, strict=True):
        if np.count_nonzero(votes) < 2:
            continue
        second_value = sorted(votes)[-2]
        matches.append(mean(float(votes[order[1]] == second_value) for order in orders(scores)))
    return (mean(matches) if matches else float("nan")), len(matches)


def has_clear_second(votes: Array) -> bool:
    """Whether the first, second and third counts of an item all differ, and there is a second."""
    first, second, third = [*sorted(votes, reverse=True), -1][:3]
    return first > second > third and second > 0


def aurc_of_order(errors: Array) -> float:
    """The mean over k of the share of errors among the first k."""
    return mean(errors[:k].mean() for k in range(1, len(errors) + 1))


def aurc_by_orders(confidence: Array, correct: Array) -> float:
    """AURC in the mean over every order that agrees with the confidence."""
    return mean(aurc_of_order(1 - correct[list(order)]) for order in orders(confidence))


def aurc(confidence: Array, correct: Array) -> float:
    """AURC for many items: by linearity each tied item counts as the mean of its tie."""
    _, tie = np.unique(-confidence, return_inverse=True)
    expected = (np.bincount(tie, 1.0 - correct) / np.bincount(tie))[np.sort(tie)]
    return float((np.cumsum(expected) / np.arange(1, len(tie) + 1)).mean())


def votes_left_out(counts: Array) -> Iterator[tuple[int, Array, int, float]]:
    """Take one vote away: the item, the votes that stay, the vote, and its share of the item.

    Items with a single vote are passed over, because nobody stays.
    """
    for item, votes in enumerate(counts):
        for vote in np.flatnonzero(votes):
            rest = votes - (np.arange(len(votes)) == vote)
            if rest.sum():
                yield item, rest, int(vote), votes[vote] / votes.sum()


def plurality_is(rest: Array, truth: int) -> float:
    """The chance that the first class is the truth, ties being broken by lot."""
    leaders = np.flatnonzero(rest == rest.max())
    return float(truth in leaders) / len(leaders)


def kappa(pairs: list[tuple[float, float, float]]) -> float:
    """Cohen's kappa of (chance that the first is right, whether the second is, weight)."""
    first, second, weight = [], [], []
    for chance, other, share in pairs:
        first += [1, 0]
        second += [round(other)] * 2
        weight += [share * chance, share * (1 - chance)]
    return float(cohen_kappa_score(first, second, sample_weight=weight))


def all_votes(votes: int, faces: tuple[int, ...], classes: int) -> Array:
    """Every way in which people who pick one of equally likely faces can vote: counts (n, c)."""
    return np.array(
        [np.bincount(chosen, minlength=classes) for chosen in product(faces, repeat=votes)]
    )

"""Strata: a partition of the items, so that every metric is also told for parts of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from c10h.metrics.block import Block, Float, entropy
from c10h.metrics.metric import Needs, Term
from c10h.records import Array

ALL = "all"
ENTROPY_BINS = 4


@dataclass(frozen=True)
class Stratification:
    """A way to divide items: ``key`` is read from each item, ``divide`` turns keys into strata.

    divide: keys (n) and class names to the names of the strata and the stratum of each item.
    """

    summary: str
    needs: Needs
    key: Term
    divide: Callable[[Float, Sequence[str]], tuple[list[str], Array]]


def _truth(block: Block) -> Float:
    """The true class; -1 where it is not known, -2 where several answers are right."""
    if block.right is None:
        return block.truth.astype(np.float64)
    return np.where(block.right.sum(axis=0) > 1, -2.0, block.truth)


def _mode(block: Block) -> Float:
    """People's first class; -1 where several classes share the first place."""
    first = block.ballots_ranking.first
    return np.where(first.sum(axis=0) > 1, -1.0, first.argmax(axis=0))


def _entropy(block: Block) -> Float:
    """Entropy of the votes (or probabilities) in nats; exactly 0 where people are unanimous."""
    unanimous = (block.ballots > 0).sum(axis=0) == 1
    return np.where(unanimous, 0.0, entropy(block.vote_shares))


def _by_truth(keys: Float, classes: Sequence[str]) -> tuple[list[str], Array]:
    """By class, and items without one true class apart, where there are any."""
    names = [f"truth={name}" for name in classes]
    numbers = keys.astype(np.int32)
    for key, name in ((-2, "truth=(several)"), (-1, "truth=(unknown)")):
        if (keys == key).any():
            numbers[keys == key] = len(names)
            names.append(name)
    return names, numbers


def _by_mode(keys: Float, classes: Sequence[str]) -> tuple[list[str], Array]:
    names = [f"modal={name}" for name in [*classes, "(tie)"]]
    return names, np.where(keys < 0, len(classes), keys).astype(np.int32)


def _by_entropy(keys: Float, _: Sequence[str]) -> tuple[list[str], Array]:
    uncertain = keys[keys > 0]
    if not len(uncertain):
        return ["human-entropy=0"], np.zeros(len(keys), dtype=np.int32)
    edges = np.unique(
        np.quantile(uncertain, np.arange(1, ENTROPY_BINS + 1) / ENTROPY_BINS, method="inverted_cdf")
    )
    starts = np.concatenate(([0.0], edges[:-1]))
    names = ["human-entropy=0"] + [
        f"human-entropy={number}: {low:.3f}-{high:.3f}"
        for number, (low, high) in enumerate(zip(starts, edges, strict=True), start=1)
    ]
    numbers = np.where(keys > 0, 1 + np.searchsorted(edges, keys), 0)
    return names, numbers.astype(np.int32)


STRATA: Mapping[str, Stratification] = {
    "truth": Stratification(
        "true class, items with several or none apart", Needs.TRUTH, _truth, _by_truth
    ),
    "modal": Stratification("people's first class, ties apart", Needs.PEOPLE, _mode, _by_mode),
    "human-entropy": Stratification(
        "unanimous items apart, the rest in four quantile bins of H(p)",
        Needs.PEOPLE,
        _entropy,
        _by_entropy,
    ),
}

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
    return block.truth.astype(np.float64)


def _mode(block: Block) -> Float:
    """People's first class; -1 where several classes share the first place."""
    first = block.ballots_ranking.first
    return np.where(first.sum(axis=0) > 1, -1.0, first.argmax(axis=0))


def _entropy(block: Block) -> Float:
    """Entropy of the votes (or probabilities) in nats; exactly 0 where people are unanimous."""
    unanimous = (block.ballots > 0).sum(axis=0) == 1
    return np.where(unanimous, 0.0, entropy(block.vote_shares))


def _by_class(prefix: str, tied: str | None) -> Callable[..., tuple[list[str], Array]]:
    def divide(keys: Float, classes: Sequence[str]) -> tuple[list[str], Array]:
        names = [f"{prefix}={name}" for name in classes] + ([f"{prefix}={tied}"] if tied else [])
        numbers = np.where(keys < 0, len(classes), keys).astype(np.int32)
        return names, numbers

    return divide


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
    "truth": Stratification("true class", Needs.TRUTH, _truth, _by_class("truth", None)),
    "modal": Stratification(
        "people's first class, ties apart", Needs.PEOPLE, _mode, _by_class("modal", "(tie)")
    ),
    "human-entropy": Stratification(
        "unanimous items apart, the rest in four quantile bins of H(p)",
        Needs.PEOPLE,
        _entropy,
        _by_entropy,
    ),
}

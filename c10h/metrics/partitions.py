"""How items are divided into strata: what is read from each item, and the strata that it makes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from c10h.metrics.item_block import Block, Float, entropy
from c10h.records import Array

ENTROPY_BINS = 4


def true_class(block: Block) -> Float:
    """The true class; -1 where it is not known, -2 where several answers are right."""
    if block.right is None:
        return block.truth.astype(np.float64)
    return np.where(block.right.sum(axis=0) > 1, -2.0, block.truth)


def first_class(block: Block) -> Float:
    """People's first class; -1 where several classes share the first place."""
    first = block.ballots_ranking.first
    return np.where(first.sum(axis=0) > 1, -1.0, first.argmax(axis=0))


def mode_shift(block: Block) -> Float:
    """1 where people's first class is not right, else 0.

    -1 where several classes share the first place, -2 where the true class is not known.
    """
    first = block.ballots_ranking.first
    shifted = 1.0 - block.over_right(first.astype(np.float64))
    return np.where(block.is_known, np.where(first.sum(axis=0) > 1, -1.0, shifted), -2.0)


def vote_entropy(block: Block) -> Float:
    """Entropy of the votes (or probabilities) in nats; exactly 0 where people are unanimous."""
    unanimous = (block.ballots > 0).sum(axis=0) == 1
    return np.where(unanimous, 0.0, entropy(block.vote_shares))


def by_truth(keys: Float, classes: Sequence[str]) -> tuple[list[str], Array]:
    """By class, and items without one true class apart, where there are any."""
    names = [f"truth={name}" for name in classes]
    numbers = keys.astype(np.int32)
    for key, name in ((-2, "truth=(several)"), (-1, "truth=(unknown)")):
        if (keys == key).any():
            numbers[keys == key] = len(names)
            names.append(name)
    return names, numbers


def by_first_class(keys: Float, classes: Sequence[str]) -> tuple[list[str], Array]:
    """By people's first class, and items where several classes share the first place apart."""
    names = [f"modal={name}" for name in [*classes, "(tie)"]]
    return names, np.where(keys < 0, len(classes), keys).astype(np.int32)


def by_mode_shift(keys: Float, _: Sequence[str]) -> tuple[list[str], Array]:
    """No and yes, and items without one first class or without a true one, where there are any."""
    names = ["mode-shift=no", "mode-shift=yes"]
    numbers = keys.astype(np.int32)
    for key, name in ((-1, "mode-shift=(tie)"), (-2, "mode-shift=(unknown)")):
        if (keys == key).any():
            numbers[keys == key] = len(names)
            names.append(name)
    return names, numbers


def by_entropy(keys: Float, _: Sequence[str]) -> tuple[list[str], Array]:
    """Unanimous items apart, the others in quantile bins of their entropy."""
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

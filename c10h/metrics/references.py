"""What a network's figures are held against, besides people: REFERENCES, made from the network.

They tell how much of a distance from people is only the scale of confidence, or only the name of
the class. What is fitted is fitted on other items than those that it is tried on: items fall into
GROUPS groups by a seeded hash of what names them, and each gets what the four others say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from c10h.metrics.bootstrap import hash_numbers
from c10h.metrics.item_block import Block, Float
from c10h.metrics.temperature import fit_temperature
from c10h.records import Array

GROUPS = 5
# Tables are of at most about this many items; temperatures, which are a single number, are fitted
# to fewer, and to fewer still where there are many classes.
TABLE_ITEMS = 1_000_000
FIT_ITEMS = 100_000
FIT_ELEMENTS = 1 << 23
# Items of a first choice from which it can be told to be another class in the labels.
LEAST_EXCHANGED = 10
# A logit of a probability of 0.
RULED_OUT = -1e4


@dataclass(frozen=True)
class Fitted:
    """What was fitted to the labels of a network's items, for each group on the other groups.

    group: of each item, uint8 (n). temperatures: float64 (GROUPS), NaN where the other groups have
    no items. tables: log of the mean distribution of the items of a first choice, float64
    (GROUPS, c, c).
    """

    group: NDArray[np.uint8]
    temperatures: Float
    tables: Float

    @property
    def temperature(self) -> float:
        """The mean of the groups' temperatures."""
        return float(np.nanmean(self.temperatures))

    @property
    def spread(self) -> float:
        """The largest of the groups' temperatures minus the smallest."""
        return float(np.nanmax(self.temperatures) - np.nanmin(self.temperatures))


@dataclass(frozen=True)
class Reference:
    """A reference. ``of(block, fitted, group)`` is a block with the reference for the network.

    group: of each item of the block, (m). certain: whether all but one class have a probability of
    0. same_first_choice: whether its first choice is always the network's own.
    """

    label: str
    summary: str
    of: Callable[[Block, Fitted, Array], Block]
    certain: bool = False
    same_first_choice: bool = False


def _rescaled(block: Block, fitted: Fitted, group: Array) -> Block:
    logits = np.asarray(block.logits / fitted.temperatures[group])
    return block.beside(logits, "scores", "model_ranking", "first_share", "correct")


def _first_choice(block: Block, fitted: Fitted, group: Array) -> Block:
    classes = len(block.logits)
    # Of many classes a block has few, so that only the rows that it uses are made.
    used, row = np.unique(group * np.intp(classes) + block.first_class, return_inverse=True)
    logits = [fitted.tables.reshape(-1, classes)[used]]
    for number, item in enumerate(block.tied, start=len(used)):
        tied = fitted.tables[group[item], block.model_ranking.first[:, item]]
        logits.append(np.log(np.exp(tied).mean(axis=0, keepdims=True)))
        row[item] = number
    return block.beside_rows(Block(logits=np.concatenate(logits)), row)


def _no_uncertainty(block: Block, _: Fitted, __: Array) -> Block:
    first, tied = block.model_ranking.first, block.tied
    used, row = np.unique(block.first_class, return_inverse=True)
    certain = np.concatenate([used[:, None] == np.arange(len(first)), first[:, tied].T])
    row[tied] = len(used) + np.arange(len(tied))
    rows = Block(logits=np.where(certain, 0.0, RULED_OUT))
    return block.beside_rows(rows, row, "first_share", "correct")


RESCALED, FIRST_CHOICE, NO_UNCERTAINTY = "rescaled", "first_choice", "no_uncertainty"

REFERENCES: Mapping[str, Reference] = {
    RESCALED: Reference(
        "rescaled",
        "the network with its logits divided by the temperature that fits best",
        _rescaled,
        same_first_choice=True,
    ),
    FIRST_CHOICE: Reference(
        "first choice",
        "the mean distribution of the items that get the same first choice",
        _first_choice,
    ),
    NO_UNCERTAINTY: Reference(
        "no uncertainty",
        "the network's first choice alone",
        _no_uncertainty,
        certain=True,
        same_first_choice=True,
    ),
}


def groups_of(keys: Array, seed: int) -> NDArray[np.uint8]:
    """The group of each item, from a number that names it, uint64 (n)."""
    return (hash_numbers(keys, seed + 2) % np.uint64(GROUPS)).astype(np.uint8)


def drawn(keys: Array, items: int, seed: int) -> NDArray[np.bool_]:
    """About so many items, bool (n), or all where there are no more; fewer are some of more."""
    if items >= len(keys):
        return np.ones(len(keys), dtype=bool)
    return np.asarray(hash_numbers(keys, seed + 3) < np.uint64(items / len(keys) * 2**64))


def hash_names(names: Array) -> Array:
    """A number for each name, uint64 (n), the same whatever names are beside it."""
    letters = np.asarray(names, dtype=np.str_)
    width = max(1, letters.dtype.itemsize // 4)
    codes = np.ascontiguousarray(letters.astype(f"U{width}")).view(np.uint32)
    number = np.zeros(len(letters), dtype=np.uint64)
    for column in codes.reshape(len(letters), width).T:
        # Shorter names are padded with 0, which must not count.
        number = np.where(column > 0, hash_numbers(number ^ column.astype(np.uint64), 1), number)
    return number


def truth_shares(block: Block) -> Float:
    """The truth as a distribution over the classes that are right (c, m); 0 where none is known."""
    if block.right is not None:
        return np.asarray(block.right / np.maximum(block.right.sum(axis=0), 1))
    shares = np.zeros((len(block.logits), block.size))
    shares[block.truth, block.columns] = block.is_known
    return shares


def add_by_first_choice(sums: Float, block: Block, labels: Float, group: Array) -> None:
    """Add labels (c, m) to sums by group and first choice, float64 (GROUPS, c, c), in place.

    Classes that tie for the first choice share an item. Items without labels (all 0) add nothing.
    """
    classes = len(labels)
    order = np.argsort(key := group * np.intp(classes) + block.first_class, kind="stable")
    order = order[~np.isin(order, block.tied)] if len(block.tied) else order
    if len(order):
        rows, ordered = np.ascontiguousarray(labels.T)[order], key[order]
        starts = np.flatnonzero(np.diff(ordered, prepend=-1))
        sums.reshape(-1, classes)[ordered[starts]] += np.add.reduceat(rows, starts, axis=0)
    for item in block.tied:
        first = block.model_ranking.first[:, item]
        sums[group[item], first] += labels[:, item] / first.sum()


def exchanged_classes(sums: Float) -> list[tuple[int, int]]:
    """Classes that a model and the labels seem to call by each other's names.

    sums: labels by group and first choice, float64 (GROUPS, c, c). Pairs of a first choice and of
    the class that has most of the labels of its items, where it is another one; only such as come
    back to where they began, two that are exchanged or more, each the first choice for enough items
    and most of their labels.
    """
    total = sums.sum(axis=0)
    seen = total.argmax(axis=1)
    items = total.sum(axis=1)
    is_clear = (items >= LEAST_EXCHANGED) & (total.max(axis=1) > items / 2)
    pairs = []
    for first in np.flatnonzero(is_clear & (seen != np.arange(len(seen)))).tolist():
        place, steps = int(seen[first]), 1
        while place != first and is_clear[place] and steps < len(seen):
            place, steps = int(seen[place]), steps + 1
        if place == first:
            pairs.append((first, int(seen[first])))
    return pairs


def tables_from(sums: Float) -> Float:
    """The log of the mean label by first choice, for each group from the sums of the others.

    To each row's items there is a further one: with the mean share of the first choice over all
    classes, and the rest spread evenly, so that nothing is impossible because it was not seen.
    """
    classes = sums.shape[-1]
    others = sums.sum(axis=0) - sums
    total = others.sum(axis=(1, 2))
    agreeing = np.trace(others, axis1=1, axis2=2)
    share = ((agreeing + 1 / classes) / (total + 1))[:, None, None]
    diagonal = np.eye(classes)
    others += share * diagonal + (1 - share) / (classes - 1) * (1 - diagonal)
    return np.asarray(np.log(others / others.sum(axis=2, keepdims=True)))


def fit_temperatures(logits: Array, labels: Array, group: Array) -> Float:
    """The temperature of each group, fitted to the items of the others; float64 (GROUPS).

    logits, labels: (n, c) of the items that have labels. NaN where the others have no items.
    """
    temperatures = np.full(GROUPS, np.nan)
    start = fit_temperature(logits, labels) if len(logits) else 1.0
    for number in range(GROUPS):
        others = group != number
        if others.any():
            temperatures[number] = fit_temperature(logits[others], labels[others], start)
    return temperatures


def scale_share(value: Float, rescaled: Float, floor: Float) -> Float:
    """The share of a distance that a temperature takes off: (value - rescaled)/(value - floor).

    value, rescaled: sums of cross-entropies, of the network and of it rescaled. floor: the least
    that there can be. NaN where the network is not above it.
    """
    distance = value - floor
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(distance > 0, (value - rescaled) / distance, np.nan)

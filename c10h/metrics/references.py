"""What a network's figures are held against, besides people: REFERENCES, made from the network.

They tell how much of a distance from people is only the scale of confidence, or only the name of
the class. What is fitted is fitted on other items than those that it is tried on: items fall into
GROUPS groups by a seeded hash of what names them, and each gets what the four others say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from c10h.metrics.bootstrap import hash_numbers
from c10h.metrics.item_block import Block, Float
from c10h.metrics.temperature import fit_temperature
from c10h.records import Array

GROUPS = 5
# Temperatures are fitted to about this many items, or fewer where they have many classes.
FIT_ITEMS = 100_000
FIT_ELEMENTS = 1 << 23
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
    """A reference.

    logits: those of a block's items (c, m), given what was fitted and the items' groups (m).

    same: the properties of :class:`Block` that the network itself has alike.
    certain: whether it gives all but one class a probability of 0.
    """

    label: str
    summary: str
    logits: Callable[[Block, Fitted, Array], Float]
    same: tuple[str, ...] = ()
    certain: bool = False

    def beside(self, block: Block, fitted: Fitted, items: slice) -> Block:
        """The items of a block, the items of a slice, with the reference for the network."""
        return block.beside(self.logits(block, fitted, fitted.group[items]), *self.same)

    @cached_property
    def same_first_choice(self) -> bool:
        """Whether its first choice is the network's own."""
        return "first_share" in self.same


def _rescaled(block: Block, fitted: Fitted, group: Array) -> Float:
    return np.asarray(block.logits / fitted.temperatures[group])


def _first_choice(block: Block, fitted: Fitted, group: Array) -> Float:
    tables = fitted.tables
    first = block.model_ranking.first
    logits = np.ascontiguousarray(tables[group, first.argmax(axis=0)].T)
    for item in np.flatnonzero(first.sum(axis=0) > 1):  # ties share the tables of their classes
        rows = np.exp(tables[group[item], first[:, item]])
        logits[:, item] = np.log(rows.mean(axis=0))
    return logits


def _no_uncertainty(block: Block, _: Fitted, __: Array) -> Float:
    return np.where(block.model_ranking.first, 0.0, RULED_OUT)


RESCALED, FIRST_CHOICE, NO_UNCERTAINTY = "rescaled", "first_choice", "no_uncertainty"

REFERENCES: Mapping[str, Reference] = {
    RESCALED: Reference(
        "rescaled",
        "the network with its logits divided by the temperature that fits best",
        _rescaled,
        same=("model_ranking", "first_share", "correct"),
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
        same=("first_share", "correct"),
        certain=True,
    ),
}


def groups_of(keys: Array, seed: int) -> NDArray[np.uint8]:
    """The group of each item, from a number that names it, uint64 (n)."""
    return (hash_numbers(keys, seed + 2) % np.uint64(GROUPS)).astype(np.uint8)


def drawn_to_fit(keys: Array, classes: int, seed: int) -> NDArray[np.bool_]:
    """Which items temperatures are fitted to: all, or about as many as the limits allow."""
    share = min(FIT_ITEMS, max(1, FIT_ELEMENTS // classes)) / len(keys)
    if share >= 1:
        return np.ones(len(keys), dtype=bool)
    return np.asarray(hash_numbers(keys, seed + 3) < np.uint64(share * 2**64))


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


def first_choice_sums(block: Block, labels: Float, group: Array) -> Float:
    """Sums of labels (c, m) by group and first choice, float64 (GROUPS, c, c).

    Classes that tie for the first choice share an item. Items without labels (all 0) add nothing.
    """
    classes = len(labels)
    first = block.logits == block.logits.max(axis=0)
    ties = first.sum(axis=0)
    key = group * np.intp(classes) + first.argmax(axis=0)
    alone = np.where(ties == 1, labels, 0.0)
    columns = [np.bincount(key, column, GROUPS * classes) for column in alone]
    sums = np.stack(columns, axis=-1).reshape(GROUPS, classes, classes).astype(np.float64)
    for item in np.flatnonzero(ties > 1):
        sums[group[item], first[:, item]] += labels[:, item] / ties[item]
    return sums


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

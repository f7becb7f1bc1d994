"""Pictures on which a network and people agree in the first choice and differ most in the rest.

The figure 1 of Peterson et al. 2019 for any network. How far two distributions differ is their
Jensen-Shannon divergence (Lin 1991, eq. 4.1): bounded by log 2, and finite where one of them is 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from c10h.metrics import divergence
from c10h.metrics.block import Block, Float
from c10h.records import Array
from c10h.views.table import Cell, Table, number, one_line

# Classes with less in both distributions are not told.
LEAST = 0.005
MOST_CLASSES = 5
HEADER = ("item", "truth", "class", "people", "model", "divergence", "entropy")


@dataclass(frozen=True)
class Farthest:
    """The k items of equal first choice that differ most, the most first.

    row: int64 (k); divergence, entropy (of people): nats (k); people, model: (k, c). agreed: how
    many of all ``items`` have equal first choices.
    """

    row: Array
    divergence: Float
    entropy: Float
    people: Float
    model: Float
    agreed: int
    items: int


@dataclass(frozen=True)
class Picture:
    """One item of a gallery: pixels uint8 (h, w, 3); people, model: distributions, float64 (c)."""

    name: str
    truth: str | None
    pixels: Array
    people: Float
    model: Float
    divergence: float
    entropy: float


@dataclass(frozen=True)
class Gallery:
    """Pictures of one run, those that differ most first; notes: lines below them."""

    run: str
    classes: tuple[str, ...]
    pictures: Sequence[Picture]
    agreed: int
    items: int
    notes: Sequence[str] = field(default_factory=tuple)

    @property
    def title(self) -> str:
        return f"{one_line(self.run)} and people: the same first choice, all else most different"

    @property
    def summary(self) -> str:
        """Which items these are."""
        return (
            f"{len(self.pictures)} of the {self.agreed:,} items (of {self.items:,}) with the same "
            "single first choice, by Jensen-Shannon divergence in nats"
        )

    def table(self) -> Table:
        """One row a picture, distributions as the largest shares in words."""
        rows = [
            [
                Cell(one.name),
                Cell(one.truth or "-"),
                Cell(in_words(one.people, self.classes)),
                Cell(in_words(one.model, self.classes)),
                Cell(number(one.divergence)),
                Cell(number(one.entropy)),
            ]
            for one in self.pictures
        ]
        header = ["item", "true class", "people", one_line(self.run), "divergence", "H(people)"]
        return Table(self.title, header, rows, 4, [self.summary, *self.notes])

    def told(self, picture: Picture) -> list[int]:
        """The classes that either distribution gives some share, the largest first."""
        most = np.maximum(picture.people, picture.model)
        return [int(k) for k in np.argsort(-most, kind="stable") if most[k] >= LEAST]

    def first_choice(self, picture: Picture) -> str:
        """The class that people and network choose."""
        return self.classes[int(picture.people.argmax())]

    def rows(self) -> list[list[object]]:
        """One row a class of each picture, under HEADER, in full precision."""
        return [
            [one.name, one.truth, name, people, model, one.divergence, one.entropy]
            for one in self.pictures
            for name, people, model in zip(
                self.classes, one.people.tolist(), one.model.tolist(), strict=True
            )
        ]

    def to_json(self) -> dict[str, Any]:
        """Everything but the pixels as plain JSON."""
        return {
            "name": "gallery",
            "run": self.run,
            "classes": list(self.classes),
            "items": self.items,
            "agreed": self.agreed,
            "notes": list(self.notes),
            "pictures": [
                {
                    "item": one.name,
                    "truth": one.truth,
                    "people": one.people.tolist(),
                    "model": one.model.tolist(),
                    "divergence": one.divergence,
                    "entropy": one.entropy,
                }
                for one in self.pictures
            ],
        }


def in_words(distribution: Float, classes: Sequence[str]) -> str:
    """The largest shares of a distribution (c)."""
    largest = np.argsort(-distribution, kind="stable")[:MOST_CLASSES]
    return ", ".join(
        f"{one_line(classes[k])} {distribution[k]:.2f}" for k in largest if distribution[k] >= LEAST
    )


def farthest(blocks: Iterable[Block], count: int) -> Farthest:
    """Rank the items of all blocks, which follow each other, keeping ``count`` in memory.

    Items where people's or the network's first place is shared have no first choice. Of equally
    different items the first ones are taken.
    """
    kept: list[Array] = []
    start = agreed = 0
    for block in blocks:
        mine, theirs = block.model_ranking.first, block.ballots_ranking.first
        single = (mine.sum(axis=0) == 1) & (theirs.sum(axis=0) == 1)
        same = np.flatnonzero(single & (mine == theirs).all(axis=0))
        found = [
            same + start,
            np.maximum(divergence.jsd(block)[same], 0.0),
            np.abs(block.people_entropy[same]),  # the entropy of one class is -0.0
            block.people.T[same],
            block.model.T[same],
        ]
        if kept:
            found = [np.concatenate(pair) for pair in zip(kept, found, strict=True)]
        order = np.argsort(-found[1], kind="stable")[:count]
        kept = [values[order] for values in found]
        start, agreed = start + block.size, agreed + len(same)
    row, differs, entropy, people, model = kept
    return Farthest(row, differs, entropy, people, model, agreed, start)

"""What is told of labels: how many votes, how unanimous, and which items are the least certain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from c10h.metrics.item_block import Float, entropy
from c10h.records import Array, Labels, Rows
from c10h.truth import name_of

# Items in memory at once, and how many of the least certain and of their classes there are.
BLOCK = 1 << 16
MOST, TOP = 10, 3


def entropies(labels: Labels) -> Float:
    """-Σ p log p of each item, in nats, float64 (n)."""
    parts = [entropy(block.T) for block in _blocks(labels.probs)]
    return np.concatenate(parts) + 0.0  # of -0 makes 0


@dataclass(frozen=True)
class Summary:
    """Figures of labels, and their least certain items.

    entropies: nats, float64 (n). votes: of each item, int64 (n), where there are counts.
    """

    labels: Labels
    entropies: Float
    votes: Array | None

    @classmethod
    def of(cls, labels: Labels) -> Summary:
        votes = None if labels.counts is None else _votes(labels.counts)
        return cls(labels, entropies(labels), votes)

    @property
    def least_certain(self) -> list[int]:
        """Rows of the least certain items, the least first."""
        return [int(row) for row in np.argsort(-self.entropies, kind="stable")[:MOST]]

    @property
    def unanimous(self) -> float:
        """The share of items with one class alone, where there are votes of those with several.

        NaN where no item has two votes.
        """
        entropies = self.entropies if self.votes is None else self.entropies[self.votes > 1]
        return float((entropies == 0).mean()) if len(entropies) else float("nan")

    def item(self, row: int) -> str:
        """What an item is called."""
        return str(row if self.labels.ids is None else self.labels.ids[row])

    def truth(self, row: int) -> str | None:
        """The name of its true class, where that is known."""
        truth, right = self.labels.truth, self.labels.right
        if truth is None:
            return None
        answers = None if right is None else np.asarray(right[row : row + 1])[0]
        return name_of(self.labels.classes, int(truth[row]), answers)

    def first_classes(self, row: int) -> dict[str, float]:
        """Its TOP classes and their probabilities, the largest first; no zeros."""
        probs = np.asarray(self.labels.probs[row : row + 1])[0]
        best = np.argsort(-probs, kind="stable")[:TOP].tolist()
        return {self.labels.classes[c]: float(probs[c]) for c in best if probs[c] > 0}

    def values(self) -> dict[str, int | float | None]:
        """Figures by name; None where there are no counts."""
        votes = self.votes
        return {
            "items": len(self.entropies),
            "votes": None if votes is None else int(votes.sum()),
            "least votes": None if votes is None else int(votes.min()),
            "most votes": None if votes is None else int(votes.max()),
            "unanimous": self.unanimous,
            "mean entropy": float(self.entropies.mean()),
        }


def _votes(counts: Rows) -> Array:
    """Votes of each item, int64 (n)."""
    return np.concatenate([block.sum(axis=1, dtype=np.int64) for block in _blocks(counts)])


def _blocks(rows: Rows) -> Iterator[Array]:
    for start in range(0, rows.shape[0], BLOCK):
        yield np.asarray(rows[start : start + BLOCK])

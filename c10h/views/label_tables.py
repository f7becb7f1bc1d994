"""Labels as tables: how many votes, how unanimous, and which items people are least sure about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from c10h.metrics.block import Float, entropy
from c10h.records import Array, Labels, Rows
from c10h.truth import name_of
from c10h.views.table import MISSING, Cell, Table, number

# Items in memory at once, and how many a table shows.
BLOCK = 1 << 16
MOST, TOP = 10, 3
HEADER = ("run", "metric", "value")


def entropies(labels: Labels) -> Float:
    """-Σ p log p of each item, in nats, float64 (n)."""
    found = np.concatenate([entropy(block.T) for block in _blocks(labels.probs)])
    return found + 0.0  # of -0 makes 0


@dataclass(frozen=True)
class Summary:
    """What is told of labels. votes: of each item, int64 (n), where there are counts.

    entropies: nats (n). rows: the least certain items, the least first.
    """

    labels: Labels
    entropies: Float
    votes: Array | None

    @classmethod
    def of(cls, labels: Labels) -> Summary:
        votes = None if labels.counts is None else _votes(labels.counts)
        return cls(labels, entropies(labels), votes)

    @property
    def rows(self) -> list[int]:
        found: list[int] = np.argsort(-self.entropies, kind="stable")[:MOST].tolist()
        return found

    @property
    def unanimous(self) -> float:
        return float((self.entropies == 0).mean())

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
        """Figures by name, plain numbers."""
        votes = self.votes
        return {
            "items": len(self.entropies),
            "votes": None if votes is None else int(votes.sum()),
            "least votes": None if votes is None else int(votes.min()),
            "most votes": None if votes is None else int(votes.max()),
            "unanimous": self.unanimous,
            "mean entropy": float(self.entropies.mean()),
        }


def label_tables(files: Mapping[str, Labels]) -> list[Table]:
    """All files in one table, then the least certain items of each."""
    if not files:
        return []
    header = ["labels", "items", "votes", "votes an item", "unanimous", "mean entropy"]
    found = {name: Summary.of(labels) for name, labels in files.items()}
    rows = [[Cell(name), *map(Cell, _figures(one))] for name, one in found.items()]
    note = "Unanimous: the share of items with one class alone. Entropy in nats."
    tables = [Table("Labels", header, rows, 1, [note])]
    return tables + [_uncertain(name, one) for name, one in found.items()]


def to_json(files: Mapping[str, Labels]) -> list[dict[str, Any]]:
    """The same as plain JSON."""
    found = {name: Summary.of(labels) for name, labels in files.items()}
    return [
        {
            "name": name,
            **{key.replace(" ", "_"): value for key, value in one.values().items()},
            "least_certain": [
                {
                    "item": one.item(row),
                    "truth": one.truth(row),
                    "classes": one.first_classes(row),
                    "entropy": float(one.entropies[row]),
                }
                for row in one.rows
            ],
        }
        for name, one in found.items()
    ]


def to_rows(files: Mapping[str, Labels]) -> list[list[object]]:
    """One row a figure under HEADER."""
    return [
        [name, metric, value]
        for name, labels in files.items()
        for metric, value in Summary.of(labels).values().items()
    ]


def _figures(one: Summary) -> list[str]:
    shares = [number(one.unanimous), number(float(one.entropies.mean()))]
    size = f"{len(one.entropies):,}"
    if one.votes is None:
        return [size, MISSING, MISSING, *shares]
    low, high = int(one.votes.min()), int(one.votes.max())
    each = f"{low:,}" if low == high else f"{low:,} to {high:,}"
    return [size, f"{int(one.votes.sum()):,}", each, *shares]


def _uncertain(name: str, one: Summary) -> Table:
    known = one.labels.truth is not None
    rows = []
    for row in one.rows:
        words = ", ".join(f"{name} {p:.2f}" for name, p in one.first_classes(row).items())
        truth = [Cell(one.truth(row) or MISSING)] if known else []
        entropy_cell = Cell(number(float(one.entropies[row])))
        rows.append([Cell(one.item(row)), *truth, Cell(words), entropy_cell])
    header = ["item", *["truth"] * known, "first classes", "entropy"]
    return Table(f"{name}: the least certain items", header, rows, len(header) - 1)


def _votes(counts: Rows) -> Array:
    """Votes of each item, int64 (n)."""
    return np.concatenate([block.sum(axis=1, dtype=np.int64) for block in _blocks(counts)])


def _blocks(rows: Rows) -> Iterator[Array]:
    for start in range(0, rows.shape[0], BLOCK):
        yield np.asarray(rows[start : start + BLOCK])

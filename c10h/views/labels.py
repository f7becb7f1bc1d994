"""Labels: how many votes, how unanimous, and which items people are least sure about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from c10h.labels.summary import Summary
from c10h.records import Labels
from c10h.views.table import MISSING, Cell, Table, number


def tables(files: Mapping[str, Labels]) -> list[Table]:
    """All files in one table, then the least certain items of each."""
    if not files:
        return []
    header = ["labels", "items", "votes", "votes per item", "unanimous", "mean entropy"]
    summaries = {name: Summary.of(labels) for name, labels in files.items()}
    rows = [[Cell(name), *map(Cell, _figures(summary))] for name, summary in summaries.items()]
    note = "Unanimous: the share of items with a single class"
    if any(summary.votes is not None and summary.votes.min() < 2 for summary in summaries.values()):
        note += ", of those with two votes or more"
    overview = Table("Labels", header, rows, 1, [f"{note}. Entropy in nats."])
    return [overview, *(_uncertain(name, summary) for name, summary in summaries.items())]


def to_json(files: Mapping[str, Labels]) -> list[dict[str, Any]]:
    """The same as objects."""
    summaries = {name: Summary.of(labels) for name, labels in files.items()}
    return [
        {
            "name": name,
            **{key.replace(" ", "_"): value for key, value in summary.values().items()},
            "least_certain": [
                {
                    "item": summary.item(row),
                    "truth": summary.truth(row),
                    "classes": summary.first_classes(row),
                    "entropy": summary.entropies[row],
                }
                for row in summary.least_certain
            ],
        }
        for name, summary in summaries.items()
    ]


def to_rows(files: Mapping[str, Labels]) -> list[dict[str, object]]:
    """One row a figure."""
    return [
        {"run": name, "metric": metric, "value": value}
        for name, labels in files.items()
        for metric, value in Summary.of(labels).values().items()
    ]


def _figures(summary: Summary) -> list[str]:
    shares = [number(summary.unanimous), number(float(summary.entropies.mean()))]
    size = f"{len(summary.entropies):,}"
    if summary.votes is None:
        return [size, MISSING, MISSING, *shares]
    low, high = int(summary.votes.min()), int(summary.votes.max())
    each = f"{low:,}" if low == high else f"{low:,} to {high:,}"
    return [size, f"{int(summary.votes.sum()):,}", each, *shares]


def _uncertain(name: str, summary: Summary) -> Table:
    known = summary.labels.truth is not None
    rows = []
    for row in summary.least_certain:
        classes = ", ".join(f"{name} {p:.2f}" for name, p in summary.first_classes(row).items())
        truth = [Cell(summary.truth(row) or MISSING)] if known else []
        entropy = Cell(number(float(summary.entropies[row])))
        rows.append([Cell(summary.item(row)), *truth, Cell(classes), entropy])
    header = ["item", *["truth"] * known, "first classes", "entropy"]
    return Table(f"{name}: the least certain items", header, rows, len(header) - 1)

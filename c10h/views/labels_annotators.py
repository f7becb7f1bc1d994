"""Who judged, and how well: table, rows and JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from c10h.stages.labels_annotators import Annotators
from c10h.views.display import Display
from c10h.views.table import Cell, Table, number

# How a value of each column is shown.
COLUMNS: Mapping[str, Callable[[Any], str]] = {
    "annotator": str,
    "trials": lambda value: f"{value:,}",
    "attention": number,
    "agreement": number,
    "kappa": number,
    "accuracy": number,
    "rt": lambda value: number(value, 0),
    "excluded": lambda value: "x" * value,
}


def display(annotators: Annotators) -> Display:
    """A row an annotator."""
    values = partial(rows, annotators)
    return Display(lambda: [table(annotators)], values, values)


def table(annotators: Annotators) -> Table:
    """For people."""
    cells = [
        [Cell(COLUMNS[name](value)) for name, value in row.items()] for row in rows(annotators)
    ]
    notes = [f"{len(cells):,} of {annotators.total:,} annotators"]
    if "attention" in annotators.columns:
        notes.append(
            f"excluded: attention under {annotators.threshold:g}; others are not compared with them"
        )
    judged, items = annotators.judged, annotators.items
    if 0 < judged < items:
        notes.append(f"accuracy: on {judged:,} of {items:,} items, whose true class is known")
    return Table("", list(annotators.columns), cells, 1, notes)


def rows(annotators: Annotators) -> list[dict[str, Any]]:
    """The values of each annotator by column, NaN for those that do not exist."""
    columns = annotators.columns
    values = zip(*(column.tolist() for column in columns.values()), strict=True)
    return [dict(zip(columns, row, strict=True)) for row in values]

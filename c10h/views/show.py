"""What is in a file: its datasets as a table, its first items and lineage below it, and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from c10h.stages.show import Dataset, Description, Item
from c10h.views.display import WIDTH, Display
from c10h.views.forms.json_text import plain
from c10h.views.lineage import to_lines
from c10h.views.table import GAP, MISSING, Cell, Table

# Characters for the first rows of a dataset where no terminal has a width, and at least.
ROOM, LEAST_ROOM = 44, 10


def display(
    description: Description,
    name: str,
    items: Sequence[Item] = (),
    width: int | None = None,
    colours: str | None = None,
) -> Display:
    """A file of this name. items: the first of them, as pictures where ``colours`` allow.

    width, colours: of a terminal, None where there is none.
    """
    tables, pictures = [table(description, name, width)], ""
    if items:
        from c10h.views.forms.terminal_preview import in_a_row, to_table  # with rich

        pictures = in_a_row(items, width or WIDTH, colours)
        if not pictures:
            tables.append(to_table(items, description.classes))
    lines = to_lines(description.lineage, width) if description.lineage else []
    below = [*([pictures] if pictures else []), *(["\n".join(lines) + "\n"] if lines else [])]
    return Display(
        lambda: tables,
        lambda: to_json(description),
        charts=(lambda _: "\n".join(below)) if below else None,
    )


def table(description: Description, name: str, width: int | None = None) -> Table:
    """A row a dataset, with as much of its first rows as there is room for."""
    about = [[dataset.name, dataset.dtype, _size(dataset)] for dataset in description.datasets]
    header = ["dataset", "dtype", "size", "first"]
    taken = sum(max(map(len, column)) + GAP for column in zip(header[:3], *about, strict=True))
    room = ROOM if width is None else max(LEAST_ROOM, width - taken)
    rows = [
        [*map(Cell, words), Cell(_brief(plain(dataset.first), room))]
        for words, dataset in zip(about, description.datasets, strict=True)
    ]
    notes = [f"classes: {', '.join(description.classes)}"]
    notes += [f"{key}: {value}" for key, value in description.settings.items() if value != ""]
    return Table(f"{name}: {description.kind}", header, rows, 4, notes)


def to_json(description: Description) -> dict[str, Any]:
    """Everything as one object, datasets by name."""
    return {
        "kind": description.kind,
        "classes": description.classes,
        "settings": description.settings,
        "datasets": {
            dataset.name: {
                "dtype": dataset.dtype,
                "dims": dataset.dims,
                "shape": dataset.shape,
                "first": dataset.first,
            }
            for dataset in description.datasets
        },
        "lineage": description.lineage.to_dict() if description.lineage else None,
    }


def _size(dataset: Dataset) -> str:
    """Its dimensions by name; one that is the same in every file has a number for a name."""
    return " x ".join(
        symbol if symbol.isdecimal() else f"{symbol}={size}"
        for symbol, size in zip(dataset.dims, dataset.shape, strict=True)
    )


def _brief(first: Sequence[object], room: int) -> str:
    """The first rows in little room, whole ones where one fits."""
    shown = "  ".join(_format(row) for row in first).strip()
    if len(shown) <= room:
        return shown
    whole = shown[: room - 2].rpartition("  ")[0]
    return f"{whole}  …" if whole else f"{shown[: room - 1]}…"


def _format(value: object) -> str:
    if isinstance(value, list):
        return "[" + " ".join(_format(element) for element in value) + "]"
    if value is None:
        return MISSING
    return f"{value:.4g}" if isinstance(value, float) else str(value)

"""Describe any c10h file: what is in it, and how it was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from c10h.records import Array, Column, Images, Labels, Lineage, Record, Rows, Setting
from c10h.truth import name_of

ROWS = 3
SHOWN = 12


@dataclass(frozen=True)
class Dataset:
    """One dataset.

    dims: the symbol of each axis, or its size where that is the same in every file. shape: the
    sizes. first: its first rows along the item axis, or its first values.
    """

    name: str
    dtype: str
    dims: tuple[str, ...]
    shape: tuple[int, ...]
    first: Array | Sequence[Array]


@dataclass(frozen=True)
class Description:
    """What is in a file. settings: its attributes by name."""

    kind: str
    classes: tuple[str, ...]
    settings: Mapping[str, Setting]
    datasets: list[Dataset]
    lineage: Lineage | None


@dataclass(frozen=True)
class Item:
    """One item: its name, its true class, and its pixels uint8 (h, w, 3) or its shares (c)."""

    name: str
    truth: str | None
    pixels: Array | None = None
    probs: Array | None = None


def show(record: Record) -> Description:
    """Datasets with a few rows each, classes, settings and lineage."""
    datasets = []
    for name, declared, value in record.datasets():
        text = value.dtype.kind in "UO"
        dtype = (
            "str" if text else declared.dtype if isinstance(declared, Column) else value.dtype.name
        )
        first = _first(value, declared.dims)
        datasets.append(Dataset(name, dtype, declared.dims, tuple(value.shape), first))
    return Description(record.kind, record.classes, record.settings, datasets, record.lineage)


def preview(record: Record, count: int) -> list[Item]:
    """The first items of images or labels; none of other kinds."""
    if not isinstance(record, Images | Labels):
        return []
    is_images = isinstance(record, Images)
    rows: Rows = record.images if isinstance(record, Images) else record.probs
    return [
        Item(
            str(number) if record.ids is None else str(record.ids[number]),
            _true_class(record, number),
            pixels=value if is_images else None,
            probs=None if is_images else value,
        )
        for number, value in enumerate(rows[0 : min(count, rows.shape[0])])
    ]


def _true_class(record: Images | Labels, number: int) -> str | None:
    """The true class of an item, or all that are right."""
    if record.truth is None:
        return None
    truth = int(record.truth[number])
    right = None
    if isinstance(record, Labels) and record.right is not None:
        right = np.asarray(record.right[number : number + 1])[0]
    return name_of(record.classes, truth, right)


def _first(value: Rows, dims: tuple[str, ...]) -> Array | Sequence[Array]:
    """The first items' rows (of the first member), or the first values of what has no items."""
    if "n" not in dims or 0 in value.shape:
        return np.ravel(np.asarray(value[0:SHOWN]))[:SHOWN]
    axis = dims.index("n")
    items = slice(0, min(ROWS, value.shape[axis]))
    rows: Array = np.asarray(value[(0,) * axis + (items,) if axis else items])
    return [np.ravel(row)[:SHOWN] if rows.ndim > 1 else row for row in rows]

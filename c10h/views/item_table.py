"""The items of a file as a table: their names, their true classes, a value for each class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from c10h.errors import FileError
from c10h.records import Array, Images, Labels, Predictions, Record
from c10h.truth import name_of

if TYPE_CHECKING:
    import polars


def item_table(record: Record) -> polars.DataFrame:
    """A row an item; of predictions a row an item and member. Empty for other kinds.

    item: its id, else its row in the images, else its row. truth: the name of its true class, null
    where it is not known. Labels have the probability of each class, and the votes in all where
    there are counts; predictions have the fold, where there are folds, and the logit of each class.
    A class that is called like another column has "class" before its name.
    """
    import polars

    if isinstance(record, Images):
        return polars.DataFrame(_items(record, record.images.shape[0]))
    if isinstance(record, Labels):
        size = record.probs.shape[0]
        columns = _items(record, size)
        if record.counts is not None:
            columns["votes"] = np.asarray(record.counts[0:size]).sum(axis=1, dtype=np.int64)
        return polars.DataFrame(columns | _by_class(record, record.probs[0:size], columns))
    if isinstance(record, Predictions):
        members = zip(range(record.logits.shape[0]), record.member.tolist(), strict=True)
        return polars.concat([_predicted(record, member, name) for member, name in members])
    return polars.DataFrame()


def checked_item_table(record: Record, name: str) -> polars.DataFrame:
    """The same. Raises FileError for kinds that have no items. name: of the file."""
    if not isinstance(record, Images | Labels | Predictions):
        raise FileError(f"{name}: expected labels, predictions or images, found {record.kind}")
    return item_table(record)


def _predicted(record: Predictions, member: int, name: str) -> polars.DataFrame:
    import polars

    size = record.logits.shape[1]
    columns: dict[str, Any] = {"member": [name] * size, **_items(record, size)}
    if record.fold is not None:
        columns["fold"] = np.asarray(record.fold)
    return polars.DataFrame(columns | _by_class(record, record.logits[member, 0:size], columns))


def _items(record: Images | Labels | Predictions, size: int) -> dict[str, Any]:
    index = record.index if isinstance(record, Predictions) else None
    names: Array = np.arange(size) if index is None else np.asarray(index)
    columns: dict[str, Any] = {"item": names if record.ids is None else record.ids.tolist()}
    if record.truth is not None:
        columns["truth"] = _true_names(record, size)
    return columns


def _true_names(record: Images | Labels | Predictions, size: int) -> Sequence[str | None]:
    assert record.truth is not None
    right = (
        record.right[0:size] if isinstance(record, Labels) and record.right is not None else None
    )
    return [
        name_of(record.classes, number, None if right is None else right[row])
        for row, number in enumerate(record.truth.tolist())
    ]


def _by_class(record: Record, values: Array, taken: Mapping[str, Any]) -> dict[str, Array]:
    """The values (n, c) of each class, by its name."""
    columns: dict[str, Array] = {}
    for number, name in enumerate(record.classes):
        while name in taken or (name in columns or name in record.classes[number + 1 :]):
            name = f"class {name}"
        columns[name] = np.ascontiguousarray(values[:, number])
    return columns

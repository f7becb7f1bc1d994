"""The items of a file as rows: what each is called, its true class, and a value for each class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from c10h.records import Array, Images, Labels, Predictions, Record, Rows
from c10h.truth import name_of
from c10h.views.forms.json_text import plain


def to_rows(record: Record) -> list[dict[str, object]]:
    """A row an item; of predictions a row an item and member. Nothing of other kinds.

    item: its id, else its row in the images, else its row. truth: the name of its true class, None
    where it is not known. Labels have the probability of each class, and the votes in all where
    there are counts; predictions have the logit of each class.
    """
    if isinstance(record, Images):
        return _items(record, record.images.shape[0])
    if isinstance(record, Labels):
        rows = _items(record, record.probs.shape[0])
        probs = _with_classes(record, record.probs[0 : len(rows)])
        if record.counts is not None:
            votes = record.counts[0 : len(rows)].sum(axis=1)
            rows = [{**row, "votes": int(total)} for row, total in zip(rows, votes, strict=True)]
        return [row | values for row, values in zip(rows, probs, strict=True)]
    if isinstance(record, Predictions):
        members, size, _ = record.logits.shape
        rows = _items(record, size)
        if record.fold is not None:
            rows = [row | {"fold": int(fold)} for row, fold in zip(rows, record.fold, strict=True)]
        return [
            {"member": name, **row, **values}
            for member, name in zip(range(members), record.member.tolist(), strict=True)
            for row, values in zip(
                rows, _with_classes(record, record.logits[member, 0:size]), strict=True
            )
        ]
    return []


def _items(record: Images | Labels | Predictions, size: int) -> list[dict[str, object]]:
    index = record.index if isinstance(record, Predictions) else None
    names: Array = np.arange(size) if index is None else index
    names = names if record.ids is None else record.ids
    rows: list[dict[str, object]] = [{"item": name} for name in names.tolist()]
    if record.truth is None:
        return rows
    right = (
        record.right[0:size] if isinstance(record, Labels) and record.right is not None else None
    )
    return [
        rows[row]
        | {"truth": name_of(record.classes, number, None if right is None else right[row])}
        for row, number in enumerate(record.truth.tolist())
    ]


def _with_classes(record: Record, values: Rows | Array) -> Sequence[dict[str, Any]]:
    return [dict(zip(record.classes, row, strict=True)) for row in plain(np.asarray(values))]

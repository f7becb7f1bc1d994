"""Learning curves as a table of where they ended, as rows and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from c10h.records import History
from c10h.views.figures.curves import folds_of, name_of
from c10h.views.forms.json_text import plain
from c10h.views.table import Cell, Table, number, of_columns

FIELDS = ("loss", "accuracy", "learning_rate")


def history_tables(histories: Mapping[str, History]) -> list[Table]:
    """The last epoch of every fold."""
    if not histories:
        return []
    names, ends = [], []
    for name, fold in folds_of(histories):
        history = histories[name]
        rows = np.flatnonzero(history.fold == fold)
        last = int(rows[np.argmax(history.epoch[rows])])
        names.append(name_of(histories, name, fold))
        ends.append((history, last))
    columns = [
        ("epochs", [Cell(str(int(history.epoch[last]))) for history, last in ends]),
        ("loss", [Cell(number(float(history.loss[last]))) for history, last in ends]),
        ("accuracy", [Cell(number(float(history.accuracy[last]))) for history, last in ends]),
        ("learning rate", [Cell(f"{history.learning_rate[last]:.4g}") for history, last in ends]),
    ]
    note = "Of the training part in the last epoch, while it is trained; loss in nats."
    return [of_columns("Learning curves, where they end", [("run", names)], columns, [note])]


def to_rows(histories: Mapping[str, History]) -> list[dict[str, object]]:
    """One row a value."""
    return [
        {
            "run": name,
            "fold": history.fold[row],
            "epoch": history.epoch[row],
            "metric": field,
            "value": getattr(history, field)[row],
        }
        for name, history in histories.items()
        for row in range(len(history.epoch))
        for field in FIELDS
    ]


def to_json(histories: Mapping[str, History]) -> list[dict[str, Any]]:
    """Every curve; fold -1 is a network on everything."""
    return [
        {
            "name": name,
            **{field: plain(getattr(history, field)) for field in ("fold", "epoch", *FIELDS)},
        }
        for name, history in histories.items()
    ]

"""Learning curves as a table of where they ended, as rows and as JSON."""

from __future__ import annotations

from typing import Any

import numpy as np

from c10h.views.figures.curves import run_name, runs
from c10h.views.forms.json_text import plain
from c10h.views.given import Given
from c10h.views.table import Cell, Table, number

FIELDS = ("loss", "accuracy", "learning_rate")
HEADER = ("run", "fold", "epoch", "metric", "value")


def history_tables(given: Given) -> list[Table]:
    """The last epoch of every fold."""
    if not given.histories:
        return []
    header = ["run", "epochs", "loss", "accuracy", "learning rate"]
    rows = []
    for name, fold in runs(given):
        history = given.histories[name]
        last = _last(given, name, fold)
        values = [number(float(getattr(history, field)[last])) for field in FIELDS[:2]]
        rate = f"{history.learning_rate[last]:.4g}"
        epochs = str(int(history.epoch[last]))
        rows.append([Cell(run_name(given, name, fold)), *map(Cell, (epochs, *values, rate))])
    note = "Of the training part in the last epoch, while it is trained; loss in nats."
    return [Table("Learning curves, where they end", header, rows, 1, [note])]


def to_rows(given: Given) -> list[list[object]]:
    """One row a value under HEADER."""
    return [
        [name, int(history.fold[row]), int(history.epoch[row]), field,
         plain(float(getattr(history, field)[row]))]
        for name, history in given.histories.items()
        for row in range(len(history.epoch))
        for field in FIELDS
    ]  # fmt: skip


def to_json(given: Given) -> list[dict[str, Any]]:
    """Every curve; fold -1 is a network on everything."""
    return [
        {
            "name": name,
            "fold": history.fold.tolist(),
            "epoch": history.epoch.tolist(),
            **{field: [plain(float(x)) for x in getattr(history, field)] for field in FIELDS},
        }
        for name, history in given.histories.items()
    ]


def _last(given: Given, name: str, fold: int) -> int:
    history = given.histories[name]
    rows = np.flatnonzero(history.fold == fold)
    return int(rows[np.argmax(history.epoch[rows])])

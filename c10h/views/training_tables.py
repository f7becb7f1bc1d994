"""How networks came out that were trained, and the settings that were tried for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from c10h.run_folder import ALL, GRID, Run, name_of
from c10h.views.table import MISSING, Cell, Table, number

if TYPE_CHECKING:
    from c10h.training.fold_training import Outcome


def outcomes_table(run: Run, outcomes: Sequence[Outcome]) -> Table:
    """How networks did on their held-out items, a row each, and the mean of all."""
    columns = {
        "items": "items",
        "accuracy": "accuracy",
        "loss": "cross-entropy",
        "ce_hard": "ce_hard",
        "lr": "lr",
        "mixup": "mixup",
    }
    known = [key for key in columns if any(key in one.results for one in outcomes)]
    rows = []
    for one in outcomes:
        name = str(one.fold) if run.folds else name_of(one.fold)
        rows.append([Cell(name), *(Cell(_figure(key, one.results)) for key in known)])
    if len(outcomes) > 1:
        means = {
            key: float(np.mean([one.results[key] for one in outcomes if key in one.results]))
            for key in known
            if key not in ("lr", "mixup")
        }
        rows.append([Cell("mean"), *(Cell(_figure(key, means)) for key in known)])
    note = "held-out items; cross-entropy is with the labels" if run.folds else ""
    header = ["fold", *(columns[key] for key in known)]
    return Table(f"{run.name}: {run.architecture}", header, rows, notes=[note] if note else [])


def _figure(key: str, results: Mapping[str, float]) -> str:
    if key not in results:
        return MISSING
    if key == "items":
        return f"{results[key]:,.0f}"
    return f"{results[key]:g}" if key in ("lr", "mixup") else number(results[key])


def grid_table(tried: Sequence[Mapping[str, Any]]) -> Table:
    """What each setting of a grid came to: see :func:`c10h.stages.history_and_grid.tried`."""
    rows = []
    for row in tried:
        figures = [row.get(key) for key in ("accuracy", "loss", "ce_hard")]
        rows.append(
            [
                Cell(name_of(ALL) if row["fold"] is None else str(row["fold"])),
                *(Cell(f"{row[key]:g}") for key in ("lr", "mixup")),
                *(Cell(MISSING if one is None else number(one)) for one in figures),
                Cell("chosen" if row["chosen"] else "", best=row["chosen"]),
            ]
        )
    header = ["fold", "lr", "mixup", "accuracy", "cross-entropy", "ce_hard", ""]
    note = f"a tenth of each fold's training images; also in {GRID}"
    return Table("tried", header, rows, labels=3, notes=[note])

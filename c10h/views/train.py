"""How networks came out that were trained, and the settings that were tried for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from c10h.run_folder import ALL, GRID, Run, name_of
from c10h.training.choices import is_shared
from c10h.views.table import MISSING, Cell, Table, number

if TYPE_CHECKING:
    from c10h.training.fold_training import Outcome


# Results of held-out items, and what the table calls them; the settings have no mean.
COLUMNS = {
    "items": "items",
    "accuracy": "accuracy",
    "loss": "cross-entropy",
    "ce_hard": "ce_hard",
    "ce_majority": "ce_majority",
    "lr": "lr",
    "mixup": "mixup",
}
SETTINGS = ("lr", "mixup")


def outcomes_table(run: Run, outcomes: Sequence[Outcome]) -> Table:
    """How networks did on their held-out items, a row each, and the mean of all."""
    known = [key for key in COLUMNS if any(key in outcome.results for outcome in outcomes)]
    rows = []
    for outcome in outcomes:
        name = str(outcome.fold) if run.folds else name_of(outcome.fold)
        rows.append([Cell(name), *(Cell(_figure(key, outcome.results)) for key in known)])
    if len(outcomes) > 1:
        means = {
            key: float(np.mean([each.results[key] for each in outcomes if key in each.results]))
            for key in known
            if key not in SETTINGS
        }
        rows.append([Cell("mean"), *(Cell(_figure(key, means)) for key in known)])
    notes = ["on held-out items; cross-entropy is with the labels"] if run.folds else []
    header = ["fold", *(COLUMNS[key] for key in known)]
    return Table(f"{run.name}: {run.architecture}", header, rows, notes=notes)


def _figure(key: str, results: Mapping[str, float]) -> str:
    if key not in results:
        return MISSING
    if key == "items":
        return f"{results[key]:,.0f}"
    return f"{results[key]:g}" if key in SETTINGS else number(results[key])


def grid_table(run: Run, tried: Sequence[Mapping[str, Any]]) -> Table:
    """What each setting of a grid came to: see :func:`c10h.stages.history_and_grid.grid_rows`."""
    known = ["accuracy", "loss", "ce_hard"]
    known += ["ce_majority"] if any("ce_majority" in setting for setting in tried) else []
    rows = [
        [
            Cell(name_of(ALL) if setting["fold"] is None else str(setting["fold"])),
            *(Cell(f"{setting[key]:g}") for key in SETTINGS),
            *(Cell(number(setting.get(key))) for key in known),
            Cell("chosen" if setting["chosen"] else "", best=setting["chosen"]),
        ]
        for setting in tried
    ]
    header = ["fold", *SETTINGS, *(COLUMNS[key] for key in known), ""]
    whose, for_whom = ("fold 0's", ", for all folds") if is_shared(run) else ("each fold's", "")
    note = f"on a tenth of {whose} training part{for_whom}; also in {GRID}"
    return Table("tried", header, rows, labels=3, notes=[note])

"""What a run folder holds besides its networks: learning curves, and what a grid came to."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from c10h import h5
from c10h.errors import InputError
from c10h.files import Source, write_text
from c10h.records import History
from c10h.run_folder import ALL, GRID, HISTORY, Run
from c10h.training import checkpoint as checkpoints
from c10h.training.choices import EACH_FOLD, chooser_of, is_shared
from c10h.training.fold_training import histories


def write_history(run: Run) -> None:
    """The learning curves of all networks that there are, unless the file has them already.

    Other jobs may train other folds. One that ends in between would have its curves overwritten by
    what was read before: after each writing it is seen whether there is more.
    """
    curves = histories(run)
    while curves is not None:
        _write_curves(run, replace(curves, lineage=run.lineage))
        written, curves = curves, histories(run)
        if curves is not None and _are_same(written, curves):
            return


def _write_curves(run: Run, curves: History) -> None:
    path = str(run.folder / HISTORY)
    try:
        existing = h5.read(Source.open(path), History)
        same = existing.lineage == curves.lineage and _are_same(existing, curves)
    except InputError:
        same = False
    if not same:
        h5.write(curves, path)


def _are_same(some: History, others: History) -> bool:
    return all(
        np.array_equal(getattr(some, name), getattr(others, name)) for name in History.schema()
    )


def grid_rows(run: Run, fold_numbers: Sequence[int]) -> list[dict[str, Any]]:
    """What each setting of a grid came to, a row a fold and setting, ``chosen`` or not.

    fold: whose training part it was tried on; where folds share a choice, the only one. items,
    loss, ...: of the tenth of the fold's training images that chose; a loss is infinite where
    training did not converge.
    """
    rows: list[dict[str, Any]] = []
    for fold in fold_numbers:
        path = run.checkpoint(fold)
        if not path.is_file():
            continue
        state = checkpoints.load(path)
        chooser = chooser_of(run, fold)
        for setting in state.grid:
            best = all(state.results.get(key) == setting[key] for key in ("lr", "mixup"))
            rows.append({"fold": None if chooser == ALL else chooser, "chosen": best, **setting})
        if rows and is_shared(run):
            break
    return rows


def write_grid(run: Run) -> None:
    """What each setting of a grid came to, unless the file has it already.

    Other jobs may train other folds: after each writing it is seen whether there is more.
    """
    path = run.folder / GRID
    while text := _grid_text(run):
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            return
        write_text(str(path), text)


def _grid_text(run: Run) -> str:
    """The JSON of all networks that there are; "" where none was chosen by a grid."""
    rows = [
        {key: "inf" if value == math.inf else value for key, value in row.items()}
        for row in grid_rows(run, run.fold_numbers())
    ]
    choose = run.arguments.get("choose", EACH_FOLD)
    return json.dumps({"choose": choose, "tried": rows}, indent=1) + "\n" if rows else ""

"""What a run folder keeps of its networks, where several jobs train folds of it."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from c10h import h5
from c10h.files import Source
from c10h.records import History, Lineage
from c10h.run_folder import Run
from c10h.stages import history_and_grid


def curves(*folds: int) -> History:
    """One epoch of each fold."""
    ones = np.ones(len(folds))
    return History(
        classes=("a", "b"),
        fold=np.array(folds, np.int16),
        epoch=np.ones(len(folds), np.int32),
        loss=ones,
        accuracy=ones,
        learning_rate=ones,
    )


def test_a_fold_that_ends_while_another_writes_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other job ended between this one's look at the checkpoints and its writing."""
    seen = iter([curves(0), curves(0, 1), curves(0, 1)])
    monkeypatch.setattr(history_and_grid, "histories", lambda run: next(seen))
    run = cast(Run, SimpleNamespace(folder=tmp_path, lineage=Lineage(command="train")))
    history_and_grid.write_history(run)
    assert h5.read(Source.open(str(tmp_path / "history.h5")), History).fold.tolist() == [0, 1]


def test_a_grid_of_a_fold_that_ends_while_another_writes_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [[{"fold": fold, "lr": 0.1} for fold in range(count)] for count in (1, 2, 2)]
    seen = iter(rows)
    monkeypatch.setattr(history_and_grid, "grid_rows", lambda run, folds: next(seen))
    run = cast(Run, SimpleNamespace(folder=tmp_path, arguments={}, fold_numbers=lambda: [0, 1]))
    history_and_grid.write_grid(run)
    written = json.loads((tmp_path / "grid.json").read_text(encoding="utf-8"))
    assert written == {"choose": "fold", "tried": rows[1]}

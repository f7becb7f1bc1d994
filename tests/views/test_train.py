"""How networks came out, a row each."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from training.small import run_of, training_data

from c10h.records import Array
from c10h.run_folder import ALL
from c10h.training.fold_training import Outcome
from c10h.views.table import MISSING
from c10h.views.train import grid_table, outcomes_table


class TestTable:
    def outcomes(self) -> list[Outcome]:
        return [
            Outcome(
                fold,
                {
                    "items": 1000.0 + fold,
                    "loss": 0.5 + fold,
                    "accuracy": 0.75,
                    "ce_hard": 1.0,
                    "lr": 0.1 / (1 + fold),
                    "mixup": 0.0,
                },
            )
            for fold in range(2)
        ]

    def cells(self, outcomes: list[Outcome], tmp_path: Path, folds: int | None = 2) -> Array:
        data = training_data(9)
        table = outcomes_table(run_of(tmp_path / "human", data, folds), outcomes)
        return np.array([table.header, *([cell.text for cell in row] for row in table.rows)])

    def test_a_row_a_fold_and_their_mean(self, tmp_path: Path) -> None:
        found = self.cells(self.outcomes(), tmp_path)
        assert found[0].tolist() == [
            "fold", "items", "accuracy", "cross-entropy", "ce_hard", "lr", "mixup",
        ]  # fmt: skip
        assert found[:, 0].tolist() == ["fold", "0", "1", "mean"]
        assert found[1, 1] == "1,000"
        assert [float(one) for one in found[1:, 3]] == [0.5, 1.5, 1.0]
        assert found[1:3, 5].tolist() == ["0.1", "0.05"]

    def test_nobody_asks_for_the_mean_learning_rate(self, tmp_path: Path) -> None:
        found = self.cells(self.outcomes(), tmp_path)
        assert found[3, 5] == found[3, 6] != "0.075"

    def test_one_network_has_no_mean(self, tmp_path: Path) -> None:
        found = self.cells([Outcome(ALL, {"lr": 0.1, "mixup": 0.0})], tmp_path, None)
        assert found.tolist() == [["fold", "lr", "mixup"], ["all items", "0.1", "0"]]

    def test_the_figure_that_chose_among_settings_has_a_column(self, tmp_path: Path) -> None:
        run = run_of(tmp_path / "human", training_data(9))
        tried = [
            {"fold": 0, "lr": 0.1, "mixup": 0.0, "loss": 1.5, "ce_majority": 0.25, "chosen": True}
        ]
        table = grid_table(run, tried)
        assert table.header == [
            "fold", "lr", "mixup", "accuracy", "cross-entropy", "ce_hard", "ce_majority", "",
        ]  # fmt: skip
        assert [cell.text for cell in table.rows[0]][3:] == [
            MISSING, "1.5000", MISSING, "0.2500", "chosen",
        ]  # fmt: skip
        del tried[0]["ce_majority"]
        assert "ce_majority" not in grid_table(run, tried).header

    @pytest.mark.parametrize(
        ("choose", "note"),
        [
            ("fold", "on a tenth of each fold's training part; also in grid.json"),
            ("once", "on a tenth of fold 0's training part, for all folds; also in grid.json"),
        ],
    )
    def test_what_settings_were_tried_on(self, choose: str, note: str, tmp_path: Path) -> None:
        run = replace(run_of(tmp_path / "a", training_data(9)), arguments={"choose": choose})
        tried = [{"fold": 0, "lr": 0.1, "mixup": 0.0, "loss": 1.5, "chosen": True}]
        assert grid_table(run, tried).notes == [note]

    def test_figures_that_one_fold_lacks(self, tmp_path: Path) -> None:
        first, second = self.outcomes()
        results = {key: value for key, value in second.results.items() if key != "accuracy"}
        found = self.cells([first, Outcome(1, results)], tmp_path)
        assert float(found[3, 2]) == 0.75

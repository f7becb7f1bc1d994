"""The tables of the paper: networks and trainings down."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from made_attacks import LARGE, SMALL, made_attack

from c10h.errors import InputError
from c10h.records import Attack, Lineage
from c10h.stages.report import Results
from c10h.views.paper_tables import table_1, table_2

from .made_results import attack_results, near_and_far, of_run, scored, texts


class TestTable1:
    def test_accuracy_and_cross_entropy(self) -> None:
        losses, accuracies = table_1(near_and_far())
        assert losses.title == "Generalization: cross-entropy"
        assert losses.header[1:] == ["ce_hard near ↓", "ce_hard far ↓"]
        assert accuracies.title == "Generalization: accuracy"
        assert accuracies.header[1:] == ["accuracy near ↑", "accuracy far ↑"]

    def test_chosen_metrics(self) -> None:
        (table,) = table_1(replace(near_and_far(), metrics=["sba"], chosen=True))
        assert table.header[1:] == ["sba near ↑", "sba far ↑"]

    def test_people_are_on_some_data_sets_alone(self) -> None:
        near = scored("a", {"ce_human": 0.7, "ce_hard": 0.5}, training="t", data="near")
        far = scored("b", {"ce_hard": 0.9}, training="t", data="far")
        (table,) = table_1(Results(scored=[near, far]))
        assert table.header[1:] == ["ce_human near ↓", "ce_hard near ↓", "ce_hard far ↓"]
        assert texts(table) == [["t", "0.7000", "0.5000", "0.9000"]]

    def test_means_over_networks_come_last(self) -> None:
        runs = [
            scored(f"{n}-{t}", {"ce_hard": value}, network=n, training=t, data="d")
            for n, t, value in (
                ("vgg", "hard", 0.5), ("vgg", "human", 0.3), ("wrn", "hard", 0.6),
                ("wrn", "human", 0.2), ("vgg", "mixup", 0.9),
            )
        ]  # fmt: skip
        table, difference, *_ = table_1(Results(scored=runs, baseline="hard"))
        assert texts(table) == [
            ["vgg", "hard", "0.5000"], ["vgg", "human", "0.3000"], ["vgg", "mixup", "0.9000"],
            ["wrn", "hard", "0.6000"], ["wrn", "human", "0.2000"],
            ["mean of 2", "hard", "0.5500"], ["mean of 2", "human", "0.2500"],
        ]  # fmt: skip
        assert ["mean of 2", "human", "-0.3000"] in texts(difference)

    def test_files_are_data_sets_without_tags(self) -> None:
        runs = [
            scored(n, {"accuracy": 0.5}, file=f, lineage=of_run(n, "hard"))
            for n, f in (("a", "near"), ("b", "far"))
        ]
        (table,) = table_1(Results(scored=runs))
        assert table.header == ["network", "training", "accuracy near ↑", "accuracy far ↑"]
        assert texts(table) == [["resnet_basic_8", "hard", "0.5000", "0.5000"]]

    def test_two_runs_in_one_place(self) -> None:
        runs = [scored(n, {"accuracy": 0.5}, training="t", data="d") for n in "ab"]
        with pytest.raises(
            InputError, match="no tag distinguishes a from b on d: use c10h score --tag"
        ):
            table_1(Results(scored=runs))


def attacked(folder: str = "", **changes: Any) -> Attack:
    lineage = of_run("x", folder).inputs[0].lineage if folder else Lineage(command="")
    return made_attack(lineage=lineage, **changes)


class TestTable2:
    def test_attacks_across(self) -> None:
        fgsm = {"settings": {"method": "fgsm"}, "steps": 1, "budgets": (SMALL,)}
        results = attack_results(
            f1=attacked("hard", **fgsm),
            f2=attacked("human", **fgsm),
            p1=attacked("hard", budgets=(LARGE, SMALL)),
            p2=attacked("human", budgets=(SMALL,)),
        )
        (table,) = table_2(results)
        assert table.header == [
            "network", "training",
            *(f"accuracy {x} ↑" for x in ("clean", "FGSM 4/255", "PGD 4/255", "PGD 8/255")),
            *(f"cross-entropy {x} ↓" for x in ("clean", "FGSM 4/255", "PGD 4/255", "PGD 8/255")),
        ]  # fmt: skip
        assert [row[:2] for row in texts(table)] == [
            ["resnet_basic_8", "hard"], ["resnet_basic_8", "human"],
        ]  # fmt: skip
        correct = np.asarray(results.attacked[2].record.correct)
        expected = correct[0, 0, -1].mean()
        assert texts(table)[0][5] == f"{expected:.4f}"
        assert texts(table)[1][5] == "-"

    def test_what_cannot_be_compared_is_told(self) -> None:
        other = {"settings": {"restarts": 5}, "seed": 1}
        p1, p2, p3 = attacked("hard"), attacked("human", **other), attacked("class", items=9)
        (table,) = table_2(attack_results(p1=p1, p2=p2, p3=p3))
        assert table.notes[1:] == [
            "PGD: pgd, ℓ∞, loss ce, 3 steps, random start (p1, p3)",
            "PGD: pgd, ℓ∞, loss ce, 3 steps, 5 restarts, random start (p2)",
            "Means over 12 items (p1, p2), 9 items (p3); intervals: 95 %, bootstrap over items. "
            "Sizes of attacks are in pixels of [0, 1].",
            "The runs have different items.",
            "Clean: from the first file of each network and training.",
        ]
        best = [[cell.best for cell in row] for row in table.rows]
        after = [table.header.index(name) for name in table.header if "PGD" in name]
        assert not any(row[column] for row in best for column in after)
        clean = table.header.index("cross-entropy clean ↓")
        assert sorted(row[clean] for row in best) == [False, False, True]
        assert not best[2][clean]

    def test_without_a_lineage_rows_are_runs(self) -> None:
        (table,) = table_2(attack_results(a=attacked(), b=attacked()))
        assert [row[1] for row in texts(table)] == ["a", "b"]

    def test_a_baseline_gives_what_remains_at_equal_scale(self) -> None:
        results = attack_results(
            hard=made_attack(1, items=60),
            human=made_attack(2, items=60),
            other=made_attack(3, items=60, settings={"method": "md"}),
        )
        assert len(table_2(results)) == 1
        _, table = table_2(replace(results, baseline="hard"))
        assert table.title == "Difference from hard, at equal scale"
        assert [row[:3] for row in texts(table)] == [["human", "clean", "60"]]
        assert "other: not paired: hard is under a different attack" in table.notes

    def test_the_same_attack_twice(self) -> None:
        results = attack_results(a=attacked("hard"), b=attacked("hard"))
        with pytest.raises(InputError, match="nothing distinguishes a from b after PGD 4/255"):
            table_2(results)

"""Attacks as tables, rows and JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from made_attacks import CORRECT, LARGE, LOSS, SMALL, by_hand, health, made_attack

from c10h.records import Attack
from c10h.stages.attack_runs import AttackedNetwork, attacked_networks
from c10h.views.attack import attack_tables, by_attack, to_json, to_rows
from c10h.views.forms.json_text import plain, to_json_text
from c10h.views.table import Table, headings, number, split

from .made_results import texts

NAN = float("nan")


def run(name: str, record: Attack | None = None) -> tuple[str, Attack]:
    return name, record or made_attack()


def networks(*runs: tuple[str, Attack]) -> list[AttackedNetwork]:
    return attacked_networks(dict(runs))


def tables(*runs: tuple[str, Attack], baseline: str = "") -> list[Table]:
    found = networks(*runs)
    return attack_tables(found, next((one for one in found if one.name == baseline), None))


def column(table: Table, name: str) -> list[Any]:
    at = list(table.header).index(name)
    return [row[at] for row in table.rows]


class TestFigures:
    def test_means_before_and_after(self) -> None:
        (table,) = tables(run("a", by_hand()))
        assert table.header == [
            "run", "network", "accuracy clean ↑", "accuracy 4/255 ↑", "cross-entropy clean ↓",
            "cross-entropy 4/255 ↓",
        ]  # fmt: skip
        assert texts(table) == [["a", "resnet_basic_8", "0.7500", "0.2500", "0.2500", "2.0000"]]

    def test_an_infinite_loss_is_told(self) -> None:
        """In the curve; the mean of all items has it at the smallest probability, as scores do."""
        record = by_hand()
        logits, loss = np.array(record.logits), np.array(record.loss)
        logits[0, 0, 1, 1], loss[0, 0, -1, 1] = -np.inf, np.inf
        infinite = replace(record, logits=logits, loss=loss)
        (table,) = tables(run("a", infinite))
        clipped = -np.log(np.finfo("f4").tiny)
        assert column(table, "cross-entropy 4/255 ↓")[0].text == f"{(7 + clipped) / 4:.4f}"
        (network,) = networks(run("a", infinite))
        assert to_json(network)["curve"]["cross_entropy"][0][-1] == "inf"


class TestMainTable:
    def test_the_best_of_each_column_is_bold(self) -> None:
        better = by_hand(loss=LOSS * np.float32(0.995))
        (table,) = tables(run("a", by_hand()), run("b", better))
        assert [cell.best for cell in column(table, "cross-entropy 4/255 ↓")] == [False, True]
        assert [cell.best for cell in column(table, "accuracy 4/255 ↑")] == [True, True]
        worse = by_hand(loss=LOSS + 1, correct=np.zeros_like(CORRECT))
        (table,) = tables(run("a", by_hand()), run("b", worse))
        assert [cell.best for cell in column(table, "accuracy clean ↑")] == [True, False]

    def test_nothing_is_the_best_of_one(self) -> None:
        (table,) = tables(run("a"))
        assert not any(cell.best for row in table.rows for cell in row)

    @pytest.mark.parametrize(
        ("settings", "words"),
        [
            ({"norm": "2"}, "pgd, ℓ2, loss ce, 3 steps, random start"),
            ({"method": "apgd", "loss": "dlr"}, "apgd, ℓ∞, loss dlr, 3 steps, random start"),
            ({"restarts": 5}, "pgd, ℓ∞, loss ce, 3 steps, 5 restarts, random start"),
            ({"toward": "dog"}, "pgd, ℓ∞, loss ce, 3 steps, random start, toward dog"),
            ({"random-start": False}, "pgd, ℓ∞, loss ce, 3 steps"),
        ],
    )
    def test_other_attacks_are_in_other_tables(self, settings: dict[str, Any], words: str) -> None:
        found = [run("a"), run("b", made_attack(settings=settings)), run("c")]
        first, second = tables(*found)
        assert first.title == "Attack pgd, ℓ∞, loss ce, 3 steps, random start"
        assert second.title == f"Attack {words}"
        assert [row[0] for row in texts(first)] == ["a", "c"]
        assert [row[0] for row in texts(second)] == ["b"]

    def test_budgets_of_any_run_the_smallest_first(self) -> None:
        found = [run("a", made_attack(budgets=(LARGE, 0.5))), run("b", made_attack(budgets=(0.1,)))]
        (table,) = tables(*found)
        after = [name for name in table.header if name.startswith("accuracy")]
        assert after == [f"accuracy {x} ↑" for x in ("clean", "8/255", "0.1", "0.5")]
        assert [cell.text == "-" for cell in column(table, "accuracy 0.5 ↑")] == [False, True]
        assert [cell.text == "-" for cell in column(table, "accuracy 0.1 ↑")] == [True, False]

    def test_how_runs_answered_is_told_where_it_differs(self) -> None:
        other = made_attack(settings={"answer": "ensemble"})
        (table,) = tables(run("a"), run("b", other))
        assert [cell.text for cell in column(table, "answer")] == ["held-out", "ensemble"]
        assert "precision" not in table.header

    def test_items_and_what_was_trained_on_are_told(self) -> None:
        (table,) = tables(run("a"), run("b", made_attack(items=9)))
        assert table.notes[0] == "Items in training: unknown (a, b)"
        assert table.notes[1].startswith("Means over 12 items (a), 9 items (b); intervals: 95 %")

    def test_the_best_is_among_those_about_the_same_items(self) -> None:
        other = made_attack(index=np.arange(12) + 12)
        found = [run("a"), run("b", made_attack(seed=1)), run("c", other)]
        (table,) = tables(*found)
        clean = column(table, "cross-entropy clean ↓")
        low = min(float(cell.text) for cell in clean[:2])
        assert [cell.best for cell in clean] == [*(float(c.text) == low for c in clean[:2]), False]
        assert table.notes[-1] == "The runs have different items."
        (table,) = tables(*found[:2])
        assert table.notes[-1].startswith("Means over 12 items; ")

    @pytest.mark.parametrize("width", [60, 80])
    def test_parts_fit_a_terminal(self, width: int) -> None:
        record = made_attack(
            members=2, budgets=(SMALL, LARGE, 0.1), human={"sba": np.full((2, 3), 0.5)},
            health=health(("loss after PGD", "", SMALL, 1.0, 1)),
        )  # fmt: skip
        for table in tables(run("runs/human", record), baseline="runs/human/fold-0"):
            for part in split(table, width):
                sizes = [
                    max(
                        *map(len, headings(part)[c].splitlines()),
                        *(max(len(r[c].text), len(r[c].small)) for r in part.rows),
                    )
                    + 3
                    for c in range(len(part.header))
                ]
                assert sum(sizes) <= width + 3


class TestPeople:
    def test_a_table_of_its_own(self) -> None:
        figures = {
            "human cross-entropy": np.array([[0.5, 1.25]]),
            "items, human-entropy=unanimous": np.array([[7.0, NAN]]),
        }
        _, table = tables(run("a", made_attack(human=figures)))
        assert (
            table.title == "Comparison with people, after pgd, ℓ∞, loss ce, 3 steps, random start"
        )
        assert table.header == ["figure", "4/255", "8/255"]
        assert texts(table) == [
            ["human cross-entropy", "0.5000", "1.2500"],
            ["items, human-entropy=unanimous", "7", "-"],
        ]

    def test_runs_side_by_side(self) -> None:
        first = made_attack(human={"x": np.array([[0.1, 0.2]])})
        second = made_attack(human={"y": np.array([[0.3, 0.4]])})
        _, table = tables(run("a", first), run("b", second), run("c"))
        assert table.header == ["figure", "a 4/255", "a 8/255", "b 4/255", "b 8/255"]
        assert texts(table) == [
            ["x", "0.1000", "0.2000", "-", "-"], ["y", "-", "-", "0.3000", "0.4000"],
        ]  # fmt: skip


class TestChecks:
    rows = (
        ("zero gradient", "fold-0", NAN, 0.001, 1),
        ("loss after PGD", "fold-0", SMALL, 0.5, 0),
        ("loss after FGSM", "fold-0", SMALL, 0.75, -1),
        ("zero gradient", "fold-1", NAN, NAN, 1),
        ("loss after PGD", "fold-1", SMALL, 123.456, 1),
    )

    def test_a_column_a_run(self) -> None:
        record = made_attack(members=2, health=health(*self.rows))
        *_, table = tables(run("a", record))
        assert table.header == ["check", "size", "a/fold-0", "a/fold-1"]
        found = [[text.split() for text in row[2:]] for row in texts(table)]
        assert [row[:2] for row in texts(table)] == [
            ["zero gradient", "all"], ["loss after PGD", "4/255"], ["loss after FGSM", "4/255"],
        ]  # fmt: skip
        assert found == [
            [["0.001", "yes"], ["-", "yes"]],
            [["0.5", "NO"], ["123.5", "yes"]],
            [["0.75", "-"], ["-"]],
        ]

    def test_failures_are_told_in_words(self) -> None:
        record = made_attack(health=health(*self.rows[:3]))
        *_, table = tables(run("a", record))
        assert table.notes[0] == (
            "a: at 4/255: many steps did less than a single one: the gradients are misleading; "
            "try --restarts 10 and --method square"
        )
        assert [row[2].best for row in table.rows] == [False, True, False]

    def test_no_failure_is_told_too(self) -> None:
        *_, table = tables(run("a", made_attack(health=health(self.rows[0]))))
        assert table.notes[0] == "a: no check failed"

    def test_a_block_without_the_usual_columns_is_left_out(self) -> None:
        record = made_attack(health={"skill": np.zeros(2)})
        assert len(tables(run("a", record))) == 1


class TestDifferences:
    def test_the_table(self) -> None:
        worse = by_hand(loss=LOSS + np.float32(0.05))
        _, table, scaled = tables(run("base", by_hand()), run("x", worse), baseline="base")
        assert table.title == "Difference from base, pgd, ℓ∞, loss ce, 2 steps, random start"
        assert texts(table) == [["x", "0.0000", "0.0000", "+0.0500*", "+0.0500*"]]
        assert [cell.best for cell in table.rows[0][1:]] == [False, False, True, True]
        assert table.notes == ["Paired; bold or *: the interval excludes 0."]
        assert scaled.title == f"{table.title}, at equal scale"
        assert [row[:3] for row in texts(scaled)] == [["x", "clean", "4"]]
        assert scaled.notes[1] == "x: no losses at equal scale in the file (--health)"

    def test_reasons_are_below_the_table(self) -> None:
        other = made_attack(settings={"method": "md"})
        found = tables(run("base"), run("x", other), baseline="base")
        assert [table.title.split(",")[0] for table in found] == ["Attack pgd", "Attack md"]
        assert found[1].notes[-1] == "x: not paired: base is under a different attack"

    def test_no_table_for_a_baseline_alone(self) -> None:
        assert len(tables(run("base"), baseline="base")) == 1


class TestData:
    def record(self) -> Attack:
        block = health(("x", "", NAN, 0.5, -1), ("y", "", SMALL, 2.0, 0), ("z", "", SMALL, NAN, 1))
        return by_hand(human={"sba": np.array([[0.25]])}, health=block)

    def test_json(self) -> None:
        found = json.loads(to_json_text(to_json(*networks(run("a", self.record())))))
        about = {"name": "a", "network": "resnet_basic_8", "method": "pgd", "loss": "ce",
                 "norm": "inf", "steps": 2, "restarts": 1, "random_start": True, "toward": None,
                 "from": None, "precision": "fp32", "answer": "held-out", "n": 4,
                 "training_items": "unknown"}  # fmt: skip
        assert found.items() >= about.items()
        assert set(found) - set(about) == {
            "epsilon", "accuracy", "cross_entropy", "human", "curve", "health",
        }  # fmt: skip
        assert found["epsilon"] == [SMALL]
        assert found["accuracy"]["clean"]["value"] == 0.75
        assert [one["value"] for one in found["cross_entropy"]["attacked"]] == pytest.approx([2.0])
        assert found["curve"]["accuracy"] == [[0.75, 0.5, 0.25]]
        assert found["curve"]["cross_entropy"] == [pytest.approx([0.25, 0.7, 2.0])]
        assert found["human"] == {"sba": [0.25]}
        assert found["health"] == [
            {"check": "x", "epsilon": None, "value": 0.5, "passed": None},
            {"check": "y", "epsilon": SMALL, "value": 2.0, "passed": False},
            {"check": "z", "epsilon": SMALL, "value": None, "passed": True},
        ]

    def test_rows(self) -> None:
        rows = [plain(row) for row in to_rows(networks(run("a", self.record())))]
        steps = [row for row in rows if row["metric"] == "cross_entropy"]
        assert [row["step"] for row in steps] == [0, 1, 2]
        assert [row["value"] for row in steps] == pytest.approx([0.25, 0.7, 2.0])
        assert [row["low"] is None for row in steps] == [False, True, False]
        assert {row["epsilon"] for row in steps} == {SMALL}
        assert {(row["run"], row["norm"], row["n"]) for row in steps} == {("a", "inf", 4)}
        others = [row for row in rows if row["metric"] not in ("accuracy", "cross_entropy")]
        assert [(row["metric"], row["epsilon"], row["step"], row["value"], row["passed"])
                for row in others] == [
            ("sba", SMALL, 2, 0.25, None),
            ("x", None, None, 0.5, None),
            ("y", SMALL, None, 2.0, "no"),
            ("z", SMALL, None, None, "yes"),
        ]  # fmt: skip

    def test_a_file_that_says_nothing_of_itself(self) -> None:
        record = made_attack(lineage=None)
        silent = Attack(**{**vars(record), "settings": {}, "member": None})
        (table,) = tables(run("a", silent))
        assert table.title == "Attack attack, 3 steps"
        assert texts(table)[0][1] == number(np.asarray(record.correct)[0, 0, 0].mean())
        assert to_json(*networks(run("a", silent)))["restarts"] == 1


def test_groups_are_in_the_order_of_the_files() -> None:
    found = networks(run("a", made_attack(settings={"norm": "2"})), run("b"))
    assert [runs[0].name for runs in by_attack(found).values()] == ["a", "b"]

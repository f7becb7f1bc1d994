"""Attacks as tables, rows and JSON: figures against sums by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from made_attacks import LARGE, SMALL, health, made_attack

from c10h.metrics import bootstrap
from c10h.records import Array, Attack, Input, Lineage
from c10h.views import attacks
from c10h.views.attack_pairs import differences
from c10h.views.attack_tables import attack_tables
from c10h.views.attacks import HEADER, Attacked, by_attack, to_rows
from c10h.views.forms.json_text import to_json_text
from c10h.views.table import Table, heading, number, split

from .given import texts

NAN = float("nan")
# Losses and right answers of four items, (m, k, s + 1, n): clean, a step between, the end.
LOSS = np.array([[[[0.1, 0.2, 0.3, 0.4], [0.5, 0.6, 0.7, 1.0], [1.0, 1.0, 2.0, 4.0]]]], "f4")
CORRECT = np.array([[[[1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 0, 0]]]], "u1")


def by_hand(**changes: Any) -> Attack:
    fields = {"budgets": (SMALL,), "steps": 2, "items": 4, "loss": LOSS, "correct": CORRECT}
    return made_attack(**{**fields, **changes})


def run(name: str, record: Attack | None = None, member: int = 0) -> Attacked:
    return Attacked(name, record or made_attack(), member, "held-out")


def column(table: Table, name: str) -> list[Any]:
    at = list(table.header).index(name)
    return [row[at] for row in table.rows]


class TestFigures:
    def test_means_before_and_after(self) -> None:
        (table,) = attack_tables([run("a", by_hand())])
        assert table.header == [
            "run", "network", "accuracy clean ↑", "accuracy 4/255 ↑", "cross-entropy clean ↓",
            "cross-entropy 4/255 ↓",
        ]  # fmt: skip
        assert texts(table) == [["a", "resnet_basic_8", "0.7500", "0.2500", "0.2500", "2.0000"]]

    def test_intervals_are_those_of_a_bootstrap_over_items(self) -> None:
        estimate = run("a", by_hand()).estimates["cross_entropy", "4/255"]
        random, values = np.random.default_rng(3), LOSS[0, 0, -1].astype("f8")
        drawn = values[random.integers(0, 4, (200_000, 4))].mean(axis=1)
        expected = np.quantile(drawn, [0.025, 0.975], method="inverted_cdf")
        np.testing.assert_allclose([estimate.low, estimate.high], expected, atol=0.26)
        assert estimate.low < estimate.value < estimate.high

    def test_an_interval_of_what_all_items_agree_in_has_no_width(self) -> None:
        estimate = run("a", by_hand(correct=np.ones_like(CORRECT))).estimates["accuracy", "clean"]
        assert (estimate.low, estimate.value, estimate.high) == (1, 1, 1)

    def test_an_infinite_loss_is_told(self) -> None:
        loss = LOSS.copy()
        loss[0, 0, -1, 0] = np.inf
        (table,) = attack_tables([run("a", by_hand(loss=loss))])
        assert column(table, "cross-entropy 4/255 ↓")[0].text == "inf"
        assert run("a", by_hand(loss=loss)).to_json()["cross_entropy"]["attacked"][0]["value"] == (
            "inf"
        )

    @pytest.mark.parametrize("block", [1, 9, 1 << 22])
    def test_curves_are_means_of_each_step(
        self, monkeypatch: pytest.MonkeyPatch, block: int
    ) -> None:
        monkeypatch.setattr(attacks, "BLOCK", block)
        one = run("a", by_hand())
        np.testing.assert_allclose(one.curve("cross_entropy", 0), [0.25, 0.7, 2.0], rtol=1e-6)
        assert one.curve("accuracy", 0).tolist() == [0.75, 0.5, 0.25]

    def test_members_have_figures_of_their_own(self) -> None:
        record = made_attack(members=2, items=40)
        for member in range(2):
            one = run("a", record, member)
            expected = np.asarray(record.loss)[member, 1, -1].mean(dtype="f8")
            assert one.estimates["cross_entropy", "8/255"].value == pytest.approx(expected)
            assert one.curve("cross_entropy", 1)[-1] == pytest.approx(expected)

    def test_the_architecture_may_be_an_inputs(self) -> None:
        inner = Lineage(command="c10h train", architecture="wrn_28_10")
        other = Lineage(command="c10h data import")
        outer = Lineage(
            command="c10h attack",
            inputs=tuple(
                Input(role=role, name="x", sha256="", lineage=lineage)
                for role, lineage in (("images", other), ("network", inner))
            ),
        )
        assert run("a", made_attack(lineage=outer)).network == "wrn_28_10"
        assert run("a", made_attack(lineage=None)).network == ""


class TestMainTable:
    def test_the_best_of_each_column_is_bold(self) -> None:
        better = by_hand(loss=LOSS / 2)
        (table,) = attack_tables([run("a", by_hand()), run("b", better)])
        assert [cell.best for cell in column(table, "cross-entropy 4/255 ↓")] == [False, True]
        assert [cell.best for cell in column(table, "accuracy 4/255 ↑")] == [True, True]
        worse = by_hand(correct=np.zeros_like(CORRECT))
        (table,) = attack_tables([run("a", by_hand()), run("b", worse)])
        assert [cell.best for cell in column(table, "accuracy clean ↑")] == [True, False]

    def test_nothing_is_the_best_of_one(self) -> None:
        (table,) = attack_tables([run("a")])
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
        first, second = attack_tables(found)
        assert first.title == "Attack pgd, ℓ∞, loss ce, 3 steps, random start"
        assert second.title == f"Attack {words}"
        assert [row[0] for row in texts(first)] == ["a", "c"]
        assert [row[0] for row in texts(second)] == ["b"]

    def test_one_step(self) -> None:
        assert "1 step," in run("a", made_attack(steps=1)).attack

    def test_budgets_of_any_run_the_smallest_first(self) -> None:
        found = [run("a", made_attack(budgets=(LARGE, 0.5))), run("b", made_attack(budgets=(0.1,)))]
        (table,) = attack_tables(found)
        after = [name for name in table.header if name.startswith("accuracy")]
        assert after == [f"accuracy {x} ↑" for x in ("clean", "8/255", "0.1", "0.5")]
        assert [cell.text == "-" for cell in column(table, "accuracy 0.5 ↑")] == [False, True]
        assert [cell.text == "-" for cell in column(table, "accuracy 0.1 ↑")] == [True, False]

    def test_how_runs_answered_is_told_where_it_differs(self) -> None:
        other = made_attack(settings={"answer": "ensemble"})
        (table,) = attack_tables([run("a"), run("b", other)])
        assert [cell.text for cell in column(table, "answer")] == ["held-out", "ensemble"]
        assert "precision" not in table.header

    def test_items_and_what_was_trained_on_are_told(self) -> None:
        (table,) = attack_tables([run("a"), run("b", made_attack(items=9))])
        assert table.notes[0] == "Items in training: held-out (a, b)"
        assert table.notes[1].startswith("Means over 12 items (a), 9 items (b); intervals: 95 %")

    def test_the_best_is_among_those_about_the_same_items(self) -> None:
        other = made_attack(index=np.arange(12) + 12)
        found = [run("a"), run("b", made_attack(seed=1)), run("c", other)]
        (table,) = attack_tables(found)
        clean = column(table, "cross-entropy clean ↓")
        low = min(float(cell.text) for cell in clean[:2])
        assert [cell.best for cell in clean] == [*(float(c.text) == low for c in clean[:2]), False]
        assert table.notes[-1] == "Runs are about different items."
        (table,) = attack_tables(found[:2])
        assert table.notes[-1].startswith("Means over 12 items; ")

    @pytest.mark.parametrize("width", [60, 80])
    def test_parts_fit_a_terminal(self, width: int) -> None:
        record = made_attack(
            members=2, budgets=(SMALL, LARGE, 0.1), human={"sba": np.full((2, 3), 0.5)},
            health=health(("loss after PGD", "", SMALL, 1.0, 1)),
        )  # fmt: skip
        found = [run(f"runs/human/fold-{m}", record, m) for m in range(2)]
        for table in attack_tables(found, found[0]):
            for part in split(table, width):
                sizes = [
                    max(
                        *map(len, heading(part, c).splitlines()),
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
        _, table = attack_tables([run("a", made_attack(human=figures))])
        assert table.title == "Against people, after pgd, ℓ∞, loss ce, 3 steps, random start"
        assert table.header == ["figure", "4/255", "8/255"]
        assert texts(table) == [
            ["human cross-entropy", "0.5000", "1.2500"],
            ["items, human-entropy=unanimous", "7", "-"],
        ]

    def test_runs_side_by_side(self) -> None:
        first = made_attack(human={"x": np.array([[0.1, 0.2]])})
        second = made_attack(human={"y": np.array([[0.3, 0.4]])})
        _, table = attack_tables([run("a", first), run("b", second), run("c")])
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
        *_, table = attack_tables([run("a/fold-0", record, 0), run("a/fold-1", record, 1)])
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
        *_, table = attack_tables([run("a", record)])
        assert table.notes[0] == "a: at 4/255: many steps did less than one: gradients mislead"
        assert [row[2].best for row in table.rows] == [False, True, False]

    def test_no_failure_is_told_too(self) -> None:
        *_, table = attack_tables([run("a", made_attack(health=health(self.rows[0])))])
        assert table.notes[0] == "a: nothing speaks against the attack"

    def test_the_only_network_has_all_rows(self) -> None:
        record = made_attack(health=health(("x", "another name", NAN, 1.0, 1)))
        assert [check.name for check in run("a", record).checks] == ["x"]

    def test_checks_of_all_members(self) -> None:
        record = made_attack(members=2, health=health(("x", "", NAN, 1.0, 1)))
        assert [len(run("a", record, member).checks) for member in range(2)] == [1, 1]

    def test_a_block_without_the_usual_columns_is_left_out(self) -> None:
        record = made_attack(health={"skill": np.zeros(2)})
        assert len(attack_tables([run("a", record)])) == 1


class TestDifferences:
    def figures(self, a: Attack, b: Attack) -> dict[tuple[str, str], Any]:
        found = differences([run("a", a), (baseline := run("b", b))], baseline)
        assert {(one.a, one.b) for one in found} == {("a", "b")}
        return {(one.measure, one.result): one for one in found}

    def test_values_and_intervals(self) -> None:
        a, b = made_attack(1, items=50), made_attack(2, items=50)
        one = self.figures(a, b)["cross_entropy", "8/255"].estimate
        paired = (np.asarray(a.loss, "f8") - np.asarray(b.loss, "f8"))[0, 1, -1]
        assert one.value == pytest.approx(paired.mean(), rel=1e-12)
        samples = bootstrap.means(paired[:, None], 1000, 0)[:, 0]
        ends = np.quantile(samples, [0.025, 0.975], method="inverted_cdf")
        assert [one.low, one.high] == pytest.approx(ends.tolist(), rel=1e-12)
        spread = paired.std() / np.sqrt(50)
        assert one.high - one.low == pytest.approx(2 * 1.96 * spread, rel=0.15)

    @pytest.mark.parametrize("by", ["index", "ids"])
    def test_items_are_matched_whatever_their_order(self, by: str, random: Any) -> None:
        names = np.array([f"i{row}" for row in random.permutation(12)])
        a = made_attack(1, index=np.arange(12) + 30, ids=names if by == "ids" else None)
        b = made_attack(2, index=np.arange(12) + 30, ids=names if by == "ids" else None)
        order = random.permutation(12)
        other = shuffled(b, order)
        plain, moved = self.figures(a, b), self.figures(a, other)
        for key, one in plain.items():
            assert moved[key].estimate.value == pytest.approx(one.estimate.value, rel=1e-12)
            if by == "index":
                assert moved[key].estimate.low == pytest.approx(one.estimate.low, rel=1e-12)

    @pytest.mark.parametrize(
        "changes",
        [
            {"index": np.arange(12) + 1},
            {"item": np.arange(12, dtype="u8") + 1},
            {"truth": (np.arange(12) + 1) % 3},
            {"classes": ("dog", "cat", "bird")},
            {"ids": np.array([f"j{row}" for row in range(12)])},
        ],
        ids=lambda changes: next(iter(changes)),
    )
    def test_other_items(self, changes: dict[str, Any]) -> None:
        ids = np.array([f"i{row}" for row in range(12)])
        known: dict[str, Any] = {"item": np.arange(12, dtype="u8"), "ids": ids}
        found = self.figures(made_attack(1, **known), made_attack(2, **{**known, **changes}))
        whys = {one.why for one in found.values()}
        if "index" in changes:  # the ids, which agree, go before
            assert whys == {None}
        else:
            assert whys == {"not paired: the runs are about other items"}
            assert all(one.estimate is None for one in found.values())

    def test_fewer_items(self) -> None:
        found = self.figures(made_attack(items=12), made_attack(items=9))
        assert {one.why for one in found.values()} == {"not paired: the runs are about other items"}

    def test_classes_in_another_order_are_the_same_items(self) -> None:
        b = made_attack(2)
        assert b.truth is not None
        other = made_attack(2, classes=("bird", "cat", "dog"), truth=(b.truth + 1) % 3)
        found = self.figures(made_attack(1), other)
        assert {one.why for one in found.values()} == {None}

    def test_true_classes_that_one_of_them_does_not_know(self) -> None:
        b = made_attack(2)
        assert b.truth is not None
        truth = np.where(np.arange(12) == 3, -1, b.truth)
        found = self.figures(made_attack(1), replace(b, truth=truth))
        assert {one.why for one in found.values()} == {None}

    def test_another_attack(self) -> None:
        found = self.figures(made_attack(), made_attack(settings={"norm": "2"}))
        assert {one.why for one in found.values()} == {"not paired: b is under another attack"}

    def test_a_budget_that_the_baseline_lacks(self) -> None:
        found = self.figures(made_attack(), made_attack(budgets=(LARGE,)))
        whys = {key[1]: one.why for key, one in found.items()}
        assert whys == {"clean": None, "4/255": "b was not attacked with 4/255", "8/255": None}
        assert found["accuracy", "8/255"].estimate.value == 0

    def test_the_table(self) -> None:
        worse = by_hand(loss=LOSS + np.float32(0.5))
        _, table = attack_tables([base := run("base", by_hand()), run("x", worse)], base)
        assert table.title == "Difference to base, pgd, ℓ∞, loss ce, 2 steps, random start"
        assert texts(table) == [["x", "0.0000", "0.0000", "+0.5000*", "+0.5000*"]]
        assert [cell.best for cell in table.rows[0][1:]] == [False, False, True, True]
        assert table.notes == ["Paired; bold or *: the interval excludes 0."]

    def test_reasons_are_below_the_table(self) -> None:
        base, other = run("base"), run("x", made_attack(settings={"method": "md"}))
        tables = attack_tables([base, other], base)
        assert [table.title.split(",")[0] for table in tables] == ["Attack pgd", "Attack md"]
        assert tables[1].notes[-1] == "x: not paired: base is under another attack"

    def test_no_table_for_a_baseline_alone(self) -> None:
        base = run("base")
        assert len(attack_tables([base], base)) == 1


def shuffled(record: Attack, order: Array) -> Attack:
    """The same attack with its items in another order."""
    return replace(
        record,
        clean_logits=np.asarray(record.clean_logits)[:, order],
        logits=np.asarray(record.logits)[:, :, order],
        loss=np.asarray(record.loss)[..., order],
        correct=np.asarray(record.correct)[..., order],
        index=record.index[order],
        truth=None if record.truth is None else record.truth[order],
        ids=None if record.ids is None else record.ids[order],
    )


class TestData:
    def record(self) -> Attack:
        block = health(("x", "", NAN, 0.5, -1), ("y", "", SMALL, 2.0, 0), ("z", "", SMALL, NAN, 1))
        return by_hand(human={"sba": np.array([[0.25]])}, health=block)

    def test_json(self) -> None:
        found = json.loads(to_json_text(run("a", self.record()).to_json()))
        about = {"name": "a", "network": "resnet_basic_8", "method": "pgd", "loss": "ce",
                 "norm": "inf", "steps": 2, "restarts": 1, "random_start": True, "toward": None,
                 "from": None, "precision": "fp32", "answer": "held-out", "n": 4,
                 "training_items": "held-out"}  # fmt: skip
        assert found.items() >= about.items()
        assert set(found) - set(about) == {
            "epsilon", "accuracy", "cross_entropy", "human", "curve", "health",
        }  # fmt: skip
        assert found["epsilon"] == [SMALL]
        assert found["accuracy"]["clean"]["value"] == 0.75
        assert [one["value"] for one in found["cross_entropy"]["attacked"]] == [2.0]
        assert found["curve"]["accuracy"] == [[0.75, 0.5, 0.25]]
        assert found["curve"]["cross_entropy"] == [pytest.approx([0.25, 0.7, 2.0])]
        assert found["human"] == {"sba": [0.25]}
        assert found["health"] == [
            {"check": "x", "epsilon": None, "value": 0.5, "passed": None},
            {"check": "y", "epsilon": SMALL, "value": 2.0, "passed": False},
            {"check": "z", "epsilon": SMALL, "value": None, "passed": True},
        ]

    def test_rows(self) -> None:
        rows = [dict(zip(HEADER, row, strict=True)) for row in to_rows([run("a", self.record())])]
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
        (table,) = attack_tables([run("a", silent)])
        assert table.title == "Attack attack, 3 steps"
        assert texts(table)[0][1] == number(np.asarray(record.correct)[0, 0, 0].mean())
        assert run("a", silent).to_json()["restarts"] == 1


def test_groups_are_in_the_order_of_the_files() -> None:
    found = [run("a", made_attack(settings={"norm": "2"})), run("b")]
    assert [runs[0].run for runs in by_attack(found).values()] == ["a", "b"]

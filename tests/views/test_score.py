"""Tables of scores: networks and trainings, data sets across."""

from __future__ import annotations

import pytest

from c10h.views.score import score_tables

from .made_results import NAN, near_and_far, scored, texts


class TestScores:
    def test_metrics_of_data_sets_across(self) -> None:
        (table,) = score_tables(near_and_far().scored, ["accuracy", "ce_hard"], "all", None)
        assert table.header == [
            "training", "accuracy near ↑", "accuracy far ↑", "ce_hard near ↓", "ce_hard far ↓",
        ]  # fmt: skip
        assert texts(table) == [
            ["hard", "0.9000", "0.5000", "0.3000", "4.0000"],
            ["human", "0.8000", "0.6000", "0.2000", "3.0000"],
        ]
        assert [[cell.best for cell in row[1:]] for row in table.rows] == [
            [True, False, False, False], [False, True, True, True],
        ]  # fmt: skip

    def test_networks_in_order_and_trainings_as_they_come(self) -> None:
        runs = [
            scored(f"{n}{t}{d}", {"accuracy": 0.5}, network=n, training=t, data=d)
            for n in ("y", "x") for t in ("human", "hard") for d in ("near", "far")
        ]  # fmt: skip
        (table,) = score_tables(runs, ["accuracy"], "all", None)
        assert [row[:2] for row in texts(table)] == [
            ["x", "human"], ["x", "hard"], ["y", "human"], ["y", "hard"],
        ]  # fmt: skip

    def test_what_a_model_lacks_is_told(self) -> None:
        runs = list(near_and_far().scored)[:3]
        (table,) = score_tables(runs, ["accuracy"], "all", None)
        assert texts(table)[1] == ["human", "0.8000", "-"]

    def test_a_metric_that_some_files_have(self) -> None:
        runs = [scored("a", {"accuracy": 0.5, "sba": 0.4}), scored("b", {"accuracy": 0.5}),
                scored("c", {"accuracy": 0.5, "sba": NAN})]  # fmt: skip
        (table,) = score_tables(runs, ["accuracy", "sba"], "all", None)
        assert [row[2] for row in texts(table)] == ["0.4000", "-", "-"]
        assert "No sba for b: not in the scores file" in table.notes
        assert "No sba for c: it does not exist" in table.notes

    def test_other_items_are_told(self) -> None:
        runs = [scored(n, {"accuracy": 0.5}, items=n) for n in "ab"]
        (table,) = score_tables(runs, ["accuracy"], "all", None)
        remedy = "(score --common: on the items that all have)"
        assert f"Runs have different items or labels {remedy}." in table.notes
        assert not any(cell.best for row in table.rows for cell in row)
        (table,) = score_tables(runs[:1], ["accuracy"], "all", None)
        assert not [note for note in table.notes if "different" in note]

    def test_the_best_is_among_those_about_the_same_items(self) -> None:
        """Accuracies of other items say nothing about which network is better."""
        rows = [("a", "x", 0.5), ("b", "x", 0.6), ("c", "y", 0.9), ("d", "y", NAN)]
        runs = [scored(n, {"accuracy": value}, items=items) for n, items, value in rows]
        (table,) = score_tables(runs, ["accuracy"], "all", None)
        assert [row[1].best for row in table.rows] == [False, True, False, False]
        rows = [("a", "x", 0.5), ("b", "y", 0.6), ("c", "x", 0.4)]
        runs = [
            scored(n + d, {"accuracy": value}, training=n, data=d, items=items + d)
            for n, items, value in rows for d in ("near", "far")
        ]  # fmt: skip
        (table,) = score_tables(runs, ["accuracy"], "all", None)
        assert [row[1].best for row in table.rows] == [True, False, False]

    @pytest.mark.parametrize("data", [("near", ""), ("near", "near"), ("", "")])
    def test_one_data_set_keeps_runs_down(self, data: tuple[str, str]) -> None:
        runs = [scored(n, {"accuracy": 0.5}, data=d) for n, d in zip("ab", data, strict=True)]
        (table,) = score_tables(runs, ["accuracy"], "all", None)
        assert table.header[0] == "run"

    @pytest.mark.parametrize("baseline", ["hard", "hard-near", "hard-far"])
    def test_differences_on_each_data_set(self, baseline: str) -> None:
        """To a training, or to the model of a run."""
        runs = near_and_far().scored
        _, table = score_tables(runs, ["accuracy", "sba"], "all", baseline)
        assert table.header == ["training", "accuracy near", "accuracy far", "sba near", "sba far"]
        assert texts(table) == [["human", "-0.1000", "+0.1000", "+0.1000", "+0.1000"]]

    def test_a_training_is_held_against_that_of_its_own_network(self) -> None:
        values = {("x", "hard"): 0.5, ("x", "human"): 0.6, ("y", "hard"): 0.2, ("y", "human"): 0.4}
        runs = [
            scored(f"{n}{t}{d}", {"accuracy": value}, network=n, training=t, data=d)
            for (n, t), value in values.items() for d in ("near", "far")
        ]  # fmt: skip
        _, table = score_tables(runs, ["accuracy"], "all", "hard")
        assert texts(table) == [
            ["x", "human", "+0.1000", "+0.1000"], ["y", "human", "+0.2000", "+0.2000"],
        ]  # fmt: skip
        _, table = score_tables(runs, ["accuracy"], "all", "xhardfar")
        assert [row[:3] for row in texts(table)] == [
            ["x", "human", "+0.1000"], ["y", "hard", "-0.3000"], ["y", "human", "-0.1000"],
        ]  # fmt: skip
        lacking = [run for run in runs if run.name != "yhardfar"]
        _, table = score_tables(lacking, ["accuracy"], "all", "hard")
        assert texts(table)[1] == ["y", "human", "+0.2000", ""]
        assert table.notes == ["yhumanfar: no baseline on the same data set"]

    def test_a_training_of_each_network_on_one_data_set(self) -> None:
        values = {("x", "hard"): 0.5, ("x", "human"): 0.6, ("y", "hard"): 0.2, ("y", "human"): 0.4}
        runs = [
            scored(n + t, {"accuracy": value}, network=n, training=t)
            for (n, t), value in values.items()
        ]
        _, table = score_tables(runs, ["accuracy"], "all", "hard")
        assert texts(table) == [["xhuman", "+0.1000"], ["yhuman", "+0.2000"]]
        _, table = score_tables(runs, ["accuracy"], "all", "yhard")
        assert texts(table) == [
            ["xhard", "+0.3000"], ["xhuman", "+0.4000"], ["yhuman", "+0.2000"],
        ]  # fmt: skip
        named = [scored("hard", {"accuracy": 0.1}, network="z", training="own"), *runs]
        _, table = score_tables(named, ["accuracy"], "all", "hard")
        assert texts(table)[0] == ["xhard", "+0.4000"]

    def test_runs_without_a_difference_are_told_with_the_reason(self) -> None:
        names = {"base": "x", "a": "x", "b": "y", "c": "y"}
        runs = [scored(n, {"accuracy": 0.5}, items=items) for n, items in names.items()]
        why = "not paired: the runs have different items or labels"
        _, table = score_tables(runs, ["accuracy"], "all", "base")
        assert [row[0] for row in texts(table)] == ["a"]
        assert table.notes == [f"b, c: {why}"]
        (table,) = score_tables([runs[0], *runs[2:]], ["accuracy"], "all", "base")
        assert table.notes[-1] == f"b, c: {why}"

    def test_a_metric_without_a_difference_is_named(self) -> None:
        values = {"base": {"sba": 0.4}, "a": {"sba": NAN}, "b": {}}
        runs = [scored(name, {"accuracy": 0.5, **more}) for name, more in values.items()]
        _, table = score_tables(runs, ["accuracy", "sba"], "all", "base")
        assert table.notes == [
            "sba of a: it does not exist", "sba of b: one of the runs does not have this value",
        ]  # fmt: skip

    def test_many_runs_that_did_not_see_their_items(self) -> None:
        runs = [scored(f"r{n}", {"accuracy": 0.5}) for n in range(5)]
        for count, told in ((4, "held-out (r0, r1, r2, r3)"), (5, "held-out (all 5)")):
            (table,) = score_tables(runs[:count], ["accuracy"], "all", None)
            assert table.notes[0] == f"Items in training: {told}"
        seen = scored("seen", {"accuracy": 0.5}, exposure="in-sample")
        (table,) = score_tables([*runs, seen], ["accuracy"], "all", None)
        assert table.notes[:2] == [
            "Items in training: held-out (r0, r1, r2, r3, r4)",
            "Items in training: in-sample (seen)",
        ]

"""Figures: their numbers against sums by hand."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_attacks import SMALL, made_attack

from c10h.errors import InputError
from c10h.stages.people_and_networks import Compared
from c10h.stages.report import Results
from c10h.views.figures.entropy import histogram
from c10h.views.figures.figure_type import BARS, LINES, Figure, Panel
from c10h.views.figures.figures import FIGURES, PICTURED, figure, names_with_notes
from c10h.views.figures.fit import distributions
from c10h.views.paper_tables import TABLES
from c10h.views.report import fitting_figures

from .made_results import (
    CLASSES,
    NAN,
    attack_results,
    history,
    labels,
    near_and_far,
    of_run,
    scored,
)


def values(panel: Panel) -> dict[str, list[float]]:
    return {one.name: one.y.tolist() for one in panel.series}


def titles(found: Figure) -> list[str]:
    return [panel.y_name for panel in found.panels]


class TestGeneralization:
    def test_bars_by_data_set_in_the_order_of_the_files(self) -> None:
        found = figure("generalization", near_and_far())
        loss = "cross-entropy with truth, nats"
        assert titles(found) == ["accuracy", loss, loss, "second-best accuracy"]
        accuracy, near, far, sba = found.panels
        for panel in (accuracy, sba):
            assert (panel.form, panel.ticks) == (BARS, ["near", "far"])
        assert values(accuracy) == {"hard": [0.9, 0.5], "human": [0.8, 0.6]}
        # Ten times as much would dwarf the other.
        assert (near.ticks, values(near)) == (["near"], {"hard": [0.3], "human": [0.2]})
        assert (far.ticks, values(far)) == (["far"], {"hard": [4.0], "human": [3.0]})
        assert values(sba) == {"hard": [0.5, 0.3], "human": [0.6, 0.4]}
        low, high = accuracy.series[0].low, accuracy.series[0].high
        assert low is not None
        assert high is not None
        np.testing.assert_allclose([low, high], [[0.89, 0.49], [0.91, 0.51]])

    @pytest.mark.parametrize(
        ("losses", "parts"),
        [
            ([1.0, 4.0], [["a", "b"]]),
            ([1.0, 4.1], [["a"], ["b"]]),
            ([9.0, 1.0, 8.0, 2.0], [["a", "c"], ["b", "d"]]),
            ([0.0, 1.0], [["a", "b"]]),
            ([np.inf, 1.0], [["a", "b"]]),
        ],
    )
    def test_axes_of_data_sets_that_are_far_apart(
        self, losses: list[float], parts: list[list[str]]
    ) -> None:
        runs = [
            scored(data, {"ce_hard": loss}, training="hard", data=data)
            for data, loss in zip("abcd", losses, strict=False)
        ]
        found = figure("generalization", Results(scored=runs))
        assert [panel.ticks for panel in found.panels] == parts
        drawn = {
            tick: bars.y[at]
            for panel in found.panels
            for bars in panel.series
            for at, tick in enumerate(panel.ticks)
        }
        assert drawn == dict(zip("abcd", losses, strict=False))

    def test_what_people_reach_is_marked(self) -> None:
        runs = [
            scored(f"{training}-{data}", {"accuracy": 0.5}, training=training, data=data)
            for training in ("hard", "human")
            for data in ("near", "far")
        ]
        of_near = {"split-half": np.full((1, 1, 1), 0.8), "corrected": np.full((1, 1, 1), 0.9)}
        runs[0] = replace(runs[0], scores=replace(runs[0].scores, ceilings=of_near))
        found = figure("generalization", Results(scored=runs))
        *_, people = found.panels[0].series
        assert (people.name, people.is_ceiling) == ("people", True)
        np.testing.assert_array_equal(people.y, [0.9, np.nan])
        assert found.notes[-1] == "people: what people reach; accuracy by corrected."

    def test_several_networks_are_a_mean_with_the_lowest_and_the_highest(self) -> None:
        runs = [
            scored(f"{n}{t}", {"accuracy": a}, network=n, training=t, data="near")
            for n, t, a in (("x", "hard", 0.5), ("y", "hard", 0.9), ("x", "human", 0.8),
                            ("y", "human", 0.7))
        ]  # fmt: skip
        found = figure("generalization", Results(scored=runs))
        hard, human = found.panels[0].series
        assert (hard.y[0], human.y[0]) == (pytest.approx(0.7), pytest.approx(0.75))
        assert (hard.ends(0), human.ends(0)) == ((0.5, 0.9), (0.7, 0.8))
        assert found.notes == [
            "Means over networks; error bars from the lowest to the highest; networks: "
            "hard on near 2, human on near 2."
        ]

    def test_one_network_beside_means_has_its_interval(self) -> None:
        runs = [
            scored(f"{n}{t}", {"accuracy": 0.5}, network=n, training=t, data="near")
            for n, t in (("x", "hard"), ("y", "hard"), ("x", "human"))
        ]
        found = figure("generalization", Results(scored=runs))
        assert found.panels[0].series[1].ends(0) == (0.49, 0.51)
        assert "the highest; for a single network, its 95 % interval; networks" in found.notes[0]

    def test_second_choices_only_where_no_network_saw_the_items(self) -> None:
        runs = [scored("a", {"sba": 0.5, "accuracy": 0.9}, exposure="unknown")]
        found = figure("generalization", Results(scored=runs))
        assert titles(found) == ["accuracy"]
        told = "Second-best accuracy is on items that no network saw; for a on "
        assert found.notes[1] == f"{told}file this is not known."
        assert len(figure("generalization", near_and_far()).notes) == 1

    def test_without_tags_the_lineage_says_what_is_one_training(self) -> None:
        runs = [
            scored(name, {"accuracy": 0.5}, file=data, lineage=of_run(name, folder))
            for name, folder, data in (("a", "hard", "near"), ("b", "hard", "far"))
        ]
        (panel,) = figure("generalization", Results(scored=runs)).panels
        assert [one.name for one in panel.series] == ["hard"]
        assert panel.ticks == ["near", "far"]

    def test_without_a_lineage_runs_have_their_names(self) -> None:
        runs = [scored("a", {"accuracy": 0.5}), scored("b", {"accuracy": 0.6})]
        (panel,) = figure("generalization", Results(scored=runs)).panels
        assert values(panel) == {"a": [0.5], "b": [0.6]}

    def test_what_is_missing_is_a_gap(self) -> None:
        runs = [
            scored("a", {"accuracy": 0.5}, training="hard", data="near"),
            scored("b", {"accuracy": NAN}, training="human", data="near"),
        ]
        (panel,) = figure("generalization", Results(scored=runs)).panels
        np.testing.assert_equal(panel.series[1].y, [NAN])

    def test_other_items_have_no_mean(self) -> None:
        runs = [
            scored(n, {"accuracy": 0.5}, network=n, training="t", data="near", items=n)
            for n in "ab"
        ]
        with pytest.raises(InputError, match="t on near: the runs have different items"):
            figure("generalization", Results(scored=runs))

    def test_two_runs_of_one_network_are_told(self) -> None:
        runs = [scored(n, {"accuracy": 0.5}, training="t", data="near") for n in "ab"]
        with pytest.raises(InputError, match="t on near: no tag distinguishes a, b"):
            figure("generalization", Results(scored=runs))

    def test_no_metric_of_it(self) -> None:
        with pytest.raises(InputError, match="no file has any of accuracy, ce_hard, sba"):
            figure("generalization", Results(scored=[scored("a", {"kl": 0.5})]))


class TestConfidence:
    def test_right_and_wrong_of_each_run(self) -> None:
        runs = [
            scored(n, {"conf_right": r, "conf_wrong": w}) for n, r, w in (("a", 0.9, 0.6),
                                                                         ("b", 0.8, 0.5))
        ]  # fmt: skip
        (panel,) = figure("confidence", Results(scored=runs)).panels
        assert panel.ticks == ["a", "b"]
        assert values(panel) == {"right": [0.9, 0.8], "wrong": [0.6, 0.5]}
        low, high = panel.series[1].ends(0)
        assert (low, high) == (pytest.approx(0.59), pytest.approx(0.61))

    def test_data_sets_are_told_where_there_are_several(self) -> None:
        runs = [scored(d, {"conf_right": 0.9, "conf_wrong": 0.5}, data=d) for d in ("x", "y")]
        (panel,) = figure("confidence", Results(scored=runs)).panels
        assert panel.ticks == ["x, x", "y, y"]

    def test_neither(self) -> None:
        with pytest.raises(InputError, match="no file has conf_right or conf_wrong"):
            figure("confidence", Results(scored=[scored("a", {"kl": 0.5})]))


class TestPgd:
    def test_a_panel_a_size_and_a_line_a_run(self) -> None:
        hard = made_attack(1)
        found = figure("pgd", attack_results(hard=hard, human=made_attack(2, budgets=(SMALL,))))
        assert [panel.title for panel in found.panels] == ["ε = 4/255", "ε = 8/255"]
        assert [list(values(panel)) for panel in found.panels] == [["hard", "human"], ["hard"]]
        expected = np.asarray(hard.loss, "f8")[0, 0].mean(axis=-1)
        np.testing.assert_allclose(found.panels[0].series[0].y, expected)
        assert found.panels[0].series[0].x.tolist() == [0, 1, 2, 3]
        assert "pgd, ℓ∞, loss ce, 3 steps" in found.title

    def test_kinds_of_attack_are_apart(self) -> None:
        a, b = made_attack(budgets=(SMALL,)), made_attack(settings={"norm": "2"})
        found = figure("pgd", attack_results(a=a, b=b))
        assert [panel.title.split(",")[0] for panel in found.panels] == [
            "ε = 4/255", "ε = 4/255", "ε = 8/255",
        ]  # fmt: skip
        assert "ℓ2" in found.panels[1].title

    def test_a_single_step_is_left_out_beside_others(self) -> None:
        single = made_attack(steps=1)
        found = figure("pgd", attack_results(a=made_attack(), b=single))
        assert {name for panel in found.panels for name in values(panel)} == {"a"}
        assert len(figure("pgd", attack_results(b=single)).panels) == 2


class TestFit:
    people = np.array([[0.6, 0.4, 0], [0.9, 0.1, 0], [0.5, 0.5, 0], [0.4, 0.3, 0.3], [0, 1, 0]])

    def compared(self, **networks: Any) -> Compared:
        hard = np.array([[0.7, 0.2, 0.1]] * 4 + [[0.1, 0.8, 0.1]])
        found = {"hard": hard, "human": hard, **networks}
        names = [f"i{row}" for row in range(5)]
        exposure = dict.fromkeys(found, "held-out") | {"hard": "in-sample"}
        truth = np.array([0, 0, 0, 0, 1])
        return Compared(CLASSES, self.people, found, names, truth, exposure)

    def test_the_most_uncertain_of_equal_first_choice(self) -> None:
        found = distributions(self.compared())
        assert [panel.title for panel in found.panels] == [
            "i3, cat", "i0, cat", "i1, cat", "i4, dog",
        ]  # fmt: skip

    def test_true_classes_of_some_items(self) -> None:
        found = distributions(replace(self.compared(), truth=np.array([-1, 0, 0, 0, 1])))
        assert [panel.title for panel in found.panels] == ["i3, cat", "i0", "i1, cat", "i4, dog"]

    def test_a_network_that_chooses_another_class_leaves_the_item_out(self) -> None:
        other = np.array([[0.2, 0.7, 0.1]] + [[0.7, 0.2, 0.1]] * 3 + [[0.1, 0.8, 0.1]])
        found = distributions(self.compared(human=other))
        assert [panel.title[:2] for panel in found.panels] == ["i3", "i1", "i4"]

    def test_a_network_that_saw_the_items_is_told(self) -> None:
        assert distributions(self.compared()).notes[1:] == [
            "Items in training: in-sample (hard)", "Items in training: held-out (human)",
        ]  # fmt: skip

    def test_bars_of_people_and_both_networks(self) -> None:
        panel = distributions(self.compared()).panels[1]
        assert panel.ticks == ["cat", "dog", "bird"]
        hard = [0.7, 0.2, 0.1]
        assert values(panel) == {"people": [0.6, 0.4, 0], "hard": hard, "human": hard}

    def test_networks_have_the_first_colours(self) -> None:
        people, *networks = distributions(self.compared()).panels[0].series
        assert [one.colour for one in networks] == [0, 1]
        assert people.colour not in (0, 1)

    def test_small_classes_are_left_out(self) -> None:
        sure = np.array([[0.999, 0.001, 0.0]] * 4 + [[0.0, 1.0, 0.0]])
        found = distributions(self.compared(hard=sure, human=sure))
        assert [panel.ticks for panel in found.panels][-1] == ["dog"]

    def test_nothing_in_common(self) -> None:
        other = np.array([[0.0, 0.1, 0.9]] * 5)
        with pytest.raises(InputError, match="have the same first choice"):
            distributions(self.compared(hard=other))


class TestCurves:
    def test_a_line_a_fold(self) -> None:
        found = figure("curves", Results(histories={"a": history()}))
        assert titles(found) == ["loss, nats", "accuracy", "learning rate"]
        loss, accuracy, rate = found.panels
        assert list(values(loss)) == ["fold 0", "fold 1"]
        np.testing.assert_allclose(loss.series[0].y, [1, 1 / 2, 1 / 3])
        np.testing.assert_allclose(accuracy.series[1].y, [0.49, 1 - 1 / 3 - 0.01, 0.74])
        np.testing.assert_allclose(rate.series[0].y, [0.1, 0.01, 0.001])
        assert loss.form == LINES
        assert loss.series[0].x.tolist() == [1, 2, 3]

    def test_a_rate_that_never_changes_is_said_and_not_drawn(self) -> None:
        given = history()
        same = replace(given, learning_rate=np.full(len(given.epoch), 0.1))
        found = figure("curves", Results(histories={"a": same}))
        assert titles(found) == ["loss, nats", "accuracy"]
        assert found.notes[0].endswith("the learning rate was 0.1 throughout.")

    def test_files_are_told_where_there_are_several(self) -> None:
        given = Results(histories={"a": history(1), "b": history(1)})
        assert list(values(figure("curves", given).panels[0])) == ["a, fold 0", "b, fold 0"]

    def test_of_several_files_each_has_a_colour_and_each_fold_a_style(self) -> None:
        given = Results(histories={"a": history(), "b": history()})
        found = figure("curves", given).panels[0].series
        assert [(one.colour, one.dash) for one in found] == [(0, 0), (0, 1), (1, 0), (1, 1)]


class TestEntropy:
    def test_bins(self) -> None:
        names, counts, edges = histogram(np.array([0, 0, 0, 0.1, 1.2, 1.15]))
        np.testing.assert_allclose(edges, np.arange(-1, 13) / 10)
        assert names[:3] == ["0", "0.00–0.10", "0.10–0.20"]
        assert names[-1] == "1.10–1.20"
        assert counts.tolist() == [3, 0, 1, *[0] * 9, 2]

    def test_all_are_unanimous(self) -> None:
        names, counts, edges = histogram(np.zeros(4))
        assert (names, counts.tolist(), edges.tolist()) == (["0"], [4], [-1, 0])

    def test_a_panel_a_file(self) -> None:
        given = Results(labels={"a": labels([[1, 0, 0], [1, 1, 0]]), "b": labels([[1, 1, 1]])})
        found = figure("entropy", given)
        assert [panel.title for panel in found.panels] == ["a", "b"]
        assert [sum(panel.series[0].y) for panel in found.panels] == [2, 1]
        assert found.panels[0].series[0].y[0] == 1


class TestChoice:
    def test_unknown_names_list_the_choices(self) -> None:
        with pytest.raises(InputError, match="--figure: unknown figure 'x': expected one of gen"):
            figure("x", Results())

    @pytest.mark.parametrize("name", FIGURES)
    def test_other_kinds_are_told(self, name: str) -> None:
        with pytest.raises(InputError, match=r"needs only .* files?; found nothing"):
            figure(name, Results())

    def test_a_kind_too_many(self) -> None:
        given = Results(scored=near_and_far().scored, histories={"a": history()})
        says = r"--figure curves needs only history files; found scores \(4\), history"
        with pytest.raises(InputError, match=says):
            figure("curves", given)

    def test_defaults(self) -> None:
        alone = [scored("a", {"conf_right": 0.5, "conf_wrong": 0.4})]
        names = {
            "generalization": near_and_far(),
            "confidence": Results(scored=alone),
            "pgd": attack_results(a=made_attack()),
            "curves": Results(histories={"a": history()}),
            "entropy": Results(labels={"a": labels([[1, 1, 0]])}),
        }
        for name, given in names.items():
            found, left_out = fitting_figures(given)
            assert [one.name for one in found] == [name]
            assert left_out == {}
        assert fitting_figures(attack_results(a=made_attack(steps=1))) == ([], {})

    def test_what_cannot_be_made_is_left_out(self) -> None:
        given = Results([scored("a", {"kl": 0.5})], histories={"a": history()})
        found, left_out = fitting_figures(given)
        assert [one.name for one in found] == ["curves"]
        assert left_out == {
            "confidence": "--figure confidence: no file has conf_right or conf_wrong"
        }

    def test_a_figure_of_each_kind(self) -> None:
        given = replace(
            near_and_far(histories={"a": history()}),
            attacked=attack_results(a=made_attack()).attacked,
        )
        found, _ = fitting_figures(given)
        assert [one.name for one in found] == ["generalization", "pgd", "curves"]

    def test_help_names_all_with_what_there_is_to_know(self) -> None:
        assert names_with_notes() == (
            "generalization, confidence, fit, pgd (of the paper), curves, entropy, reliability, "
            "entropies, confusions (of predictions and labels), or gallery (from predictions, "
            "labels and images, in this order)"
        )


class TestData:
    def test_tables(self) -> None:
        *_, table = figure("generalization", near_and_far()).tables()
        assert table.header == ["data set", "hard", "human"]
        assert [[cell.plain() for cell in row] for row in table.rows] == [
            ["near", "0.5000 (0.4900 to 0.5100)", "0.6000 (0.5900 to 0.6100)"],
            ["far", "0.3000 (0.2900 to 0.3100)", "0.4000 (0.3900 to 0.4100)"],
        ]
        assert "Generalization by data set" in table.notes

    def test_rows_and_json_say_the_same(self) -> None:
        found = figure("generalization", near_and_far())
        rows = {
            (row["series"], row["x"], row["metric"]): [row[key] for key in ("value", "low", "high")]
            for row in found.rows()
        }
        assert len(rows) == 12
        for panel in found.to_json()["panels"]:
            for one in panel["series"]:
                for at, x in enumerate(one["x"]):
                    expected = [one[key][at] for key in ("y", "low", "high")]
                    assert rows[one["name"], x, panel["y"]] == expected


class TestDocs:
    """docs/figures.md."""

    page = Path(__file__).parents[2] / "docs" / "figures.md"

    def test_each_figure_and_table_is_there_twice(self) -> None:
        """From the demo and from CIFAR-10H."""
        text = self.page.read_text(encoding="utf-8")
        for shown in (*(f"--figure {name}" for name in (*FIGURES, *PICTURED)),
                      *(f"--table {name}" for name in TABLES)):  # fmt: skip
            assert len(re.findall(rf"{shown} --format", text)) == 2, shown

    def test_pictures_are_the_files_that_are_there(self) -> None:
        named = re.findall(r"\]\(figures/(.*?)\)", self.page.read_text(encoding="utf-8"))
        assert sorted(named) == sorted(one.name for one in (self.page.parent / "figures").iterdir())

"""``c10h score`` of attack files: before the attack, and after it at each epsilon."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from edits import edited
from made_attacks import LARGE, SMALL, health, made_attack

from c10h import h5, h5_values
from c10h.records import Array, Attack, Lineage, Predictions, Scores, View

from .conftest import Files, Refuse, Run, assert_refused, read_file

BASIC = ("--labels", "labels.h5", "--resamples", "50")
NAMES = ["adv@clean", "adv@4/255", "adv@8/255"]
KNOWN = ("index", "ids", "truth", "fold", "item", "trained", "classes")

pytestmark = pytest.mark.usefixtures("files")


def write(name: str = "adv.h5", **changes: Any) -> Attack:
    """An attack on the 30 items of the labels."""
    record = made_attack(**{"items": 30, **changes})
    h5.write(record, name)
    return record


def names_of(found: Any) -> list[str]:
    return [run["name"] for run in found["runs"]]


class TestRuns:
    def test_before_and_after_each_epsilon(self, files: Files, c10h: Run) -> None:
        record = write()
        found = c10h("score", "adv.h5", *BASIC, "--json").json()
        assert names_of(found) == NAMES
        logits = [record.clean_logits[0], *record.logits[0]]
        for run, values in zip(found["runs"], logits, strict=True):
            right = (np.asarray(values).argmax(axis=1) == files.truth).mean()
            assert run["metrics"]["accuracy"]["value"] == pytest.approx(right)
            assert run["metrics"]["accuracy"]["n"] == 30
        curve = np.asarray(record.loss, "f8")[0]
        means = [curve[0, 0].mean(), curve[0, -1].mean(), curve[1, -1].mean()]
        values = [run["metrics"]["ce_hard"]["value"] for run in found["runs"]]
        assert values == pytest.approx(means, rel=1e-6)

    def test_checks_that_failed_are_told_beside_the_figures(self, c10h: Run) -> None:
        rows = health(
            ("accuracy, worst of all", "", 4 / 255, 0.25, 0),
            ("accuracy, worst of all", "", 8 / 255, 0.125, 1),
            ("answers that change", "", np.nan, 0.5, 0),
        )
        write(health=rows)
        result = c10h("score", "adv.h5", *BASIC)
        shown = " ".join(result.out.split())
        told = "a check of the attack failed: other losses and methods leave only 25.0% correct"
        assert f"warning: adv@4/255: {told}" in shown
        assert "warning: adv@8/255: a check of the attack failed: 50.0% of the images get" in shown
        assert "only 12.5%" not in shown
        assert "adv@clean: a check" not in shown
        notes = c10h("score", "adv.h5", *BASIC, "--json").json()["runs"][1]["notes"]
        assert any(note.startswith(told) for note in notes)

    def test_figures_are_those_of_the_same_logits_as_predictions(self, c10h: Run) -> None:
        record = write(ids=None)
        as_predictions = Predictions(
            logits=np.asarray(record.logits)[:, 1], member=np.array(["m"]), lineage=record.lineage,
            **{name: getattr(record, name) for name in KNOWN},
        )  # fmt: skip
        h5.write(as_predictions, "p.h5")
        line = (*BASIC, "--by", "truth", "--json")
        attacked = c10h("score", "adv.h5", *line).json()["runs"][2]
        alone = c10h("score", "p.h5", *line).json()["runs"][0]
        for run in (attacked, alone):  # an attack was made at the network's own scale
            for metrics in (run["metrics"], *run["strata"].values()):
                for figure in metrics.values():
                    figure["references"].pop("rescaled")
            assert (run.pop("temperature") is None) is (run is attacked)
            assert (run.pop("scale") is None) is (run is attacked)
        # After an attack nobody asks whether its classes are in order.
        assert [note[:27] for note in alone.pop("notes")] == ["warning: p is hardly closer"]
        assert attacked.pop("notes") == []
        assert attacked == {**alone, "name": "adv@8/255"}

    def test_networks_are_in_the_names(self, c10h: Run) -> None:
        record = write(members=2, budgets=(0.5,))
        found = c10h("score", "x=adv.h5", *BASIC, "--members", "--json").json()
        assert names_of(found) == [
            "x/fold-0@clean", "x/fold-0@0.5", "x/fold-1@clean", "x/fold-1@0.5",
        ]  # fmt: skip
        losses = np.asarray(record.loss, "f8")[:, 0][:, [0, -1]].mean(axis=-1)
        values = [run["metrics"]["ce_hard"]["value"] for run in found["runs"]]
        assert values == pytest.approx(losses.ravel().tolist(), rel=1e-5)

    def test_networks_that_were_attacked_apart_are_no_ensemble(
        self, c10h: Run, refuses: Refuse
    ) -> None:
        write(members=2)
        says = "adv: --ensemble applies to predictions: here each network has images of its own"
        refuses("score", "adv.h5", *BASIC, "--ensemble", says=says)
        write(members=1)
        line = ("score", "adv.h5", *BASIC, "--json")
        assert c10h(*line, "--ensemble").out == c10h(*line).out

    def test_networks_without_names_have_numbers(self, c10h: Run) -> None:
        write(members=2, member=None, budgets=(SMALL,))
        found = c10h("score", "adv.h5", *BASIC, "--members", "--json").json()
        assert names_of(found)[::2] == [
            "adv/0@clean", "adv/1@clean",
        ]  # fmt: skip

    def test_large_files_are_read_in_slices(
        self, c10h: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(members=2)
        line = ("score", "adv.h5", *BASIC, "--json")
        expected = c10h(*line).json()
        monkeypatch.setattr(h5_values, "EAGER_BYTES", 0)
        assert c10h(*line).json() == expected

    def test_no_image_is_read(self, c10h: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        write(images=np.zeros((1, 2, 30, 4, 4, 3), "f4"))
        monkeypatch.setattr(h5_values, "EAGER_BYTES", 0)
        make = h5_values.dataset_rows
        seen: list[str] = []

        def spied(dataset: h5py.Dataset, where: str) -> View:
            view = make(dataset, where)

            def read(key: Any) -> Array:
                seen.append(where)
                return view[key]

            return replace(view, read=read)

        monkeypatch.setattr(h5_values, "dataset_rows", spied)
        assert c10h("score", "adv.h5", *BASIC).status == 0
        assert any("logits" in where for where in seen)
        assert not [where for where in seen if "images" in where]

    def test_beside_predictions(self, c10h: Run) -> None:
        write()
        found = c10h("score", "a.npy", "adv.h5", *BASIC, "--json").json()
        assert names_of(found) == ["a", *NAMES]

    def test_stdin(self, files: Files, c10h: Run) -> None:
        write()
        content = files.path("adv.h5").read_bytes()
        piped = c10h("score", "adv=-", *BASIC, "--json", stdin=content)
        assert piped.json() == c10h("score", "adv.h5", *BASIC, "--json").json()


class TestItems:
    def test_differences_are_paired(self, c10h: Run) -> None:
        record = write()
        found = c10h("score", "adv.h5", *BASIC, "--json").json()["differences"]
        losses = [one for one in found if one["metric"] == "ce_hard"]
        assert [(one["a"], one["b"]) for one in losses] == [
            ("adv@4/255", "adv@clean"), ("adv@8/255", "adv@clean"),
        ]  # fmt: skip
        curve = np.asarray(record.loss, "f8")[0]
        for k, one in enumerate(losses):
            rise = (curve[k, -1] - curve[k, 0]).mean()
            assert one["value"] == pytest.approx(rise, rel=1e-5)
            assert one["low"] < one["value"] < one["high"]

    def test_some_items_in_another_order(self, files: Files, c10h: Run) -> None:
        order = np.random.default_rng(0).permutation(30)[:12]
        write(items=12, index=order, truth=files.truth[order])
        found = c10h("score", "adv.h5", *BASIC, "--metrics", "ce_human", "--json").json()
        record = read_file("adv.h5", Attack)
        logits = np.asarray(record.logits, "f8")[0, 0]
        logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        expected = -(files.shares[order] * logs).sum(axis=1).mean()
        assert found["runs"][1]["metrics"]["ce_human"]["value"] == pytest.approx(expected)

    def test_a_truth_of_its_own(self, c10h: Run) -> None:
        write()
        assert names_of(c10h("score", "adv.h5", "--json").json()) == NAMES

    def test_names_of_classes_are_told_once(self, c10h: Run) -> None:
        write(classes=("0", "1", "2"))
        result = c10h("score", "adv.h5", *BASIC)
        assert result.err == (
            "adv@clean, adv@4/255, adv@8/255: 30 items matched with the labels by index\n"
            "adv: has no class names; its columns are read as cat, dog, bird, in order\n"
        )

    def test_a_truth_that_disagrees(self, c10h: Run) -> None:
        write(truth=(np.arange(30) + 1) % 3)
        says = "truth: differs from that of adv@clean on 30 items"
        assert_refused(c10h("score", "adv.h5", *BASIC), says)


class TestInSample:
    item = np.arange(30, dtype="u8")

    def test_networks_that_saw_an_item(self, c10h: Run) -> None:
        trained = {"item": self.item[17:19], "fold": np.full(2, -1, "i2")}
        write(item=self.item, trained=trained)
        says = ["adv@clean: the network was trained on 2 of these 30 items", "--in-sample"]
        assert_refused(c10h("score", "adv.h5", *BASIC), says)
        found = c10h("score", "adv.h5", *BASIC, "--in-sample", "--json").json()
        assert [run["training_items"] for run in found["runs"]] == ["in-sample"] * 3

    @pytest.mark.parametrize("wrong", [False, True])
    def test_items_of_folds(self, c10h: Run, wrong: bool) -> None:
        fold = (np.arange(30) % 2).astype("i2")
        trained = {"item": self.item, "fold": fold}
        write(item=self.item, fold=fold[::-1].copy() if wrong else fold, trained=trained)
        result = c10h("score", "adv.h5", *BASIC, "--json")
        if wrong:
            assert_refused(result, "adv@clean: the network was trained on 30 of these 30 items")
        else:
            assert {run["training_items"] for run in result.json()["runs"]} == {"held-out"}

    def test_each_network_has_a_fold(self, c10h: Run) -> None:
        trained = {"item": self.item, "fold": np.full(30, 1, "i2")}  # all but fold 1's saw them
        changes: dict[str, Any] = {"members": 2, "item": self.item, "trained": trained}
        write(**changes, member_fold=np.array([1, 1], "i2"))
        assert c10h("score", "adv.h5", *BASIC).status == 0
        write(**changes, member_fold=np.array([1, 0], "i2"))
        says = "adv@clean/fold-1: the network was trained on 30 of these 30 items"
        assert_refused(c10h("score", "adv.h5", *BASIC), says)


class TestOutput:
    def test_the_lineage_has_the_file_once(self, files: Files, c10h: Run) -> None:
        write()
        c10h("score", "adv.h5", *BASIC, "-o", "s.h5")
        scores = read_file("s.h5", Scores)
        assert scores.lineage is not None
        first, second = scores.lineage.inputs
        digest = hashlib.sha256(files.path("adv.h5").read_bytes()).hexdigest()
        assert (first.role, first.name, first.kind) == ("attack adv", "adv.h5", "attack")
        assert first.sha256 == digest
        assert first.lineage is not None
        assert first.lineage.command == "c10h attack"
        assert second.role == "labels"

    def test_a_gate_holds_for_some(self, c10h: Run) -> None:
        write()
        found = c10h("score", "adv.h5", *BASIC, "--json").json()["runs"]
        values = [run["metrics"]["ce_hard"]["value"] for run in found]
        bound = (values[1] + values[2]) / 2
        result = c10h("score", "adv.h5", *BASIC, "--fail-if", f"ce_hard>{bound}")
        assert result.status == 3
        last = result.err.splitlines()[-1]
        assert last.startswith("error: adv@8/255: ce_hard = ")
        assert "adv@4/255" not in last

    def test_every_item_and_report(self, c10h: Run) -> None:
        record = write()
        c10h("score", "--detail", "adv.h5", *BASIC, "--per-item", "-o", "s.h5")
        scores = read_file("s.h5", Scores)
        assert scores.per_item is not None
        np.testing.assert_array_equal(scores.per_item[2, 0], np.asarray(record.correct)[0, 1, -1])
        out = c10h("report", "--detail", "s.h5", "--baseline", "adv@clean").out
        assert [line.split()[0] for line in out.splitlines()[3:6]] == NAMES


class TestRefusals:
    def test_logits_that_are_not_finite(self, c10h: Run) -> None:
        logits = np.asarray(made_attack(items=30).logits).copy()
        logits[0, 1, 5, 2] = np.nan
        write(logits=logits)
        says = "adv.h5: row 5: expected a finite logit (or probability) for every class"
        assert_refused(c10h("score", "adv.h5", *BASIC), says)

    def test_a_class_that_there_is_not(self, c10h: Run) -> None:
        write()
        with edited("adv.h5") as file:
            file["truth"][...] = 3
        says = "adv.h5: truth: row 0: expected -1 to 2, found 3"
        assert_refused(c10h("score", "adv.h5", *BASIC), says)

    @pytest.mark.parametrize("epsilon", [np.nan, np.inf])
    def test_a_size_that_is_none(self, c10h: Run, epsilon: float) -> None:
        write(epsilon=np.array([SMALL, epsilon]))
        says = "adv.h5: epsilon: expected one or more finite numbers"
        assert_refused(c10h("score", "adv.h5", *BASIC), says)

    def test_no_sizes(self, c10h: Run) -> None:
        write(budgets=())
        says = "adv.h5: epsilon: expected one or more finite numbers"
        assert_refused(c10h("score", "adv.h5", *BASIC), says)

    def test_a_size_twice(self, c10h: Run) -> None:
        write(epsilon=np.array([LARGE, LARGE]))
        assert_refused(c10h("score", "adv.h5", *BASIC), "two runs are called 'adv@8/255'")

    def test_a_name_that_is_a_runs(self, files: Files, c10h: Run) -> None:
        write()
        result = c10h("score", "adv.h5", "adv@clean=a.npy", *BASIC)
        assert_refused(result, "two runs are called 'adv@clean'")

    def test_other_classes(self, c10h: Run) -> None:
        write(classes=("cat", "dog", "fish"))
        assert_refused(c10h("score", "adv.h5", *BASIC), "no class is called 'fish'")

    @pytest.mark.parametrize(
        "line",
        [
            ["labels", "build", "adv.h5", "--as", "distill"],
            ["score", "a.npy", "--labels", "adv.h5"],
        ],
        ids=lambda line: line[0],
    )
    def test_in_another_place(self, c10h: Run, line: list[str]) -> None:
        write(lineage=Lineage(command="c10h attack"))
        assert_refused(c10h(*line, "-o", "out.h5"), "adv.h5: expected kind ")
        assert not Path("out.h5").exists()

"""``c10h score``: its figures, its JSON, its gates, its file."""

from __future__ import annotations

import hashlib
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import softmax

from c10h import h5
from c10h.files import HDF5
from c10h.metrics.metrics import METRICS, choose
from c10h.records import Array, Predictions, Scores

from .conftest import CLASSES, Files, Refuse, Run, assert_refused, read_file

BASIC = ("--labels", "labels.h5", "--resamples", "50")
FIGURE = ["value", "low", "high", "n", "ceilings", "why", "references", "over_networks", "mixed"]
DIFFERENCE = ["metric", "a", "b", "value", "low", "high"]

pytestmark = pytest.mark.usefixtures("files")


def log_softmax(logits: Array) -> Array:
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def metrics_of(printed: Any, run: int = 0) -> Any:
    return printed["runs"][run]["metrics"]


class TestJson:
    """Scripts rely on its keys."""

    def test_keys(self, c10h: Run) -> None:
        printed = c10h("score", "a.npy", "b.npy", *BASIC, "--by", "truth", "--json").json()
        assert list(printed) == ["runs", "differences"]
        for run in printed["runs"]:
            assert [key for key in run if key in ("name", "metrics", "strata")] == [
                "name", "metrics", "strata",
            ]  # fmt: skip
            for metrics in (run["metrics"], *run["strata"].values()):
                assert list(metrics) == list(METRICS)
                assert all(list(figure) == FIGURE for figure in metrics.values())
        assert [list(difference)[:6] for difference in printed["differences"]] == [
            DIFFERENCE
        ] * len(METRICS)

    def test_the_other_keys(self, c10h: Run) -> None:
        printed = c10h("score", "a.npy", "b.npy", *BASIC, "--json").json()
        more = {"network", "training", "data", "training_items", "notes", "temperature", "scale",
                "seed", "networks", "combined"}  # fmt: skip
        assert {key for run in printed["runs"] for key in run} - {
            "name",
            "metrics",
            "strata",
        } == more
        assert {key for difference in printed["differences"] for key in difference} - set(
            DIFFERENCE
        ) == {"why", "at_equal_scale", "over_networks", "mixed", "data"}

    def test_references(self, c10h: Run) -> None:
        run = c10h("score", "a.npy", *BASIC, "--json").json()["runs"][0]
        assert list(run["temperature"]) == ["value", "spread"]
        assert list(run["scale"]) == ["value", "low", "high", "why"]
        references = run["metrics"]["ce_human"]["references"]
        assert list(references) == ["rescaled", "first_choice", "no_uncertainty"]
        for figure in references.values():
            assert list(figure) == ["value", "low", "high", "why", "difference"]
        assert references["no_uncertainty"]["value"] is None
        assert references["no_uncertainty"]["why"] == "infinite where a probability is 0"

    def test_differences_at_equal_scale(self, files: Files, c10h: Run) -> None:
        files.save("sharp.npy", 3 * files.logits["a"])
        line = [
            "score",
            "a.npy",
            "sharp.npy",
            *BASIC,
            "--logits",
            "--json",
            "--metrics",
            "ce_human",
        ]
        (difference,) = c10h(*line).json()["differences"]
        assert difference["low"] > 0
        scaled = difference["at_equal_scale"]
        assert list(scaled) == ["value", "low", "high", "why", "over_networks", "mixed"]
        assert [scaled["value"], scaled["low"], scaled["high"]] == pytest.approx(
            [0, 0, 0], abs=1e-5
        )

    def test_none_are_asked_for(self, c10h: Run) -> None:
        printed = c10h("score", "a.npy", "b.npy", *BASIC, "--rescale", "none", "--json").json()
        for run in printed["runs"]:
            assert (run["temperature"], run["scale"]) == (None, None)
            assert all(figure["references"] == {} for figure in run["metrics"].values())
        why = "one of the runs was scored without references"
        scaled = {each["metric"]: each["at_equal_scale"]["why"] for each in printed["differences"]}
        assert scaled.pop("accuracy_top5") == "needs more than 5 classes"
        assert set(scaled.values()) == {why}

    def test_what_can_be_fitted(self, c10h: Run) -> None:
        result = c10h("score", "a.npy", *BASIC, "--rescale", "dogs")
        assert result.status == 2
        assert "--rescale" in result.err
        result = c10h("score", "a.npy", "--truth", "truth.npy", "--rescale", "people")
        assert "a: --rescale people needs human labels (--labels)" in result.err
        assert result.status == 1

    def test_figures(self, files: Files, c10h: Run) -> None:
        metrics = metrics_of(c10h("score", "a.npy", *BASIC, "--json").json())
        logs = log_softmax(files.logits["a"])
        wanted = {
            "accuracy": (logs.argmax(axis=1) == files.truth).mean(),
            "ce_hard": -logs[np.arange(30), files.truth].mean(),
            "ce_human": -(files.shares * logs).sum(axis=1).mean(),
            "brier_human": ((np.exp(logs) - files.shares) ** 2).sum(axis=1).mean(),
        }
        for name, value in wanted.items():
            figure = metrics[name]
            assert figure["value"] == pytest.approx(value, rel=1e-12)
            assert figure["low"] < value < figure["high"]
            assert (figure["n"], figure["why"]) == (30, None)

    def test_ceilings_are_named_by_method(self, c10h: Run) -> None:
        metrics = metrics_of(c10h("score", "a.npy", *BASIC, "--json").json())
        assert set(metrics["ce_human"]["ceilings"]) == {"plug-in", "miller-madow"}
        assert set(metrics["accuracy"]["ceilings"]) == {"leave-one-vote-out"}
        assert set(metrics["sba"]["ceilings"]) == {"split-half-10"}
        assert metrics["ce_hard"]["ceilings"] == {}

    def test_a_ratio_without_a_denominator(self, files: Files, c10h: Run) -> None:
        files.save("right.npy", 9.0 * np.eye(3)[files.truth])
        metrics = metrics_of(c10h("score", "right.npy", *BASIC, "--logits", "--json").json())
        assert metrics["accuracy"]["value"] == 1
        assert metrics["conf_wrong"]["value"] is None
        assert metrics["conf_wrong"]["why"] == "the model is wrong on no item"

    def test_infinity_is_a_string(self, files: Files, c10h: Run) -> None:
        files.save("people.npy", files.shares)  # as close as infinitely many annotators
        result = c10h("score", "people.npy", *BASIC, "--json")
        assert metrics_of(result.json())["equivalent_annotators"]["value"] == "inf"
        table = c10h("score", "people.npy", *BASIC).out
        assert " inf " in next(line for line in table.splitlines() if "equivalent" in line)


def test_runs_that_are_not_paired_are_rescaled_too(files: Files, c10h: Run) -> None:
    np.savez("some.npz", logits=files.logits["b"][:20], ids=np.arange(20))
    np.savez("votes.npz", votes=files.counts, ids=np.arange(30))
    line = ("score", "a.npy", "some.npz", "--labels", "votes.npz")
    result = c10h(*line, "--json")
    first, second = (
        run["metrics"]["ce_human"]["references"]["rescaled"]["value"]
        for run in result.json()["runs"]
    )
    shown = " ".join(c10h(*line).out.split())
    assert f"Rescaled, ce_human: a {first:.3f}, some {second:.3f}" in shown


def test_first_choices_stand_below_two_runs(c10h: Run) -> None:
    alone = c10h("score", "b.npy", "--labels", "labels.h5", "--json").json()["runs"][0]
    value = alone["metrics"]["ce_human"]["references"]["first_choice"]["value"]
    shown = " ".join(c10h("score", "a.npy", "b.npy", "--labels", "labels.h5").out.split())
    assert "First choices alone, ce_human: a " in shown
    assert f", b {value:.3f}" in shown


def test_what_people_reach_stands_below_two_runs(c10h: Run) -> None:
    """The figures are those of a single run's own column."""
    alone = c10h("score", "a.npy", "--labels", "labels.h5", "--json").json()["runs"][0]
    own = list(alone["metrics"]["ce_human"]["ceilings"].values())[-1]
    shown = " ".join(c10h("score", "a.npy", "b.npy", "--labels", "labels.h5").out.split())
    assert "People's own: " in shown
    assert f"ce_human {own:.3f}" in shown


class TestSeveralRuns:
    def test_differences_are_against_the_first(self, c10h: Run) -> None:
        printed = c10h("score", "a.npy", "b.npy", *BASIC, "--json", "-o", "s.h5").json()
        difference = next(
            difference
            for difference in printed["differences"]
            if difference["metric"] == "ce_human"
        )
        assert (difference["a"], difference["b"], difference["why"]) == ("b", "a", None)
        value_a, value_b = (metrics_of(printed, run)["ce_human"]["value"] for run in (0, 1))
        assert difference["value"] == pytest.approx(value_b - value_a, rel=1e-12)
        samples = read_file(Path("s.h5"), Scores).samples[:, list(METRICS).index("ce_human"), 0]
        drawn = samples[1].astype("f8") - samples[0]
        ends = np.quantile(drawn, [0.025, 0.975], method="inverted_cdf").tolist()
        assert [difference["low"], difference["high"]] == pytest.approx(ends, rel=1e-5)

    def test_a_difference_of_nothing(self, c10h: Run) -> None:
        line = [
            "score",
            "x=a.npy",
            "y=a.npy",
            "--truth",
            "truth.npy",
            "--resamples",
            "50",
            "--json",
        ]
        by_metric = {
            difference["metric"]: difference for difference in c10h(*line).json()["differences"]
        }
        assert [by_metric["accuracy"][key] for key in ("value", "low", "high")] == [0, 0, 0]
        assert by_metric["kl"]["value"] is None
        assert by_metric["kl"]["why"] == "needs human labels (--labels)"

    def test_names(self, c10h: Run) -> None:
        printed = c10h("score", "hard=a.npy", "./b.npy", *BASIC, "--json").json()
        assert [run["name"] for run in printed["runs"]] == ["hard", "b"]

    def test_a_name_that_is_taken(self, files: Files, c10h: Run) -> None:
        (files.folder / "other").mkdir()
        files.save("other/a.npy", files.logits["b"])
        says = "two runs are called 'a': name them with NAME=FILE"
        assert_refused(c10h("score", "a.npy", "other/a.npy", *BASIC), says)
        assert_refused(c10h("score", "x=a.npy", "x=b.npy", *BASIC), "two runs are called 'x'")

    def test_a_file_with_an_equals_sign(self, files: Files, c10h: Run) -> None:
        files.save("lr=0.1.npy", files.logits["a"])
        assert c10h("score", "lr=0.1.npy", *BASIC, "--json").json()["runs"][0]["name"] == "lr=0.1"

    def test_an_ensemble_is_the_mean_prediction(self, files: Files, c10h: Run) -> None:
        logits = np.stack([files.logits["a"], files.logits["b"], 3 * files.logits["a"]])
        files.save("m.npy", logits)
        line = ("score", "m.npy", *BASIC, "--metrics", "ce_human", "--json")
        together = c10h(*line, "--ensemble").json()["runs"][0]
        mean = softmax(logits.astype("f8"), axis=2).mean(axis=0)
        people = files.counts / files.counts.sum(axis=1, keepdims=True)
        wanted = -(people * np.log(mean)).sum(axis=1).mean()
        assert together["metrics"]["ce_human"]["value"] == pytest.approx(wanted, rel=1e-9)
        assert together["networks"] == []
        alone = c10h(*line).json()["runs"][0]
        assert alone["metrics"]["ce_human"]["value"] > wanted + 0.01
        assert "score --ensemble: of their mean prediction" in c10h("score", "m.npy", *BASIC).out

    def test_an_ensemble_of_one_is_the_network(self, c10h: Run) -> None:
        line = ("score", "a.npy", *BASIC, "--json")
        assert c10h(*line, "--ensemble").out == c10h(*line).out

    def test_an_ensemble_or_its_members(self, c10h: Run) -> None:
        line = ("score", "a.npy", *BASIC, "--ensemble", "--members")
        assert_refused(c10h(*line), "--members and --ensemble: one or the other")

    def test_members_of_one_name(self, files: Files, c10h: Run) -> None:
        logits = np.stack([files.logits["a"], files.logits["b"]]).astype("f4")
        files.predictions("p.h5", logits=logits, member=np.array(["m", "m"]))
        files.save("s.h5", "old")
        result = c10h("score", "p.h5", *BASIC, "-o", "s.h5", "--force")
        assert_refused(result, "two networks are called 'p/m'")
        assert files.path("s.h5").read_text() == "old"

    def test_logits_and_probabilities_side_by_side(self, files: Files, c10h: Run) -> None:
        files.save("probs.npy", np.eye(3)[files.truth])
        result = c10h("score", "a.npy", "probs.npy", "--labels", "counts.npy", "--json")
        assert "warning: logits and probabilities side by side" in result.err
        notes = result.json()["runs"][1]["notes"]
        assert notes[0].startswith("60 probabilities of 0, raised to 1.2e-38")
        files.save("probs.npy", 0.1 + 0.7 * np.eye(3)[files.truth])
        result = c10h("score", "a.npy", "probs.npy", "--labels", "counts.npy")
        assert "side by side" not in result.err


class TestItems:
    def test_the_truth_of_some_items_only(self, c10h: Run) -> None:
        Path("p.csv").write_text("file,cat,dog\na,2,-1\nb,1,-1\nc,-1,3\n")
        Path("y.csv").write_text("file,label\nc,dog\na,dog\n")
        line = ["score", "p.csv", "--truth", "y.csv", "--metrics", "accuracy", "--json"]
        printed = c10h(*line, "--resamples", "0").json()
        figure = metrics_of(printed)["accuracy"]
        assert (figure["value"], figure["n"]) == (0.5, 2)
        assert "1 of 3 items have no true class and are left out" in str(
            printed["runs"][0]["notes"]
        )

    def test_items_left_out_of_the_labels_excuse_no_others(
        self, c10h: Run, refuses: Refuse
    ) -> None:
        Path("v.csv").write_text("file,cat,dog\na,4,1\nb,1,4\nc,0,0\n")
        votes = ("--columns", "cat,dog", "--min-votes", "1")
        assert c10h("labels", "build", "v.csv", *votes, "-o", "v.h5").status == 0
        Path("p.csv").write_text("file,cat,dog\na,2,-1\nb,1,-1\nc,-1,3\n")
        line = ("score", "p.csv", "--labels", "v.h5", "--resamples", "0")
        assert "p: 2 of 3 items matched with the labels by ids" in c10h(*line).err
        Path("p.csv").write_text("file,cat,dog\na,2,-1\nB,1,-1\nc,-1,3\n")
        refuses(*line, says="2 of 3 ids are not in the labels (2 items), the first is 'B'")
        skipped = c10h(*line, "--skip-unlabeled")
        assert "p: 1 of 3 items matched with the labels by ids" in skipped.err
        assert "Items: 1" in skipped.out

    @pytest.mark.parametrize("name", ["ids", "index"])
    def test_whole_numbers_beside_arrays_are_names(
        self, files: Files, c10h: Run, name: str, random: np.random.Generator
    ) -> None:
        """Predictions of some items, and votes of all or of these, each in an order of its own."""
        size = len(files.counts)
        chosen = random.permutation(size)[: size // 2]
        moved = random.permutation(chosen)
        np.savez("p.npz", logits=files.logits["a"][chosen], **{name: chosen})  # type: ignore[arg-type]
        np.savez("some.npz", votes=files.counts[moved], **{name: moved})  # type: ignore[arg-type]
        np.savez("all.npz", votes=files.counts, **{name: np.arange(size)})  # type: ignore[arg-type]
        wanted = -(files.shares * log_softmax(files.logits["a"].astype("f8"))).sum(axis=1)
        for votes in ("some.npz", "all.npz"):
            line = ("score", "p.npz", "--labels", votes, "--metrics", "ce_human", "--json")
            result = c10h(*line, "--resamples", "0")
            assert "matched with the labels by ids" in result.err
            found = metrics_of(result.json())["ce_human"]["value"]
            assert found == pytest.approx(wanted[chosen].mean(), rel=1e-6)

    def test_common_items(self, files: Files, c10h: Run, refuses: Refuse) -> None:
        """Of two runs with some items each, in orders of their own, those that both have."""
        size = len(files.counts)
        names = np.array([f"i{number}" for number in range(size)])
        first, second = np.arange(10, size)[::-1], np.arange(18)
        np.savez("votes.npz", votes=files.counts, ids=names)
        for name, rows in (("a", first), ("b", second)):
            np.savez(f"{name}.npz", logits=files.logits[name][rows], ids=names[rows])
        line = ("score", "a.npz", "b.npz", "--labels", "votes.npz", "--metrics", "ce_human")
        result = c10h(*line)
        assert "Runs have different items or labels (score --common" in " ".join(result.out.split())
        result = c10h(*line, "--common", "--json", "-o", "s.h5")
        both = np.intersect1d(first, second)
        for run, name, left_out in zip(result.json()["runs"], "ab", (12, 10), strict=True):
            logs = log_softmax(files.logits[name].astype("f8"))
            wanted = -(files.shares * logs).sum(axis=1)[both].mean()
            assert run["metrics"]["ce_human"]["value"] == pytest.approx(wanted, rel=1e-6)
            assert run["metrics"]["ce_human"]["n"] == len(both)
            assert f"{left_out} of {len(both) + left_out} items are not in all runs" in result.err
        (difference,) = result.json()["differences"]
        assert difference["value"] is not None
        lineage = read_file("s.h5", Scores).lineage
        assert lineage is not None
        assert lineage.options["common"]
        np.savez("b.npz", logits=files.logits["b"][:9], ids=names[:9])
        refuses(*line, "--common", says="--common: no item that a, b all have")

    def test_common_items_of_runs_with_nothing_but_their_own_truth(
        self, files: Files, refuses: Refuse
    ) -> None:
        for name, size in (("p", 20), ("q", 12)):
            logits = files.logits["a"][None, :size].astype("f4")
            own = Predictions(
                classes=CLASSES, logits=logits, member=np.array(["m"]), truth=files.truth[:size]
            )
            h5.write(own, f"{name}.h5")
        refuses("score", "p.h5", "q.h5", "--common", says="--common needs --labels or --truth")

    def test_names_that_nobody_has_are_no_unlabeled_items(self, c10h: Run, refuses: Refuse) -> None:
        Path("v.csv").write_text("file,cat,dog\na,4,1\nb,1,4\n")
        Path("p.csv").write_text("file,cat,dog\nx,2,-1\ny,1,-1\n")
        line = ("score", "p.csv", "--labels", "v.csv", "--columns", "cat,dog")
        refuses(*line, "--skip-unlabeled", says="2 of 2 ids are not in the labels")

    def test_a_truth_by_numbers_that_may_begin_at_1_is_not_matched(self, c10h: Run) -> None:
        Path("p.csv").write_text("cat,dog\n2,-1\n1,-1\n-1,3\n")
        Path("v.csv").write_text("cat,dog\n3,1\n2,2\n1,3\n")
        Path("y.csv").write_text("id,label\n1,cat\n2,dog\n")
        result = c10h("score", "p.csv", "--labels", "v.csv", "--truth", "y.csv")
        assert_refused(result, "3 items in the labels and 2 in the truth, and no index or ids")

    def test_items_of_the_training_set(self, files: Files, c10h: Run) -> None:
        item = np.arange(30, dtype="u8")
        trained = {"item": item[17:19], "fold": np.full(2, -1, "i2")}
        files.predictions("p.h5", item=item, trained=trained)
        says = ["p: the network was trained on 2 of these 30 items", "--in-sample"]
        assert_refused(c10h("score", "p.h5", *BASIC), says)
        printed = c10h("score", "p.h5", *BASIC, "--json", "--in-sample").json()
        assert printed["runs"][0]["training_items"] == "in-sample"


class TestTruthOfSome:
    def test_a_file_that_contradicts_itself(self, files: Files, c10h: Run) -> None:
        right = np.eye(3, dtype=np.uint8)[(files.truth + 1) % 3]
        files.labels("wrong.h5", right=right)
        says = "truth: row 0: expected"
        assert_refused(c10h("score", "a.npy", "--labels", "wrong.h5"), says)


class TestGates:
    def test_a_gate_that_holds(self, c10h: Run) -> None:
        figure = metrics_of(c10h("score", "a.npy", *BASIC, "--json").json())["ce_human"]
        result = c10h("score", "a.npy", *BASIC, "--fail-if", "ce_human>0.25", "--json")
        assert result.status == 3
        last = result.err.splitlines()[-1]
        ends = f"{figure['low']:.4f} to {figure['high']:.4f}"
        assert last == f"error: a: ce_human = {figure['value']:.4f} ({ends}) > 0.25"
        assert result.out == c10h("score", "a.npy", *BASIC, "--json").out

    @pytest.mark.parametrize(
        ("gate", "status"),
        [
            ("accuracy<=1", 3), ("accuracy >= 0", 3), ("accuracy<0", 0), ("accuracy>1", 0),
            (" ce_human > 1e3", 0), ("ce_human<inf", 3), ("entropy_corr<-1.5", 0),
        ],
    )  # fmt: skip
    def test_operators(self, c10h: Run, gate: str, status: int) -> None:
        assert c10h("score", "a.npy", *BASIC, "--fail-if", gate).status == status

    def test_every_gate_and_run_that_holds_is_told(self, c10h: Run) -> None:
        gates = ("--fail-if", "accuracy<2", "--fail-if", "ce_hard>0", "--fail-if", "kl<0")
        result = c10h("score", "a.npy", "b.npy", *BASIC, *gates)
        last = result.err.splitlines()[-1]
        assert [part.split(" = ")[0] for part in last.removeprefix("error: ").split("; ")] == [
            "a: accuracy", "b: accuracy", "a: ce_hard", "b: ce_hard",
        ]  # fmt: skip

    def test_the_results_are_written_all_the_same(self, files: Files, c10h: Run) -> None:
        result = c10h("score", "--detail", "a.npy", *BASIC, "--fail-if", "accuracy<2", "-o", "s.h5")
        assert result.status == 3
        assert read_file(files.path("s.h5"), Scores).run.tolist() == ["a"]
        assert result.out.startswith("a compared with labels.h5")

    def test_a_gate_that_cannot_be_checked_does_not_pass(self, c10h: Run) -> None:
        line = ["score", "a.npy", "--truth", "truth.npy", "--fail-if", "ce_human>9", "--json"]
        result = c10h(*line)
        says = "--fail-if ce_human: a has no value: needs human labels (--labels)"
        assert (result.status, result.err.splitlines()[-1]) == (1, f"error: {says}")

    def test_a_gate_adds_its_metric_to_those_that_are_chosen(self, c10h: Run) -> None:
        line = ["--metrics", "accuracy", "--fail-if", "kl>99", "--json"]
        assert list(metrics_of(c10h("score", "a.npy", *BASIC, *line).json())) == ["accuracy", "kl"]

    def test_a_gate_of_another_k_is_computed(self, c10h: Run) -> None:
        found = c10h("score", "a.npy", *BASIC, "--fail-if", "accuracy_top2<0", "--json")
        assert list(metrics_of(found.json())) == choose([*METRICS, "accuracy_top2"])
        assert c10h("score", "a.npy", *BASIC, "--fail-if", "accuracy_top2<2").status == 3
        gate = ["--top", "2", "--fail-if", "accuracy_top2<0"]
        printed = c10h("score", "a.npy", *BASIC, *gate, "--json").json()
        assert list(metrics_of(printed)) == choose([], top=2)

    def test_infinity(self, files: Files, c10h: Run) -> None:
        files.save("people.npy", files.shares)
        gate = ["--fail-if", "equivalent_annotators>1000"]
        result = c10h("score", "people.npy", *BASIC, *gate)
        assert result.status == 3
        assert "equivalent_annotators = inf" in result.err


class TestOptions:
    @pytest.mark.parametrize(
        "options", [["--metrics", "sba,accuracy"], ["--metrics", "sba", "--metrics", "accuracy"]]
    )
    def test_metrics_are_chosen(self, c10h: Run, options: list[str]) -> None:
        printed = c10h("score", "a.npy", *BASIC, *options, "--json").json()
        assert list(metrics_of(printed)) == ["accuracy", "sba"]

    def test_another_k_of_the_best_k(self, files: Files, c10h: Run) -> None:
        place = np.argsort(np.argsort(-files.logits["a"]), axis=1)
        right = place[np.arange(len(place)), files.truth] < 2
        printed = c10h("score", "a.npy", *BASIC, "--top", "2", "--json", "-o", "s.h5").json()
        assert list(metrics_of(printed)) == [
            "accuracy_top2" if name == "accuracy_top5" else name for name in METRICS
        ]
        assert metrics_of(printed)["accuracy_top2"]["value"] == pytest.approx(right.mean())
        scores = read_file(files.path("s.h5"), Scores)
        assert scores.lineage is not None
        assert scores.lineage.options == {"top": 2, "resamples": 50}
        few = c10h("score", "a.npy", *BASIC, "--top", "2", "--metrics", "kl", "--json").json()
        assert list(metrics_of(few)) == ["accuracy_top2", "kl"]
        named = c10h("score", "a.npy", *BASIC, "--metrics", "accuracy_top2,kl", "--json").json()
        assert metrics_of(named) == metrics_of(few)
        shown = c10h("report", "s.h5", "--metrics", "accuracy_top2", "--format", "html").out
        assert "among the 2 classes with the highest q. Higher is better." in shown
        assert "--top 2" in c10h("report", "s.h5", "--script").out

    def test_k_of_fewer_classes(self, c10h: Run) -> None:
        result = c10h("score", "--detail", "a.npy", *BASIC, "--top", "3")
        assert "Not computed, needs more than 3 classes: accuracy_top3" in result.out

    def test_list_metrics_needs_no_file(self, c10h: Run) -> None:
        result = c10h("score", "--list-metrics")
        assert result.status == 0
        assert [line.split()[0] for line in result.out.splitlines()] == ["metric", *METRICS]

    def test_tags(self, files: Files, c10h: Run) -> None:
        tags = ("--tag", "network=resnet 110", "--tag", "training=human", "--tag", "data=v4")
        run = c10h("score", "a.npy", *BASIC, *tags, "--json", "-o", "s.h5").json()["runs"][0]
        assert [run[key] for key in ("network", "training", "data")] == [
            "resnet 110",
            "human",
            "v4",
        ]
        scores = read_file(files.path("s.h5"), Scores)
        assert scores.network.tolist() == ["resnet 110"]
        assert scores.lineage is not None
        assert scores.lineage.options["tag"] == list(tags[1::2])

    def test_per_item(self, files: Files, c10h: Run) -> None:
        c10h("score", "a.npy", "b.npy", *BASIC, "--per-item", "-o", "s.h5")
        scores = read_file(files.path("s.h5"), Scores)
        assert scores.per_item is not None
        for run, name in enumerate("ab"):
            right = files.logits[name].argmax(axis=1) == files.truth
            np.testing.assert_array_equal(scores.per_item[run, 0], right)
        human = -(files.shares * log_softmax(files.logits["a"])).sum(axis=1)
        column = list(METRICS).index("ce_human")
        np.testing.assert_allclose(scores.per_item[0, column], human, rtol=1e-6)
        assert np.isnan(scores.per_item[:, list(METRICS).index("aurc")]).all()

    def test_no_values_of_items_unless_asked(self, files: Files, c10h: Run) -> None:
        c10h("score", "a.npy", *BASIC, "-o", "s.h5")
        assert read_file(files.path("s.h5"), Scores).per_item is None

    def test_a_seed_changes_intervals_only(self, c10h: Run) -> None:
        lines = [["score", "a.npy", *BASIC, "--json", "--seed", seed] for seed in ("0", "1", "1")]
        first, second, again = (metrics_of(c10h(*line).json())["ce_human"] for line in lines)
        assert first["value"] == second["value"]
        assert first["low"] != second["low"]
        assert second == again

    def test_no_resamples(self, c10h: Run) -> None:
        line = ["score", "a.npy", "b.npy", "--labels", "labels.h5", "--resamples", "0", "--json"]
        printed = c10h(*line).json()
        figure = metrics_of(printed)["ce_human"]
        assert figure["value"] > 0
        assert (figure["low"], figure["high"]) == (None, None)
        assert printed["differences"][0]["low"] is None

    def test_columns_of_a_wide_table(self, files: Files, c10h: Run) -> None:
        rows = [
            f"{k},img {k}.png," + ",".join(map(repr, row))
            for k, row in enumerate(files.logits["a"].tolist())
        ]
        files.save("wide.csv", "\n".join(["id,file,cat,dog,bird", *rows]))
        line = ["--columns", "2:5", "--json"]
        printed = c10h("score", "a=wide.csv", *BASIC, *line).json()
        assert metrics_of(printed) == metrics_of(c10h("score", "a.npy", *BASIC, "--json").json())
        assert "ids from column 'file'; left out: 'id'" in c10h("score", "wide.csv", *BASIC).err


class TestOutput:
    def test_the_file_holds_what_the_json_says(self, files: Files, c10h: Run) -> None:
        printed = c10h("score", "a.npy", *BASIC, "--by", "truth", "--json", "-o", "s.h5").json()
        scores = read_file(files.path("s.h5"), Scores)
        assert scores.stratum.tolist() == ["all", *printed["runs"][0]["strata"]]
        for column, name in enumerate(scores.metric.tolist()):
            figure = metrics_of(printed)[name]
            if name == "accuracy_top5":  # of three classes
                assert figure["value"] is None
                assert scores.why[0, column, 0] == figure["why"] == "needs more than 5 classes"
                continue
            assert figure["value"] == pytest.approx(float(scores.value[0, column, 0]))
            assert figure["n"] == scores.n[0, column, 0]
        assert scores.samples.shape == (1, len(METRICS), 4, 50)

    def test_the_table_goes_to_stderr_when_the_file_goes_to_stdout(
        self, files: Files, c10h: Run
    ) -> None:
        line = ["score", "a.npy", "--labels", "counts.npy", "--resamples", "50"]
        result = c10h(*line, "-o", "-")
        assert result.stdout.startswith(HDF5)
        assert result.err.endswith(c10h(*line).out)
        c10h(*line, "-o", "s.h5")
        assert files.path("s.h5").read_bytes() == result.stdout

    def test_the_same_command_gives_the_same_file(self, files: Files, c10h: Run) -> None:
        line = [
            "score",
            "a.npy",
            "b.npy",
            *BASIC,
            "--by",
            "human-entropy",
            "--per-item",
            "-o",
            "s.h5",
        ]
        hashes = set()
        for _ in range(2):
            assert c10h(*line, "--force").status == 0
            hashes.add(hashlib.sha256(files.path("s.h5").read_bytes()).hexdigest())
        assert len(hashes) == 1

    def test_lineage_has_no_paths(self, files: Files, c10h: Run) -> None:
        options = ["--by", "truth", "--tag", "network=x", "--seed", "5", "--resamples", "0"]
        line = ["score", f"run={files.path('a.npy')}", "--truth", files.path("truth.npy"), *options]
        c10h(*line, "--labels", files.path("labels.h5"), "-o", files.path("s.h5"))
        lineage = read_file(files.path("s.h5"), Scores).lineage
        assert lineage is not None
        assert (lineage.command, lineage.seed) == ("c10h score", 5)
        assert lineage.options == {"by": "truth", "tag": ["network=x"], "resamples": 0}
        assert "/" not in str(lineage.to_dict())
        for source, name in zip(lineage.inputs, ("a.npy", "labels.h5", "truth.npy"), strict=True):
            content = files.path(name).read_bytes()
            assert (source.name, source.sha256) == (name, hashlib.sha256(content).hexdigest())

    @pytest.mark.parametrize("form", ["markdown", "latex", "csv", "terminal"])
    def test_other_formats(self, c10h: Run, form: str) -> None:
        result = c10h("score", "--detail", "a.npy", *BASIC, "--format", form)
        assert result.status == 0
        start = {
            "markdown": "### a compared with",
            "latex": "% a compared with",
            "csv": "run,network",
        }
        assert result.out.startswith(start.get(form, "a compared with labels.h5"))


def test_the_reference_table_of_the_real_data(real_data: Path, c10h: Run) -> None:
    """The figures in the README beside the data, which were computed apart from this project."""
    counts, truth = real_data / "cifar10h-counts.npy", real_data / "cifar10_test_labels.npy"
    c10h("labels", "build", counts, "--truth", truth, "-o", "l.h5")
    line = ["score", real_data / "densenet-bc-L190-k40-probs.csv", "--labels", "l.h5", "--json"]
    metrics = metrics_of(c10h(*line, "--resamples", "50").json())
    table = (real_data / "README.md").read_text().split("| metric | value | metric | value |")[1]
    cells = [cell.strip() for cell in table.split("\n\n")[0].split("|")]
    figures = {name.split(" ")[0]: value for name, value in pairwise(cells)}
    wanted = {name: float(value) for name, value in figures.items() if name in METRICS}
    assert len(wanted) == 16
    for name, value in wanted.items():
        assert math.isclose(metrics[name]["value"], value, abs_tol=5.1e-5), name
    assert [metrics[name]["n"] for name in ("sba", "sba_unique")] == [5607, 4727]


class TestNothingToShow:
    """Of labels that are all unanimous: no item has a second choice."""

    LINE = ("score", "a.npy", "--labels", "unanimous.npy", "--metrics", "sba")
    WHY = "no item where two classes have votes"

    @pytest.fixture(autouse=True)
    def unanimous(self, files: Files) -> None:
        np.save("unanimous.npy", 3 * np.eye(files.counts.shape[1])[files.counts.argmax(1)])

    @pytest.mark.parametrize(
        ("given", "metrics", "says"),
        [
            ("--labels=unanimous.npy", "accuracy", "accuracy needs the true classes (--truth)"),
            ("--truth=truth.npy", "ce_human,kl", "ce_human,kl needs human labels (--labels)"),
        ],
    )
    def test_metrics_that_all_need_what_is_not_there_are_refused(
        self, c10h: Run, given: str, metrics: str, says: str
    ) -> None:
        result = c10h("score", "a.npy", given, "--metrics", metrics, "-o", "s.h5")
        assert (result.status, result.out) == (1, "")
        assert f"--metrics {says}" in result.err
        assert not Path("s.h5").exists()
        assert c10h("score", "a.npy", given, "--metrics", f"{metrics},ece,entropy_gap").status == 0

    def test_one_line(self, c10h: Run) -> None:
        for form in ("terminal", "markdown", "latex"):
            result = c10h(*self.LINE, "--format", form)
            assert (result.status, result.out.strip()) == (0, "")
            assert result.err.splitlines()[-1] == f"nothing to show: sba: {self.WHY}"

    @pytest.mark.parametrize("more", [("--by", "modal"), ("--per-item",), ("b.npy",)])
    def test_null_with_why(self, c10h: Run, more: tuple[str, ...]) -> None:
        printed = c10h(*self.LINE, *more, "--json").json()
        figure = printed["runs"][0]["metrics"]["sba"]
        assert (figure["value"], figure["n"], figure["why"]) == (None, 0, self.WHY)
        result = c10h(*self.LINE, *more)
        assert (result.status, result.out) == (0, "")

    def test_a_table_of_them(self, c10h: Run) -> None:
        assert c10h(*self.LINE, "-o", "s.h5").status == 0
        result = c10h("report", "--detail", "s.h5")
        assert (result.status, result.err) == (0, "")
        assert f"No sba for a: {self.WHY}" in result.out

    def test_a_gate_on_them(self, c10h: Run) -> None:
        result = c10h(*self.LINE, "--fail-if", "sba>0")
        assert result.status == 1
        assert f"a has no value: {self.WHY}" in result.err


def test_what_people_reach_is_the_same_from_a_file(files: Files, c10h: Run) -> None:
    """The corrected entropy of people's votes, however the file orders the methods."""
    line = ("score", "a.npy", "--labels", "labels.h5", "--metrics", "ce_human", "--resamples", 50)
    told = c10h(*line, "-q").out
    shares = files.shares
    plug_in = -np.sum(shares * np.log(shares, where=shares > 0, out=np.zeros_like(shares)), axis=1)
    votes = files.counts.sum(axis=1)
    corrected = (plug_in + ((files.counts > 0).sum(axis=1) - 1) / (2 * votes)).mean()
    assert f"people's own {corrected:.3f}" in " ".join(told.split())
    assert c10h(*line, "-o", "s.h5").status == 0
    assert c10h("report", "s.h5", "-q").out.replace("s: ", "a: ") == told.replace("s: ", "a: ")

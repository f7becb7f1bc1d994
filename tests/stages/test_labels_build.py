"""Requests for labels: what is built of which files, and what is refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from formats.files import saved
from metrics.scoring import labels_of, predictions_of
from scipy.special import softmax

from c10h import h5
from c10h.errors import C10hError, InputError, MismatchError, SchemaError
from c10h.files import Source
from c10h.formats.hints import LONG, WIDE, Hints
from c10h.labels.judgment_filters import Filters
from c10h.records import Array, Lineage
from c10h.stages.label_requests import AnnotatorsRequest, NoiseRequest, PlanRequest
from c10h.stages.labels_annotators import labels_annotators
from c10h.stages.labels_build import BuildResult, build_labels
from c10h.stages.labels_build_request import BuildRequest
from c10h.stages.labels_noise import labels_noise
from c10h.stages.labels_plan import labels_plan

COUNTS = np.array([[3, 1], [0, 4], [2, 2]], dtype="i4")
TRUTH = np.array([0, 1, 1])
# Ann and Bo judge all three items; only Ann's last answer is y.
TABLE = "worker,item,label\nann,0,x\nann,1,x\nann,2,y\nbo,0,x\nbo,1,x\nbo,2,x\n"


@pytest.fixture
def table(tmp_path: Path) -> Source:
    return saved(tmp_path, TABLE, "judgments.csv")


@pytest.fixture
def votes(tmp_path: Path) -> Source:
    return saved(tmp_path, labels_of(counts=COUNTS), "votes.h5")


@pytest.fixture
def truth(tmp_path: Path) -> Source:
    return saved(tmp_path, TRUTH, "truth.npy")


def build(*sources: Source, **asked: Any) -> BuildResult:
    return build_labels(BuildRequest(sources=sources, **asked))


def probs(result: BuildResult) -> Array:
    return np.asarray(result.labels.probs[0:3])


def lineage_of(result: BuildResult) -> Lineage:
    assert result.labels.lineage is not None
    return result.labels.lineage


def test_votes(votes: Source, truth: Source) -> None:
    result = build(votes, prior=1.0, truth=truth)
    np.testing.assert_allclose(probs(result), [[4 / 6, 2 / 6], [1 / 6, 5 / 6], [0.5, 0.5]])
    assert result.labels.truth is not None
    assert result.labels.truth.tolist() == TRUTH.tolist()
    lineage = lineage_of(result)
    assert lineage.options == {"as": "human", "prior": 1.0}
    assert lineage.seed is None
    assert [(source.role, source.name) for source in lineage.inputs] == [
        ("source", "votes.h5"), ("truth", "truth.npy"),
    ]  # fmt: skip


def test_true_classes(truth: Source) -> None:
    result = build(truth, what="smooth", smoothing=0.2, hints=Hints(classes=("a", "b")))
    np.testing.assert_allclose(probs(result), [[0.9, 0.1], [0.1, 0.9], [0.1, 0.9]])
    options = {"as": "smooth", "smoothing": 0.2, "classes": "a,b"}
    assert lineage_of(result).options == options
    assert [source.role for source in lineage_of(result).inputs] == ["truth"]


def test_predictions(tmp_path: Path) -> None:
    logits = np.random.default_rng(0).normal(size=(2, 3, 2)).astype("f4")
    networks = [
        saved(tmp_path, predictions_of(one), f"{number}.h5") for number, one in enumerate(logits)
    ]
    result = build(*networks, what="distill", temperature=2.0)
    np.testing.assert_allclose(probs(result), softmax(logits / 2, axis=2).mean(axis=0), rtol=1e-6)
    assert lineage_of(result).options == {"as": "distill", "temperature": 2.0}
    assert [source.role for source in lineage_of(result).inputs] == ["predictions", "predictions"]


def test_judgments(table: Source) -> None:
    result = build(table)
    assert probs(result).tolist() == [[1, 0], [1, 0], [0.5, 0.5]]
    assert [source.role for source in lineage_of(result).inputs] == ["judgments"]


def test_judgments_that_are_left_out(table: Source) -> None:
    notes: list[str] = []
    hints, filters = Hints(classes=("x", "y")), Filters(drop_labels=("y",))
    request = BuildRequest(sources=[table], hints=hints, filters=filters)
    result = build_labels(request, tell=notes.append)
    assert result.votes is not None
    assert len(result.votes.unwanted) == 1
    assert "judgments.csv: left out 1 judgment by label: y" in notes
    assert lineage_of(result).options == {"as": "human", "drop-label": ["y"], "classes": "x,y"}
    assert lineage_of(result).excluded == {"judgments-by-label": 1}


CHECKED = (
    "annotator,item,label,check,correct\nann,0,x,0,0\nann,1,y,0,1\nann,,,1,1\n"
    "bob,0,y,0,1\nbob,,,1,0\nbob,1,x,0,0\n"
)


class TestNotes:
    """What is told of annotators and of repeated judgments."""

    def notes(self, folder: Path, text: str) -> list[str]:
        notes: list[str] = []
        build_labels(BuildRequest(sources=[saved(folder, text, "t.csv")]), tell=notes.append)
        return notes

    def test_an_item_judged_twice_by_one_annotator(self, tmp_path: Path) -> None:
        says = "t.csv: 2 repeated judgments of an item, by 1 annotator; all are counted"
        assert says in self.notes(tmp_path, TABLE + "bo,0,x\nbo,0,y\n")

    def test_annotators_without_a_check(self, tmp_path: Path) -> None:
        says = "t.csv: kept 1 annotator without an attention check"
        assert says in self.notes(tmp_path, CHECKED + "cy,0,y,0,1\n")

    def test_twenty_names_are_shown(self, tmp_path: Path) -> None:
        inattentive = "".join(f"w{n:02},0,x,0,0\nw{n:02},,,1,0\n" for n in range(30))
        (line,) = (
            note for note in self.notes(tmp_path, CHECKED + inattentive) if "left out 31" in note
        )
        assert line.endswith("w17, w18, ...")


def test_a_thousand_names_fit_in_a_lineage(tmp_path: Path) -> None:
    inattentive = "".join(f"{n:0100},0,x,0,0\n{n:0100},,,1,0\n" for n in range(1500))
    result = build(saved(tmp_path, CHECKED + inattentive, "t.csv"))
    excluded = lineage_of(result).excluded
    assert excluded["annotators"] == 1501
    assert len(excluded["annotators-named"]) == 1000
    h5.write(result.labels, str(tmp_path / "labels.h5"))


def test_a_comparison_with_published_votes(votes: Source, tmp_path: Path) -> None:
    other = COUNTS + np.array([[0, 1], [0, 0], [0, 0]])
    result = build(votes, published=saved(tmp_path, labels_of(counts=other), "published.h5"))
    assert result.comparison is not None
    assert (result.comparison.items, result.comparison.other_votes) == (1, 13)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"what": "distill"}, "votes.h5: expected kind predictions, found kind labels"),
        ({"what": "mace", "hints": Hints(layout=WIDE)}, "needs a table of judgments"),
        ({"prior": -1.0}, "--prior -1: expected 0 or more"),
        ({"filters": Filters(rt_min=1)}, "apply only to tables of judgments, and votes.h5 is not"),
    ],
)
def test_what_cannot_be_built_of_votes(votes: Source, asked: dict[str, Any], says: str) -> None:
    with pytest.raises(C10hError, match=says):
        build(votes, **asked)


def test_what_cannot_be_built_of_true_classes(truth: Source) -> None:
    with pytest.raises(InputError, match="--as: unknown source of labels 'harrd'"):
        build(truth, what="harrd")
    with pytest.raises(InputError, match=r"takes one file of true classes, .*found 2 SOURCE"):
        build(truth, truth, what="hard")
    with pytest.raises(SchemaError, match=r"truth\.npy: expected .* \(items, classes\)"):
        build(truth)
    with pytest.raises(InputError, match=r"--truth: truth\.npy already has the true classes"):
        build(truth, what="hard", truth=truth)


def test_senseless_shares_and_a_truth_of_other_items(votes: Source, tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match=r"^shares\.h5: row 0: "):
        probs(build(saved(tmp_path, labels_of(probs=COUNTS), "shares.h5")))
    with pytest.raises(MismatchError, match="3 items in the labels and 2 in the truth"):
        build(votes, truth=saved(tmp_path, TRUTH[:2]))


def test_a_table_is_read_as_the_request_is_made(table: Source, tmp_path: Path) -> None:
    assert BuildRequest(sources=[table]).reading is not None
    assert BuildRequest(sources=[saved(tmp_path, COUNTS)]).reading is None
    assert BuildRequest(sources=[table], what="glad").hints.layout == LONG
    with pytest.raises(InputError, match="--layout wide: votes and shares do not say who"):
        AnnotatorsRequest(judgments=table, hints=Hints(layout="wide"))


def test_annotators(table: Source) -> None:
    notes: list[str] = []
    annotators = labels_annotators(AnnotatorsRequest(judgments=table), tell=notes.append)
    assert annotators.columns["annotator"].tolist() == ["ann", "bo"]
    assert annotators.columns["agreement"].tolist() == pytest.approx([2 / 3, 2 / 3])
    assert notes[0].startswith("judgments.csv: ")


def test_noise_and_a_plan(votes: Source, truth: Source, tmp_path: Path) -> None:
    noise = labels_noise(NoiseRequest(labels=votes, truth=truth, votes=[2]))
    assert noise.total == 12
    assert [curve.items for curve in noise.curves if curve.metric == "accuracy"] == [3]
    plan = labels_plan(PlanRequest(labels=votes, budget=7, prior=1.0))
    assert plan.judgments.sum() == 7
    shares = saved(tmp_path, labels_of(probs=[[0.5, 0.5]]), "shares.h5")
    for refused in (
        lambda: labels_noise(NoiseRequest(labels=shares)),
        lambda: labels_plan(PlanRequest(labels=shares, budget=7)),
    ):
        with pytest.raises(InputError, match=r"shares\.h5: expected vote counts, found only"):
            refused()


def test_a_request_waits_for_nothing_heavy() -> None:
    code = "import sys, c10h.stages.label_requests as _; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
    assert not {"torch", "numpy", "polars"} & set(modules.decode().split())

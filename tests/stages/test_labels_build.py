"""Requests for labels: from files and from memory, with the same checks and results."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from metrics.scoring import labels_of, predictions_of
from scipy.special import softmax

from c10h.errors import InputError, MismatchError, SchemaError
from c10h.files import Source
from c10h.formats.column_names import Columns
from c10h.formats.hints import LONG, Hints
from c10h.formats.judgments import Judgments, open_judgments
from c10h.formats.truth_files import Truth
from c10h.in_memory import InMemory
from c10h.labels.filters import Filters
from c10h.records import Array, Lineage
from c10h.stages.build_request import BuildRequest
from c10h.stages.label_requests import AnnotatorsRequest, NoiseRequest, PlanRequest
from c10h.stages.labels_annotators import labels_annotators
from c10h.stages.labels_build import BuildResult, build_labels
from c10h.stages.labels_noise import labels_noise
from c10h.stages.labels_plan import labels_plan

COUNTS = np.array([[3, 1], [0, 4], [2, 2]], dtype="i4")
TRUTH = np.array([0, 1, 1])
# Ann and Bo judge all three items; only Ann's last answer is y.
TABLE = "worker,item,label\nann,0,x\nann,1,x\nann,2,y\nbo,0,x\nbo,1,x\nbo,2,x\n"


@pytest.fixture
def table(tmp_path: Path) -> Source:
    path = tmp_path / "judgments.csv"
    path.write_text(TABLE, encoding="utf-8")
    return Source.open(str(path))


@pytest.fixture
def judgments(table: Source) -> Judgments:
    return open_judgments(table, Columns())


def build(*sources: Any, **asked: Any) -> BuildResult:
    given = [one if isinstance(one, Source) else InMemory(one) for one in sources]
    return build_labels(BuildRequest(sources=given, **asked))


def probs(result: BuildResult) -> Array:
    return np.asarray(result.labels.probs[0:3])


def lineage_of(result: BuildResult) -> Lineage:
    assert result.labels.lineage is not None
    return result.labels.lineage


def test_votes_in_memory() -> None:
    result = build(labels_of(counts=COUNTS), prior=1.0, truth=InMemory(Truth(TRUTH), "answers"))
    np.testing.assert_allclose(probs(result), [[4 / 6, 2 / 6], [1 / 6, 5 / 6], [0.5, 0.5]])
    assert result.labels.truth is not None
    assert result.labels.truth.tolist() == TRUTH.tolist()
    lineage = lineage_of(result)
    assert lineage.options == {"as": "human", "prior": 1.0}
    assert lineage.seed is None
    assert [(one.role, one.name) for one in lineage.inputs] == [
        ("source", "(array)"), ("truth", "answers"),
    ]  # fmt: skip


def test_true_classes_in_memory() -> None:
    result = build(Truth(TRUTH), what="smooth", smoothing=0.2, hints=Hints(classes=("a", "b")))
    np.testing.assert_allclose(probs(result), [[0.9, 0.1], [0.1, 0.9], [0.1, 0.9]])
    options = {"as": "smooth", "smoothing": 0.2, "classes": "a,b"}
    assert lineage_of(result).options == options
    assert [one.role for one in lineage_of(result).inputs] == ["truth"]


def test_predictions_in_memory() -> None:
    logits = np.random.default_rng(0).normal(size=(2, 3, 2))
    networks = [predictions_of(one) for one in logits]
    result = build(*networks, what="distill", temperature=2.0)
    np.testing.assert_allclose(probs(result), softmax(logits / 2, axis=2).mean(axis=0), rtol=1e-6)
    assert lineage_of(result).options == {"as": "distill", "temperature": 2.0}
    assert [one.role for one in lineage_of(result).inputs] == ["predictions", "predictions"]


def test_judgments_of_a_table_and_in_memory(table: Source, judgments: Judgments) -> None:
    notes: list[str] = []
    hints, filters = Hints(classes=("x", "y")), Filters(drop_labels=("y",))
    request = BuildRequest(sources=[table], hints=hints, filters=filters)
    file, memory = build_labels(request, tell=notes.append), build(judgments)
    assert probs(memory).tolist() == [[1, 0], [1, 0], [0.5, 0.5]]
    assert file.votes is not None
    assert len(file.votes.unwanted) == 1
    assert "judgments.csv: left out 1 judgment by label: y" in notes
    assert lineage_of(file).options == {"as": "human", "drop-label": ["y"], "classes": "x,y"}
    assert lineage_of(file).excluded == {"judgments-by-label": 1}
    assert [one.role for one in lineage_of(memory).inputs] == ["judgments"]


def test_a_comparison_with_published_votes() -> None:
    other = COUNTS + np.array([[0, 1], [0, 0], [0, 0]])
    result = build(labels_of(counts=COUNTS), published=InMemory(labels_of(counts=other)))
    assert result.comparison is not None
    assert (result.comparison.items, result.comparison.other_votes) == (1, 13)


@pytest.mark.parametrize(
    ("sources", "asked", "says"),
    [
        ([Truth(TRUTH)], {"what": "harrd"}, "--as: unknown source of labels 'harrd'"),
        ([Truth(TRUTH)] * 2, {"what": "hard"}, "takes one file of true classes, .*found 2 SOURCE"),
        ([Truth(TRUTH)], {}, r"\(array\): expected labels, found truth"),
        ([labels_of(counts=COUNTS)], {"what": "distill"}, "expected predictions, found labels"),
        ([labels_of(counts=COUNTS)], {"what": "mace"}, "needs a table of judgments"),
        ([labels_of(counts=COUNTS)], {"prior": -1.0}, "--prior -1: expected 0 or more"),
        ([labels_of(counts=COUNTS)], {"filters": Filters(rt_min=1)}, "are about tables of judg"),
        ([Truth(TRUTH)], {"what": "hard", "truth": InMemory(Truth(TRUTH))}, "holds the true clas"),
    ],
)
def test_what_cannot_be_built(sources: list[Any], asked: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        build(*sources, **asked)


def test_memory_is_checked_as_files_are() -> None:
    with pytest.raises(SchemaError, match=r"\(array\)"):
        probs(build(labels_of(probs=COUNTS)))
    with pytest.raises(MismatchError, match="3 items in the labels and 2 in the truth"):
        build(labels_of(counts=COUNTS), truth=InMemory(Truth(TRUTH[:2])))


def test_a_table_is_read_as_the_request_is_made(table: Source, tmp_path: Path) -> None:
    np.save(tmp_path / "counts.npy", COUNTS)
    assert BuildRequest(sources=[table]).reading is not None
    assert BuildRequest(sources=[Source.open(str(tmp_path / "counts.npy"))]).reading is None
    assert BuildRequest(sources=[table], what="glad").hints.layout == LONG
    with pytest.raises(InputError, match="--layout wide: votes and shares do not say who"):
        AnnotatorsRequest(judgments=table, hints=Hints(layout="wide"))


def test_annotators_of_a_table_and_in_memory(table: Source, judgments: Judgments) -> None:
    notes: list[str] = []
    file = labels_annotators(AnnotatorsRequest(judgments=table), tell=notes.append)
    memory = labels_annotators(AnnotatorsRequest(judgments=InMemory(judgments)))
    for annotators in (file, memory):
        assert annotators.columns["annotator"].tolist() == ["ann", "bo"]
        assert annotators.columns["agreement"].tolist() == pytest.approx([2 / 3, 2 / 3])
    assert notes[0].startswith("judgments.csv: ")


def test_noise_and_a_plan_of_votes_in_memory() -> None:
    votes = InMemory(labels_of(counts=COUNTS), "votes")
    noise = labels_noise(NoiseRequest(labels=votes, truth=InMemory(Truth(TRUTH)), votes=[2]))
    assert (noise.total, noise.judged) == (12, 3)
    plan = labels_plan(PlanRequest(labels=votes, budget=7, prior=1.0))
    assert plan.judgments.sum() == 7
    shares = InMemory(labels_of(probs=[[0.5, 0.5]]), "shares")
    for refused in (
        lambda: labels_noise(NoiseRequest(labels=shares)),
        lambda: labels_plan(PlanRequest(labels=shares, budget=7)),
    ):
        with pytest.raises(InputError, match="shares: expected vote counts, found probabilities"):
            refused()


def test_a_request_waits_for_nothing_heavy() -> None:
    code = "import sys, c10h.stages.label_requests as _; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
    assert not {"torch", "numpy", "polars"} & set(modules.decode().split())

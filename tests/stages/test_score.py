"""Requests to score: from files and from memory, with the same checks and results."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from metrics.scoring import Case, labels_of, made_up, predictions_of

from c10h.errors import InputError, InSampleError, MismatchError, SchemaError
from c10h.files import Source
from c10h.formats.hints import WIDE, Hints
from c10h.formats.truth_files import Truth
from c10h.in_memory import InMemory
from c10h.records import Lineage
from c10h.stages.score import ScoreResult, score
from c10h.stages.score_request import ScoreRequest

NAMES = ("cat", "dog", "bird", "frog")


@pytest.fixture
def case(random: np.random.Generator) -> Case:
    return made_up(random, 60)


def request(case: Case, **asked: Any) -> ScoreRequest:
    given = {
        "predictions": [("net", InMemory(predictions_of(case.logits)))],
        "labels": InMemory(case.labels()),
        "resamples": 0,
    }
    return ScoreRequest(**{**given, **asked})


def values(result: ScoreResult) -> list[float]:
    return np.nan_to_num(result.scores.value, nan=-1).ravel().tolist()


def test_memory_and_files_give_the_same(case: Case, tmp_path: Path) -> None:
    np.save(tmp_path / "net.npy", case.logits)
    np.save(tmp_path / "counts.npy", case.counts)
    np.save(tmp_path / "truth.npy", case.truth)
    net, counts, truth = (
        Source.open(str(tmp_path / f"{name}.npy")) for name in ("net", "counts", "truth")
    )
    notes: list[str] = []
    options: dict[str, Any] = {
        "predictions": [("net", net)],
        "hints": Hints(meaning="logits", layout=WIDE),
    }
    files = score(request(case, labels=counts, truth=truth, **options), tell=notes.append)
    assert values(files) == pytest.approx(values(score(request(case))), rel=1e-9)
    assert [note.split(":")[0] for note in notes] == [
        "net.npy", "counts.npy", "truth.npy", "the labels", "net",
    ]  # fmt: skip
    assert (files.networks, files.references) == (("net",), ("counts.npy", "truth.npy"))
    assert files.scores.lineage is not None
    assert [(one.role, one.name) for one in files.scores.lineage.inputs] == [
        ("predictions net", "net.npy"), ("labels", "counts.npy"), ("truth", "truth.npy"),
    ]  # fmt: skip


def test_a_lineage_says_what_was_in_memory(case: Case) -> None:
    made = Lineage(command="c10h labels build")
    labels = InMemory(replace(labels_of(counts=case.counts), lineage=made), "votes")
    truth = InMemory(Truth(case.truth))
    result = score(request(case, labels=labels, truth=truth, seed=3, by="truth", tags=["data=x"]))
    lineage = result.scores.lineage
    assert lineage is not None
    assert (lineage.command, lineage.seed) == ("c10h score", 3)
    assert lineage.options == {"by": "truth", "tag": ["data=x"], "resamples": 0}
    assert [(one.role, one.name, one.sha256, one.lineage) for one in lineage.inputs] == [
        ("predictions net", "(array)", InMemory(predictions_of(case.logits)).sha256, None),
        ("labels", "votes", labels.sha256, made),
        ("truth", "(array)", truth.sha256, None),
    ]
    assert result.scores.data.tolist() == ["x"]


def test_what_is_not_traced_knows_no_inputs(case: Case) -> None:
    scores = score(request(case, traced=False)).scores
    assert scores.lineage is None


def test_names_of_classes_are_those_of_the_truth(case: Case) -> None:
    truth = InMemory(Truth(case.truth, classes=NAMES))
    notes: list[str] = []
    scores = score(request(case, truth=truth), tell=notes.append).scores
    assert scores.classes == NAMES
    assert "net: has no class names; its columns are taken as cat, dog, bird, frog, in order" in (
        notes
    )
    assert scores.lineage is not None
    assert "classes" not in scores.lineage.options
    named = score(request(case, hints=Hints(classes=NAMES))).scores
    assert named.lineage is not None
    assert named.lineage.options["classes"] == "cat,dog,bird,frog"


def test_networks_that_saw_the_items_are_refused(case: Case) -> None:
    items = np.arange(60, dtype=np.uint64)
    trained = {"item": items, "fold": np.full(60, -1, np.int16)}
    net = InMemory(predictions_of(case.logits, item=items, trained=trained))
    asked: dict[str, Any] = {"predictions": [("net", net)]}
    with pytest.raises(InSampleError, match="net: the network was trained on 60 of these 60 items"):
        score(request(case, **asked))
    scores = score(request(case, **asked, in_sample=True)).scores
    assert scores.exposure.tolist() == ["in-sample"]


def test_memory_is_checked_as_files_are(case: Case) -> None:
    logits = case.logits.copy()
    logits[3, 1] = np.nan
    broken: dict[str, Any] = {"predictions": [("net", InMemory(predictions_of(logits), "mine"))]}
    with pytest.raises(SchemaError, match="mine: row 3"):
        score(request(case, **broken))
    with pytest.raises(SchemaError, match="votes: "):
        score(request(case, labels=InMemory(labels_of(probs=case.logits), "votes")))
    with pytest.raises(MismatchError, match="60 items in the labels and 59 in the truth"):
        score(request(case, truth=InMemory(Truth(case.truth[1:]))))


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"metrics": ["acuracy"]}, "unknown metric 'acuracy': did you mean accuracy"),
        ({"by": "trut"}, "--by: unknown stratum 'trut': did you mean truth"),
        ({"tags": ["colour=red"]}, "--tag colour=red: expected network=…, training=… or data=…"),
        ({"resamples": -1}, "--resamples -1: expected 0 or more"),
        ({"predictions": [("a", None), ("b", None), ("a", None)]}, "two runs are called 'a'"),
    ],
)
def test_what_cannot_be_scored(case: Case, asked: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        request(case, **asked)


def test_metrics_are_in_the_order_of_their_table(case: Case) -> None:
    asked = request(case, metrics=["ece,accuracy", "ce_human"])
    assert list(asked.metrics) == ["accuracy", "ce_human", "ece"]
    assert score(asked).scores.metric.tolist() == ["accuracy", "ce_human", "ece"]

"""Requests to score: what their files come to, what the lineage says, and what is refused."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from formats.files import saved
from metrics.scoring import Case, labels_of, made_up, predictions_of

from c10h.errors import InputError, InSampleError, MismatchError, SchemaError
from c10h.formats.hints import WIDE, Hints
from c10h.records import Lineage
from c10h.stages.score import ScoreResult, score
from c10h.stages.score_request import ScoreRequest

RequestOf = Callable[..., ScoreRequest]

NAMES = ("cat", "dog", "bird", "frog")


@pytest.fixture
def case(random: np.random.Generator) -> Case:
    """Logits are of the dtype that they have in files."""
    made = made_up(random, 60)
    return replace(made, logits=made.logits.astype(np.float32))


@pytest.fixture
def request_of(case: Case, tmp_path: Path) -> RequestOf:
    """Makes a request to score net.h5 against labels.h5, unless others are named."""
    given = {
        "predictions": [("net", saved(tmp_path, predictions_of(case.logits), "net.h5"))],
        "labels": [("", saved(tmp_path, case.labels(), "labels.h5"))],
        "resamples": 0,
    }
    return lambda **asked: ScoreRequest(**{**given, **asked})


def values(result: ScoreResult) -> list[float]:
    return np.nan_to_num(result.scores.value, nan=-1).ravel().tolist()


def test_records_and_arrays_give_the_same(
    request_of: RequestOf, case: Case, tmp_path: Path
) -> None:
    notes: list[str] = []
    request = request_of(
        predictions=[("net", saved(tmp_path, case.logits, "net.npy"))],
        labels=[("", saved(tmp_path, case.counts, "counts.npy"))],
        truth=[("", saved(tmp_path, case.truth, "truth.npy"))],
        hints=Hints(meaning="logits", layout=WIDE),
    )
    arrays = score(request, tell=notes.append)
    assert values(arrays) == pytest.approx(values(score(request_of())), rel=1e-9)
    assert [note.split(":")[0] for note in notes] == [
        "net.npy", "counts.npy", "truth.npy", "the labels", "net",
    ]  # fmt: skip
    assert (arrays.networks, arrays.references) == (("net",), ("counts.npy", "truth.npy"))
    assert arrays.scores.lineage is not None
    assert [(one.role, one.name) for one in arrays.scores.lineage.inputs] == [
        ("predictions net", "net.npy"), ("labels", "counts.npy"), ("truth", "truth.npy"),
    ]  # fmt: skip


def test_a_lineage_says_what_was_scored(request_of: RequestOf, case: Case, tmp_path: Path) -> None:
    predicted, built = Lineage(command="c10h predict"), Lineage(command="c10h labels build")
    predictions = replace(predictions_of(case.logits), lineage=predicted)
    votes = replace(labels_of(counts=case.counts), lineage=built)
    request = request_of(
        predictions=[("net", saved(tmp_path, predictions, "net.h5"))],
        labels=[("", saved(tmp_path, votes, "votes.h5"))],
        truth=[("", saved(tmp_path, case.truth, "truth.npy"))],
        seed=3,
        by="truth",
        tags=["data=x"],
    )
    result = score(request)
    lineage = result.scores.lineage
    assert lineage is not None
    assert (lineage.command, lineage.seed) == ("c10h score", 3)
    assert lineage.options == {"by": "truth", "tag": ["data=x"], "resamples": 0}
    digests = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in tmp_path.iterdir()
    }
    assert [(one.role, one.name, one.sha256, one.lineage) for one in lineage.inputs] == [
        ("predictions net", "net.h5", digests["net.h5"], predicted),
        ("labels", "votes.h5", digests["votes.h5"], built),
        ("truth", "truth.npy", digests["truth.npy"], None),
    ]
    assert result.scores.data.tolist() == ["x"]


def test_what_is_not_traced_knows_no_inputs(request_of: RequestOf) -> None:
    scores = score(request_of(traced=False)).scores
    assert scores.lineage is None


def test_names_of_classes_are_those_of_the_truth(
    request_of: RequestOf, case: Case, tmp_path: Path
) -> None:
    truth = saved(tmp_path, case.labels(classes=NAMES), "truth.h5")
    notes: list[str] = []
    scores = score(request_of(truth=[("", truth)]), tell=notes.append).scores
    assert scores.classes == NAMES
    assert "net: has no class names; its columns are read as cat, dog, bird, frog, in order" in (
        notes
    )
    assert scores.lineage is not None
    assert "classes" not in scores.lineage.options
    named = score(request_of(hints=Hints(classes=NAMES))).scores
    assert named.lineage is not None
    assert named.lineage.options["classes"] == "cat,dog,bird,frog"


def test_networks_that_saw_the_items_are_refused(
    request_of: RequestOf, case: Case, tmp_path: Path
) -> None:
    items = np.arange(60, dtype=np.uint64)
    trained = {"item": items, "fold": np.full(60, -1, np.int16)}
    predictions = predictions_of(case.logits, item=items, trained=trained)
    asked: dict[str, Any] = {"predictions": [("net", saved(tmp_path, predictions, "net.h5"))]}
    with pytest.raises(InSampleError, match="net: the network was trained on 60 of these 60 items"):
        score(request_of(**asked))
    scores = score(request_of(**asked, in_sample=True)).scores
    assert scores.exposure.tolist() == ["in-sample"]


def test_records_are_checked(request_of: RequestOf, case: Case, tmp_path: Path) -> None:
    logits = case.logits.copy()
    logits[3, 1] = np.nan
    broken = saved(tmp_path, predictions_of(logits), "mine.h5")
    with pytest.raises(SchemaError, match=r"mine\.h5: row 3"):
        score(request_of(predictions=[("net", broken)]))
    with pytest.raises(SchemaError, match=r"votes\.h5: "):
        score(request_of(labels=[("", saved(tmp_path, labels_of(probs=case.logits), "votes.h5"))]))
    with pytest.raises(MismatchError, match="60 items in the labels and 59 in the truth"):
        score(request_of(truth=[("", saved(tmp_path, case.truth[1:]))]))


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"metrics": ["acuracy"]}, "unknown metric 'acuracy': did you mean accuracy"),
        ({"by": "trut"}, "--by: unknown stratum 'trut': did you mean truth"),
        ({"tags": ["colour=red"]}, "--tag colour=red: expected network=…, training=… or data=…"),
        ({"resamples": -1}, "--resamples -1: expected a number of at least 0"),
    ],
)
def test_what_cannot_be_scored(request_of: RequestOf, asked: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        request_of(**asked)


def test_metrics_are_in_the_order_of_their_table(request_of: RequestOf) -> None:
    asked = request_of(metrics=["ece,accuracy", "ce_human"])
    assert list(asked.metrics) == ["accuracy", "ce_human", "ece"]
    assert score(asked).scores.metric.tolist() == ["accuracy", "ce_human", "ece"]

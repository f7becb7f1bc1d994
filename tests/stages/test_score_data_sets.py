"""Scores of several data sets at once, each against its own labels or truth."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from formats.files import saved
from metrics.scoring import Case, labels_of, made_up, predictions_of

from c10h.errors import InputError
from c10h.files import Source
from c10h.metrics.differences import pairs_with_first
from c10h.metrics.estimates import scored_runs
from c10h.records import Input, Lineage, Predictions
from c10h.stages.score import score
from c10h.stages.score_request import ScoreRequest
from c10h.views.lineage_script import to_script
from c10h.views.lineage_steps import steps
from c10h.views.score import metrics_down
from c10h.views.score_values import to_json


def predicted(case: Case, images: str, run: str = "human-seed1", **more: Any) -> Predictions:
    """Predictions of a folder's networks of images in a file."""
    train = Lineage(command="c10h train", architecture="vgg_15_BN_64", seed=1)
    inputs = (
        Input(role=f"network {run}/fold-0", name="fold-0.pt", sha256="a", lineage=train),
        Input(role="images", name=images, sha256=images),
    )
    lineage = Lineage(command="c10h predict", inputs=inputs, architecture="vgg_15_BN_64")
    return replace(predictions_of(case.logits.astype("f4"), truth=case.truth, **more),
                   lineage=lineage)  # fmt: skip


@pytest.fixture
def near(random: np.random.Generator) -> Case:
    return made_up(random, 40)


@pytest.fixture
def far(random: np.random.Generator) -> Case:
    return made_up(random, 30)


def request(folder: Path, near: Case, far: Case, **asked: Any) -> ScoreRequest:
    files = [
        ("human", saved(folder, predicted(near, "near.h5"), "a.h5")),
        ("human", saved(folder, predicted(far, "far.h5"), "b.h5")),
    ]
    labels = [("near", saved(folder, near.labels(), "votes.h5"))]
    return ScoreRequest(**{"predictions": files, "labels": labels, "resamples": 20, **asked})


def value_of(case: Case, metric: str, **options: Any) -> float:
    scores = case.score(metrics=(metric,), resamples=0, **options)
    return float(scores.value[0, 0, 0])


def test_each_data_set_is_scored_against_its_own(tmp_path: Path, near: Case, far: Case) -> None:
    scores = score(request(tmp_path, near, far)).scores
    assert scores.run.tolist() == ["human", "human"]
    assert scores.data.tolist() == ["near", "far"]
    first, second = scored_runs([scores])
    for run, case in ((first, near), (second, far)):
        as_in_file = replace(case, logits=case.logits.astype("f4"))
        assert run.value_of("ce_hard") == pytest.approx(value_of(as_in_file, "ce_hard"))
    assert first.value_of("ce_human") == pytest.approx(
        value_of(replace(near, logits=near.logits.astype("f4")), "ce_human")
    )
    estimate = second.estimate("ce_human")
    assert estimate is not None
    assert estimate.why == "needs human labels (--labels)"


def test_network_training_and_seed_are_read_from_the_files(
    tmp_path: Path, near: Case, far: Case
) -> None:
    scores = score(request(tmp_path, near, far)).scores
    assert set(scores.network.tolist()) == {"vgg_15_BN_64"}
    assert set(scores.training.tolist()) == {"human"}  # human-seed1 without its seed
    assert scores.seed is not None
    assert set(scores.seed.tolist()) == {"1"}


@pytest.mark.parametrize(("labels_of_data", "data"), [("", "near"), ("near", "")])
def test_a_run_of_an_unknown_data_set_is_on_that_of_the_others(
    tmp_path: Path, near: Case, labels_of_data: str, data: str
) -> None:
    """Where all are scored against the same labels, so that they can be compared."""
    files = [
        ("known", saved(tmp_path, predicted(near, "near.h5"), "a.h5")),
        ("unknown", saved(tmp_path, predictions_of(near.logits.astype("f4"), truth=near.truth),
                          "b.h5")),
    ]  # fmt: skip
    labels = [(labels_of_data, saved(tmp_path, near.labels(), "votes.h5"))]
    scores = score(ScoreRequest(predictions=files, labels=labels, resamples=20)).scores
    assert scores.data.tolist() == ["near", data]
    assert bool(pairs_with_first(scored_runs([scores]))) == bool(data)


def test_a_tag_overrides(tmp_path: Path, near: Case) -> None:
    files = [("a", saved(tmp_path, predicted(near, "near.h5"), "a.h5"))]
    scores = score(ScoreRequest(predictions=files, tags=["training=soft", "data=mine"])).scores
    assert (scores.training[0], scores.data[0]) == ("soft", "mine")
    assert scores.network[0] == "vgg_15_BN_64"


@pytest.mark.parametrize(
    ("run", "training"),
    [("human", "human"), ("human_seed1", "human"), ("human-seed-1", "human"),
     ("human-seed2", "human-seed2"), ("human1", "human1"), ("seed1", "seed1")],
)  # fmt: skip
def test_only_the_seed_itself_is_left_out_of_a_name(
    tmp_path: Path, near: Case, run: str, training: str
) -> None:
    files = [("a", saved(tmp_path, predicted(near, "near.h5", run), "a.h5"))]
    assert score(ScoreRequest(predictions=files)).scores.training[0] == training


def test_an_ensemble_of_several_networks_is_none_of_them(tmp_path: Path, near: Case) -> None:
    one, other = predicted(near, "near.h5"), predicted(near, "near.h5")
    assert one.lineage is not None
    assert other.lineage is not None
    network, images = other.lineage.inputs
    assert network.lineage is not None
    wrn = replace(network, sha256="b", lineage=replace(network.lineage, architecture="wrn_10_2"))
    lineage = replace(one.lineage, inputs=(one.lineage.inputs[0], wrn, images))
    file = saved(tmp_path, replace(one, lineage=lineage), "a.h5")
    scores = score(ScoreRequest(predictions=[("ensemble", file)])).scores
    assert (scores.network[0], scores.training[0], scores.data[0]) == ("", "", "near")


def test_sets_of_the_catalogue_have_its_name(tmp_path: Path, near: Case) -> None:
    files = [("a", saved(tmp_path, predicted(near, "cifar10.1-v4.h5"), "a.h5"))]
    assert score(ScoreRequest(predictions=files)).scores.data[0] == "cifar10.1-v4"


def test_one_run_twice_on_a_data_set(tmp_path: Path, near: Case) -> None:
    file = saved(tmp_path, predicted(near, "near.h5"), "a.h5")
    with pytest.raises(InputError, match="two runs are called 'a' on near"):
        score(ScoreRequest(predictions=[("a", file), ("a", file)]))


def test_labels_for_all_and_for_one(tmp_path: Path, near: Case, far: Case) -> None:
    votes = [("", saved(tmp_path, far.labels(), "far-votes.h5")),
             ("near", saved(tmp_path, near.labels(), "votes.h5"))]  # fmt: skip
    scores = score(request(tmp_path, near, far, labels=votes)).scores
    assert not np.isnan([run.value_of("ce_human") for run in scored_runs([scores])]).any()


def test_labels_that_do_not_fit_are_named(tmp_path: Path, near: Case, far: Case) -> None:
    votes = [("", saved(tmp_path, near.labels(), "votes.h5"))]
    with pytest.raises(InputError, match="the labels of far"):
        score(request(tmp_path, near, far, labels=votes))


def test_labels_of_a_data_set_that_no_run_is_on(tmp_path: Path, near: Case, far: Case) -> None:
    votes = [("nera", saved(tmp_path, near.labels(), "votes.h5"))]
    with pytest.raises(InputError, match=r"--labels nera=….*did you mean near"):
        score(request(tmp_path, near, far, labels=votes))


def test_labels_twice(tmp_path: Path, near: Case, far: Case) -> None:
    votes = saved(tmp_path, near.labels(), "votes.h5")
    with pytest.raises(InputError, match="--labels: given 2 times for the data set near"):
        request(tmp_path, near, far, labels=[("near", votes), ("near", votes)])


class TestDifferences:
    @pytest.fixture
    def request_of_four(self, tmp_path: Path, near: Case, far: Case) -> ScoreRequest:
        """Two runs on each of two data sets."""
        files: list[tuple[str, Source]] = []
        for name, factor in (("hard", 1.0), ("human", 0.5)):
            for data, case in (("near", near), ("far", far)):
                one = predicted(replace(case, logits=case.logits * factor), f"{data}.h5", name)
                files.append((name, saved(tmp_path, one, f"{name}-{data}.h5")))
        return ScoreRequest(predictions=files, metrics=["ce_hard"], resamples=20)

    def test_are_from_the_first_run_of_the_data_set(self, request_of_four: ScoreRequest) -> None:
        runs = scored_runs([score(request_of_four).scores])
        pairs = [(pair.run.key, pair.baseline.key) for pair in pairs_with_first(runs)]
        assert pairs == [(("human", "near"), ("hard", "near")), (("human", "far"), ("hard", "far"))]
        differences = to_json(runs)["differences"]
        assert [(one["data"], one["a"], one["b"]) for one in differences] == [
            ("near", "human", "hard"), ("far", "human", "hard"),
        ]  # fmt: skip
        for one, pair in zip(differences, pairs_with_first(runs), strict=True):
            expected = pair.run.value_of("ce_hard") - pair.baseline.value_of("ce_hard")
            assert one["value"] == pytest.approx(expected)

    def test_one_data_set_after_another(self, request_of_four: ScoreRequest) -> None:
        runs = scored_runs([score(request_of_four).scores])
        titles = [table.title for table in metrics_down(runs, "runs")]
        assert titles[0] == "near: runs"
        assert "far: runs" in titles


def test_a_script_names_labels_by_data_set(tmp_path: Path, near: Case, far: Case) -> None:
    scores = score(request(tmp_path, near, far)).scores
    file = Input(role="", name="scores.h5", sha256="x", kind="scores", lineage=scores.lineage)
    script = to_script(steps([file]))
    assert "c10h score human=a.h5 human=b.h5 --labels near=votes.h5 --resamples 20" in script


def test_a_script_has_a_file_under_each_of_its_options(tmp_path: Path, near: Case) -> None:
    files = [("a", saved(tmp_path, predicted(near, "near.h5"), "a.h5"))]
    both = [("", saved(tmp_path, near.labels(), "votes.h5"))]
    scores = score(ScoreRequest(predictions=files, labels=both, truth=both)).scores
    file = Input(role="", name="scores.h5", sha256="x", kind="scores", lineage=scores.lineage)
    assert "c10h score a.h5 --labels votes.h5 --truth votes.h5" in to_script(steps([file]))


class TestLabelsAsPredictions:
    def test_their_shares_are_scored(self, tmp_path: Path, near: Case) -> None:
        others = labels_of(probs=near.model)
        files = [("distilled", saved(tmp_path, others, "distilled.h5"))]
        labels = [("", saved(tmp_path, near.labels(), "votes.h5"))]
        (run,) = scored_runs([score(ScoreRequest(predictions=files, labels=labels)).scores])
        expected = -(near.people * np.log(near.model)).sum(axis=1).mean()
        assert run.value_of("ce_human") == pytest.approx(expected, rel=1e-6)
        assert run.exposure == "unknown"

    def test_shares_of_0_are_told(self, tmp_path: Path, near: Case) -> None:
        files = [("people", saved(tmp_path, near.labels(), "votes.h5"))]
        (run,) = scored_runs([score(ScoreRequest(predictions=files)).scores])
        zeros = int((near.counts == 0).sum())
        assert f"{zeros} probabilities of 0" in run.notes

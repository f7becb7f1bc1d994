"""A real network against real people: the reference scores that come with the data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from c10h.files import Source
from c10h.formats.predictions_and_labels import open_labels, open_predictions
from c10h.formats.truth_files import open_truth
from c10h.metrics.metrics import METRICS
from c10h.records import Scores
from c10h.stages.matched_runs import Run
from c10h.stages.score_runs import Options, score_runs
from metrics.scoring import figures_of

# Computed apart from the project; see README.md in the folder of real data.
REFERENCE = {
    "accuracy": "0.9668",
    "ce_hard": "0.17014",
    "ce_human": "0.59085",
    "kl": "0.43639",
    "jsd": "0.03040",
    "tvd": "0.0685",
    "brier_hard": "0.05775",
    "brier_human": "0.05498",
    "equivalent_annotators": "1.42985",
    "sba": "0.32442",
    "sba_unique": "0.30633",
    "conf_right": "0.99339",
    "conf_wrong": "0.87272",
    "ece": "0.02362",
    "kappa_human": "0.14074",
    "aurc": "0.00356",
    "entropy_corr": "0.27927",
}
SIZES = {"sba": 5607, "sba_unique": 4727, "conf_right": 9668, "conf_wrong": 332}


@pytest.fixture(scope="module")
def scores(real_data: Path) -> Scores:
    labels = open_labels(Source.open(str(real_data / "cifar10h-counts.npy")))
    network = open_predictions(Source.open(str(real_data / "densenet-bc-L190-k40-probs.csv")))
    truth = open_truth(Source.open(str(real_data / "cifar10_test_labels.npy")), labels.classes)
    return score_runs([Run("densenet", network)], labels, truth)


@pytest.mark.parametrize("metric", REFERENCE)
def test_a_real_network_scores_as_computed_apart(metric: str, scores: Scores) -> None:
    told = REFERENCE[metric]
    last_digit = 10.0 ** -len(told.partition(".")[2])
    found = figures_of(scores)[metric]
    assert found.value == pytest.approx(float(told), abs=5e-5 + last_digit / 2, rel=0)
    assert found.low < found.value < found.high
    assert found.n == SIZES.get(metric, 10_000)


def test_the_reference_leaves_out_no_metric_but_these() -> None:
    assert set(METRICS) - set(REFERENCE) == {
        "accuracy_top5",
        "brier_human_debiased",
        "ece_adaptive",
        "ece_human",
        "entropy_gap",
        "entropy_error",
    }


def test_real_people_are_unanimous_on_as_many_items_as_published(real_data: Path) -> None:
    counts = np.load(real_data / "cifar10h-counts.npy")
    assert np.count_nonzero(np.count_nonzero(counts, axis=1) == 1) == 4393


def test_the_unanimous_stratum_of_real_people_is_as_large(real_data: Path) -> None:
    labels = open_labels(Source.open(str(real_data / "cifar10h-counts.npy")))
    network = open_predictions(Source.open(str(real_data / "densenet-bc-L190-k40-probs.csv")))
    options = Options(by="human-entropy", resamples=0, metrics=("ce_human",))
    found = score_runs([Run("densenet", network)], labels, None, options)
    assert figures_of(found, "human-entropy=0")["ce_human"].n == 4393

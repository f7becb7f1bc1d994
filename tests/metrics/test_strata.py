from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import entropy

from c10h.errors import InputError
from c10h.formats.truth_files import Truth
from c10h.metrics.strata import ALL
from c10h.records import Array, Scores
from c10h.stages.matched_runs import Run
from c10h.stages.score_runs import Options, score_runs
from metrics.scoring import (
    METRIC_NAMES,
    Case,
    figures_of,
    labels_of,
    made_up,
    predictions_of,
    samples_of,
)

SPLIT = "split-half"


def by_truth(case: Case) -> dict[str, Array]:
    return {f"truth={number}": case.truth == number for number in range(4)}


def by_mode(case: Case) -> dict[str, Array]:
    tied = np.sort(case.counts, axis=1)[:, -1] == np.sort(case.counts, axis=1)[:, -2]
    parts = {
        f"modal={number}": ~tied & (case.counts.argmax(axis=1) == number) for number in range(4)
    }
    return {**parts, "modal=(tie)": tied}


def sizes(scores: Scores) -> dict[str, int]:
    return {
        str(name): figures_of(scores, str(name))["ce_human"].n
        for name in scores.stratum
        if name != ALL
    }


def by_mode_shift(case: Case) -> dict[str, Array]:
    tied = by_mode(case)["modal=(tie)"]
    shifted = case.counts.argmax(axis=1) != case.truth
    return {
        "mode-shift=no": ~tied & ~shifted,
        "mode-shift=yes": ~tied & shifted,
        "mode-shift=(tie)": tied,
    }


BY = ["truth", "modal", "mode-shift", "human-entropy"]


@pytest.mark.parametrize(
    ("by", "parts_of"),
    [("truth", by_truth), ("modal", by_mode), ("mode-shift", by_mode_shift)],
)
@pytest.mark.parametrize("metric", METRIC_NAMES)
def test_a_stratum_scores_as_its_items_alone(
    metric: str, by: str, parts_of: Callable[[Case], dict[str, Array]], random: np.random.Generator
) -> None:
    case = made_up(random, 120)
    scores = case.score(by=by, resamples=0, metrics=(metric,))
    for name, items in parts_of(case).items():
        whole = figures_of(scores, name)[metric]
        alone = case.take(items).figures(metrics=(metric,))[metric]
        assert whole.n == alone.n
        assert whole.value == pytest.approx(alone.value, nan_ok=True)
        for method in (m for m in alone.ceilings if not m.startswith(SPLIT)):
            assert whole.ceilings[method] == pytest.approx(alone.ceilings[method])


@pytest.mark.parametrize("by", BY)
def test_all_items_score_as_without_strata(by: str, random: np.random.Generator) -> None:
    case = made_up(random, 100)
    plain, parted = case.figures(), case.figures(by=by)
    for metric, figure in plain.items():
        assert parted[metric].n == figure.n
        assert parted[metric].value == pytest.approx(figure.value, rel=1e-12)
        assert parted[metric].ceilings == pytest.approx(figure.ceilings)


@pytest.mark.parametrize("by", BY)
def test_all_items_are_resampled_as_without_strata(by: str, random: np.random.Generator) -> None:
    case = made_up(random, 100)
    for metric in ("ce_human", "aurc", "ece"):
        plain, parted = (
            samples_of(case.score(metrics=(metric,), by=way, resamples=30), metric)
            for way in (None, by)
        )
        np.testing.assert_allclose(parted, plain, rtol=1e-5)


@pytest.mark.parametrize("by", BY)
def test_strata_are_a_partition(by: str, random: np.random.Generator) -> None:
    scores = made_up(random, 100).score(by=by, resamples=0)
    assert scores.stratum[0] == ALL
    assert sum(sizes(scores).values()) == 100


def test_unanimous_items_are_apart_and_the_rest_in_quantile_bins(
    random: np.random.Generator,
) -> None:
    case = made_up(random, 400, classes=8, votes=(30, 60))
    unanimous = np.count_nonzero(case.counts, axis=1) == 1
    found = sizes(case.score(by="human-entropy", resamples=0))
    assert found.pop("human-entropy=0") == unanimous.sum()
    keys = entropy(case.people[~unanimous], axis=1).round(12)
    edges = np.quantile(keys, [0.25, 0.5, 0.75, 1], method="inverted_cdf")
    assert list(np.cumsum(list(found.values()))) == [(keys <= edge).sum() for edge in edges]
    assert [name.rsplit("-", 1)[1] for name in found] == [f"{edge:.3f}" for edge in edges]


def test_equal_entropies_share_a_bin() -> None:
    counts = [[5, 0, 0]] * 2 + [[3, 1, 0], [0, 1, 3], [1, 0, 3]] + [[1, 1, 1]]
    case = Case(np.zeros((6, 3)), np.array(counts), np.zeros(6, dtype=np.int64))
    assert list(sizes(case.score(by="human-entropy", resamples=0)).values()) == [2, 3, 1]


def test_bins_with_close_edges_keep_their_items() -> None:
    # Four entropies that agree in their first three digits.
    counts = [[500 + k, 500 - k] for k in range(4)]
    case = Case(np.zeros((4, 2)), np.array(counts), np.zeros(4, dtype=np.int64))
    assert sum(sizes(case.score(by="human-entropy", resamples=0)).values()) == 4


def test_unanimous_people_make_one_stratum() -> None:
    case = Case(np.zeros((2, 2)), np.array([[3, 0], [0, 2]]), np.array([0, 1]))
    assert sizes(case.score(by="human-entropy", resamples=0)) == {"human-entropy=0": 2}


def test_strata_of_people_know_no_prior() -> None:
    labels = labels_of(counts=[[3, 0], [2, 2]], probs=[[0.8, 0.2], [0.5, 0.5]])
    runs = [Run("model", predictions_of(np.zeros((2, 2))))]
    scores = score_runs(runs, labels, None, Options(by="human-entropy", resamples=0))
    assert list(sizes(scores).values()) == [1, 1]


def test_strata_carry_the_names_of_classes() -> None:
    names = ("cat", "dog")
    labels = labels_of(counts=[[3, 1], [2, 2]], classes=names)
    runs = [Run("model", predictions_of(np.zeros((2, 2)), classes=names))]
    scores = score_runs(runs, labels, None, Options(by="modal", resamples=0))
    assert scores.stratum.tolist() == [ALL, "modal=cat", "modal=dog", "modal=(tie)"]


def test_ties_and_unknown_items_are_apart_from_shifts_of_the_mode() -> None:
    counts = [[3, 1, 0], [3, 1, 0], [2, 2, 0], [2, 2, 0], [0, 1, 4], [1, 1, 0]]
    case = Case(np.zeros((6, 3)), np.array(counts), np.array([0, 1, 0, 2, -1, -1]))
    found = case.score(by="mode-shift", resamples=0, metrics=("ce_human",))
    wanted = {"no": 1, "yes": 1, "(tie)": 2, "(unknown)": 2}
    assert sizes(found) == {f"mode-shift={name}": size for name, size in wanted.items()}
    alone = case.take([0, 0]).score(by="mode-shift", resamples=0, metrics=("ce_human",))
    assert sizes(alone) == {"mode-shift=no": 2, "mode-shift=yes": 0}


def test_an_empty_stratum_has_no_values(random: np.random.Generator) -> None:
    case = made_up(random, 30)
    case = case.take(case.truth != 2)
    found = case.figures("truth=2", by="truth", resamples=10)
    for figure in found.values():
        assert np.isnan([figure.value, figure.low, figure.high]).all()
        assert figure.n == 0
        assert figure.why
        assert not figure.ceilings


def test_one_class_strata_have_intervals(random: np.random.Generator) -> None:
    case = made_up(random, 200)
    found = case.figures("truth=1", by="truth", resamples=400)
    alone = case.take(case.truth == 1).figures(resamples=400)
    for metric in ("ce_human", "accuracy", "brier_human"):
        assert found[metric].low < found[metric].value < found[metric].high
        assert found[metric].high - found[metric].low == pytest.approx(
            alone[metric].high - alone[metric].low, rel=0.25
        )


@pytest.mark.parametrize(
    ("by", "needs"),
    [("truth", "the true classes"), ("modal", "human labels"), ("mode-shift", "human labels")],
)
def test_strata_of_what_is_not_known_are_refused(by: str, needs: str) -> None:
    runs = [Run("model", predictions_of(np.zeros((2, 2))))]
    labels = labels_of(counts=[[3, 1], [2, 2]]) if by == "truth" else None
    truth = None if by == "truth" else np.array([0, 1])
    with pytest.raises(InputError, match=f"--by {by} needs {needs}"):
        score_runs(
            runs, labels, None if truth is None else Truth(truth), Options(by=by, resamples=0)
        )

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pytest
import torch
from scipy.stats import binned_statistic
from sklearn.calibration import calibration_curve
from torchmetrics.functional.classification import multiclass_calibration_error

from c10h.metrics.calibration import between_halves
from metrics.scoring import figures, made_up, samples_of

BINS = 15


def test_ece_is_torchmetrics(random: np.random.Generator) -> None:
    case = made_up(random, 600)
    expected = multiclass_calibration_error(
        torch.from_numpy(case.model), torch.from_numpy(case.truth), num_classes=4, n_bins=BINS
    ).item()
    assert case.figures()["ece"].value == pytest.approx(expected, abs=1e-6)


def test_ece_adaptive_is_sklearns_quantile_curve(random: np.random.Generator) -> None:
    case = made_up(random, 40 * BINS)
    right, confidence = calibration_curve(
        case.right, case.model.max(axis=1), n_bins=BINS, strategy="quantile"
    )
    found = case.figures()["ece_adaptive"]
    assert found.value == pytest.approx(np.abs(right - confidence).mean())
    assert found.value != pytest.approx(case.figures()["ece"].value)


def test_ece_human_averages_the_gaps_to_people_by_bin(random: np.random.Generator) -> None:
    case = made_up(random, 600)
    confidence = case.model.max(axis=1)
    top = case.people[np.arange(600), case.logits.argmax(axis=1)]
    gaps = binned_statistic(confidence, confidence - top, "sum", BINS, (0, 1)).statistic
    assert case.figures()["ece_human"].value == pytest.approx(np.abs(gaps).sum() / 600)


def test_gaps_of_one_bin_cancel_and_those_of_two_do_not() -> None:
    # Confidences .62 and .64 share (9/15, 10/15]; .9 is elsewhere.
    logits = np.log([[0.62, 0.38], [0.64, 0.36], [0.9, 0.1]])
    found = figures(logits, truth=[0, 1, 0])["ece"]
    assert found.value == pytest.approx((abs(0.62 + 0.64 - 1) + 0.1) / 3)


def test_full_confidence_is_in_the_last_bin() -> None:
    found = figures([[1000.0, -1000.0]] * 4, truth=[0, 0, 0, 1])
    assert found["ece"].value == found["ece_adaptive"].value == pytest.approx(0.25)


def test_a_model_that_is_as_sure_as_it_is_right_has_no_error() -> None:
    logits = np.tile(np.log([[0.75, 0.25]]), (4, 1))
    found = figures(logits, truth=[0, 0, 0, 1], probs=[[0.75, 0.25]] * 4)
    for metric in ("ece", "ece_adaptive", "ece_human"):
        assert found[metric].value == pytest.approx(0, abs=1e-12)


def test_ties_for_the_first_place_take_the_mean_share_of_people() -> None:
    found = figures([[1.0, 1.0, -99.0]], probs=[[0.7, 0.1, 0.2]], truth=[0])
    assert found["ece_human"].value == pytest.approx(abs(0.5 - 0.4))
    assert found["ece"].value == pytest.approx(0, abs=1e-12)


def test_equal_confidences_share_an_equal_mass_bin() -> None:
    logits = np.tile(np.log([[0.75, 0.25]]), (30, 1))
    truth = np.repeat([0, 1], 15)
    assert figures(logits, truth=truth)["ece_adaptive"].value == pytest.approx(0.25)


@pytest.mark.parametrize("metric", ["ece", "ece_adaptive"])
def test_equal_confidences_share_a_bin_whichever_class_is_first(metric: str) -> None:
    probs = np.array(list(permutations([0.6, 0.3, 0.1])))  # 0.6 is an edge of the bins
    for right in combinations(range(6), 3):
        truth = np.where(np.isin(range(6), right), probs.argmax(axis=1), probs.argmin(axis=1))
        found = figures(np.log(probs), truth=truth, metrics=(metric,))[metric]
        assert found.value == pytest.approx(0.1)


def test_a_tie_is_in_the_equal_mass_bin_of_its_middle() -> None:
    # Bins of three items. Items 2 to 5 tie: their middle is in the second bin.
    confidence = np.linspace(0.6, 0.9, 45)
    confidence[2:6] = confidence[4]
    right = np.zeros(45)
    right[[0, 1]] = 1
    bins = [slice(0, 2), slice(2, 6), slice(6, 9), *(slice(k, k + 3) for k in range(9, 45, 3))]
    expected = sum(abs((confidence - right)[part].sum()) for part in bins) / 45
    logits = np.log([confidence, 1 - confidence]).T
    found = figures(logits, truth=1 - right)["ece_adaptive"]
    assert found.value == pytest.approx(expected)


def test_the_order_of_items_does_not_move_ece_adaptive(random: np.random.Generator) -> None:
    case = made_up(random, 300)
    tied = np.round(case.logits)
    order = random.permutation(300)
    plain = figures(tied, truth=case.truth)["ece_adaptive"].value
    assert figures(tied[order], truth=case.truth[order])["ece_adaptive"].value == pytest.approx(
        plain, rel=1e-12
    )


def test_a_single_item_is_its_own_gap() -> None:
    found = figures(np.log([[0.8, 0.2]]), probs=[[0.5, 0.5]], truth=[1])
    assert found["ece"].value == found["ece_adaptive"].value == pytest.approx(0.8)
    assert found["ece_human"].value == pytest.approx(0.3)


class TestResamples:
    """Resamples of calibration errors are less biased than those errors are."""

    def test_between_halves_is_the_gap_of_one_half_with_the_sign_of_the_other(
        self, random: np.random.Generator
    ) -> None:
        gaps = random.normal(0.05, 1, (400, 3)) * [1, 0.2, 3]
        total, noise = gaps.sum(axis=0), np.sqrt((gaps**2).sum(axis=0))
        half = np.where(random.random((20_000, 400)) < 0.5, 1.0, 0.0)
        first, second = half @ gaps, (1 - half) @ gaps
        expected = np.sign(first) * second + np.sign(second) * first
        spread = expected.std(axis=0) / np.sqrt(len(half))
        assert (np.abs(between_halves(total, noise) - expected.mean(axis=0)) < 4 * spread).all()

    def test_without_noise_the_gap_is_left(self) -> None:
        gaps = np.array([-2.0, 0.0, 3.0])
        np.testing.assert_array_equal(between_halves(gaps, np.zeros(3)), [2, 0, 3])

    def test_between_halves_is_unbiased_where_there_is_no_gap(
        self, random: np.random.Generator
    ) -> None:
        noise = np.full(200_000, 2.0)
        found = between_halves(random.normal(0, 2, 200_000), noise)
        assert found.mean() == pytest.approx(0, abs=4 * found.std() / np.sqrt(200_000))

    @pytest.mark.parametrize("metric", ["ece", "ece_adaptive"])
    def test_samples_are_on_average_between_too_high_and_too_low(
        self, metric: str, random: np.random.Generator
    ) -> None:
        case = made_up(random, 3000)
        gap = case.model.max(axis=1) - case.right
        if metric == "ece":
            slot = np.ceil(case.model.max(axis=1) * BINS).astype(int) - 1
        else:
            slot = np.argsort(np.argsort(case.model.max(axis=1))) * BINS // 3000
        sums = np.asarray(np.bincount(slot, gap, BINS), dtype=np.float64)
        noise = np.sqrt(np.bincount(slot, gap**2, BINS) - sums**2 / 3000)
        too_low = between_halves(sums, noise).sum() / 3000
        scores = case.score(resamples=2000, metrics=(metric,))
        value = float(scores.value[0, 0, 0])
        assert value == pytest.approx(np.abs(sums).sum() / 3000)
        spread = samples_of(scores, metric).std() / np.sqrt(2000)
        middle = (value + too_low) / 2
        assert samples_of(scores, metric).mean() == pytest.approx(middle, abs=5 * spread)
        assert value - middle > 0.001

    @pytest.mark.parametrize("metric", ["ece", "ece_adaptive"])
    def test_a_calibrated_network_may_have_no_error(
        self, metric: str, random: np.random.Generator
    ) -> None:
        least = []
        for _ in range(20):
            confidence = random.uniform(0.5, 1, 300)
            logits = np.stack([np.log(confidence / (1 - confidence)), np.zeros(300)], axis=1)
            truth = (random.random(300) > confidence).astype(int)
            found = figures(logits, truth=truth, resamples=200, metrics=(metric,))[metric]
            assert found.value > 0.02
            least.append(found.low)
        assert np.count_nonzero(least) <= 6
        assert min(least) == 0

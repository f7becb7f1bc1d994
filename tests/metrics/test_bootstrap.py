from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import bootstrap as scipy_bootstrap
from scipy.stats import chisquare, entropy, norm, sem, spearmanr
from scipy.stats import t as student_t
from sklearn.metrics import cohen_kappa_score

from c10h.metrics.bootstrap import (
    MAX_GROUPS,
    expansion,
    groups,
    hash_rows,
    interval,
    means,
    student_point,
    weights,
)
from c10h.metrics.metrics import METRICS
from c10h.metrics.ranks import COUNTED_PLACES, RankMetric
from c10h.records import Array
from metrics.oracles import aurc
from metrics.scoring import METRIC_NAMES, Case, figures_of, made_up, samples_of

Statistic = Callable[[Case], float]
RESAMPLES = 4000


def width(ends: Array) -> float:
    return float(ends[1] - ends[0])


def by_resampling(case: Case, statistic: Statistic, resamples: int = 1000) -> Array:
    """The interval from scoring whole resamples, one after another."""
    random = np.random.default_rng(1)
    size = len(case.truth)
    drawn = (random.integers(0, size, size) for _ in range(resamples))
    return np.percentile([statistic(case.take(items)) for items in drawn], [2.5, 97.5])


def interval_of(case: Case, metric: str, **options: Any) -> Array:
    figure = case.figures(metrics=(metric,), **{"resamples": RESAMPLES, **options})[metric]
    return np.array([figure.low, figure.high])


def items_of(case: Case, metric: str) -> Array:
    """The value of each item, each from a score of that item alone."""
    return np.array(
        [case.take([i]).figures(metrics=(metric,))[metric].value for i in range(len(case.truth))]
    )


@pytest.mark.parametrize("metric", ["ce_hard", "ce_human", "jsd", "brier_human"])
def test_intervals_of_means_are_scipys(metric: str, random: np.random.Generator) -> None:
    case = made_up(random, 80)
    expected = scipy_bootstrap(
        (items_of(case, metric),), np.mean, n_resamples=RESAMPLES, method="percentile", rng=random
    )
    ends = np.array(expected.confidence_interval)
    # An end of 4,000 resamples is known to 0.042 standard errors, or 0.011 widths.
    np.testing.assert_allclose(interval_of(case, metric), ends, atol=0.05 * width(ends))
    np.testing.assert_allclose(
        samples_of(case.score(resamples=RESAMPLES), metric).std(),
        expected.standard_error,
        rtol=0.05,
    )


def mean_where(statistic: Callable[[Case], Array], where: Callable[[Case], Array]) -> Statistic:
    return lambda case: float(statistic(case)[where(case)].mean())


def kappa(case: Case) -> float:
    people_right = case.counts[np.arange(len(case.truth)), case.truth] > 0
    return float(cohen_kappa_score(case.right, people_right))


@pytest.mark.parametrize(
    ("metric", "votes", "statistic"),
    [
        ("conf_wrong", (1, 12), mean_where(lambda c: c.model.max(axis=1), lambda c: ~c.right)),
        ("kappa_human", (1, 2), kappa),
    ],
)
def test_intervals_of_ratios_resample_both_parts(
    metric: str, votes: tuple[int, int], statistic: Statistic, random: np.random.Generator
) -> None:
    case = made_up(random, 100, votes=votes)
    expected = by_resampling(case, statistic)
    np.testing.assert_allclose(interval_of(case, metric), expected, atol=0.08 * width(expected))


def rank_correlation(case: Case) -> float:
    people, model = (entropy(rows, axis=1).round(12) for rows in (case.people, case.model))
    return float(spearmanr(people, model).statistic)


def risk_coverage(case: Case) -> float:
    return aurc(case.model.max(axis=1).round(12), case.right)


RANKS = pytest.mark.parametrize(
    ("metric", "statistic"), [("entropy_corr", rank_correlation), ("aurc", risk_coverage)]
)


@RANKS
def test_intervals_of_ranks_are_close_to_ranking_every_resample(
    metric: str, statistic: Statistic, random: np.random.Generator
) -> None:
    case = made_up(random, 400)
    expected = by_resampling(case, statistic)
    np.testing.assert_allclose(interval_of(case, metric), expected, atol=0.1 * width(expected))


@RANKS
def test_intervals_of_ranks_hold_where_the_model_is_saturated(
    metric: str, statistic: Statistic, random: np.random.Generator
) -> None:
    case = made_up(random, 400)
    sure = random.random(400) < 0.5
    logits = case.logits + sure[:, None] * 1000 * np.eye(4)[case.logits.argmax(axis=1)]
    case = Case(logits, case.counts, case.truth)
    expected = by_resampling(case, statistic)
    np.testing.assert_allclose(interval_of(case, metric), expected, atol=0.1 * width(expected))


def samples_and_scores(
    case: Case, metric: str, score: Statistic | None = None
) -> tuple[Array, Array]:
    """Three samples of a metric, and what it is for the items that each of them drew."""
    size = len(case.truth)
    found = samples_of(case.score(resamples=3, seed=5, metrics=(metric,)), metric)
    _, drawn = next(weights(size, 3, 5))
    resamples = [case.take(np.repeat(np.arange(size), weight.astype(int))) for weight in drawn]
    score = score or (lambda drawn: drawn.figures(metrics=(metric,))[metric].value)
    return found, np.array([score(resample) for resample in resamples])


@pytest.mark.parametrize(
    "metric",
    [
        name
        for name in METRIC_NAMES
        if not isinstance(metric := METRICS[name], RankMetric) and metric.resampled is None
    ],
)
def test_a_sample_is_the_score_of_the_items_that_were_drawn(
    metric: str, random: np.random.Generator
) -> None:
    found, scores = samples_and_scores(made_up(random, 60), metric)
    np.testing.assert_allclose(found, scores, rtol=1e-5)


class TestFewObservations:
    """What depends on few items is spread out from its value, as Student's t is."""

    @pytest.mark.parametrize("freedom", [*range(1, 60), 1000, 10**6])
    def test_student_is_scipys(self, freedom: int) -> None:
        assert student_point(freedom) == pytest.approx(student_t.ppf(0.975, freedom), abs=2e-4)

    @pytest.mark.parametrize("observations", [2, 3, 7, 40])
    def test_the_expansion_makes_the_interval_of_a_mean_that_of_student(
        self, observations: int, random: np.random.Generator
    ) -> None:
        values = random.normal(size=observations)
        expected = student_t.interval(0.95, observations - 1, scale=sem(values))
        # Of a normal distribution with the variance that resampling has.
        percentiles = norm.interval(0.95, scale=values.std() / np.sqrt(observations))
        found = np.array(percentiles) * expansion(observations)
        np.testing.assert_allclose(found, expected, rtol=1e-4)

    def test_only_whole_observations_count_and_one_tells_nothing(self) -> None:
        assert expansion(7.9) == expansion(7) > expansion(8)
        assert expansion(3 - 1e-12) == expansion(3)
        assert np.isnan([expansion(1.5), expansion(0)]).all()
        assert expansion(1e6) == pytest.approx(1, abs=1e-5)

    @staticmethod
    def wrong(case: Case) -> int:
        return int(np.count_nonzero(~case.right))

    @staticmethod
    def doubtful(case: Case) -> float:
        doubt = 1 - case.model.max(axis=1)[case.right]
        return float(doubt.sum() ** 2 / (doubt**2).sum())

    @staticmethod
    def ranked(case: Case) -> float:
        """An error at place k of n is in the risk of all sets from there on."""
        wrong = ~case.right[np.argsort(-case.model.max(axis=1))]
        parts = [sum(1 / k for k in range(j + 1, len(wrong) + 1)) for j in np.flatnonzero(wrong)]
        return float(np.sum(parts) ** 2 / np.square(parts).sum())

    @pytest.mark.parametrize(
        ("metric", "depends_on", "score"),
        [
            ("conf_wrong", wrong, None),
            ("kappa_human", wrong, None),
            ("conf_right", doubtful, None),
            ("aurc", ranked, risk_coverage),
        ],
    )
    def test_samples_are_that_much_further_from_the_value(
        self,
        metric: str,
        depends_on: Statistic,
        score: Statistic | None,
        random: np.random.Generator,
    ) -> None:
        case = made_up(random, 60)
        assert 15 < self.wrong(case) <= COUNTED_PLACES
        found, scores = samples_and_scores(case, metric, score)
        value = case.figures(metrics=(metric,))[metric].value
        expected = value + (scores - value) * expansion(depends_on(case))
        np.testing.assert_allclose(found, expected, rtol=1e-5)

    @pytest.mark.parametrize(("errors", "exists"), [(1, False), (2, True)])
    def test_one_error_gives_no_interval(self, errors: int, exists: bool) -> None:
        logits = np.array([[3.0, 0.0], [2.0, 0.0], [1.0, 0.0], [1.5, 0.0]])
        case = Case(logits, np.full((4, 2), 3), (np.arange(4) < errors).astype(int))
        scores = case.score(resamples=50)
        for metric in ("conf_wrong", "kappa_human", "aurc"):
            found = figures_of(scores)[metric]
            assert np.isfinite(found.value)
            assert np.isfinite([found.low, found.high]).all() == exists
        few = f"conf_wrong, kappa_human, aurc: of {errors} error"
        assert few in str(scores.notes[0])
        assert ("no interval" in str(scores.notes[0])) != exists

    def test_of_many_errors_nothing_is_told(self, random: np.random.Generator) -> None:
        case = made_up(random, 200)
        assert self.wrong(case) >= 20
        assert "error" not in str(case.score(resamples=0).notes[0])

    def test_a_network_that_is_always_sure_has_an_interval_of_no_width(self) -> None:
        case = Case(np.tile([1000.0, 0.0], (9, 1)), np.full((9, 2), 3), np.zeros(9, dtype=int))
        found = case.figures(resamples=50)["conf_right"]
        assert (found.value, found.low, found.high) == (1, 1, 1)

    def test_ends_are_no_values_that_cannot_be(self) -> None:
        logits = np.array([[4.0, 0.0], [1.0, 0.0], [0.5, 0.0]])
        case = Case(logits, np.array([[9, 1], [5, 5], [2, 8]]), np.array([1, 1, 0]))
        found = case.figures(resamples=200)
        assert (found["conf_wrong"].low, found["conf_wrong"].high) == (0, 1)
        assert found["aurc"].high == 1
        assert found["kappa_human"].low == -1


def test_the_same_seed_gives_the_same_samples_and_another_does_not() -> None:
    case = made_up(np.random.default_rng(3), 50)
    first, again, other = (case.score(resamples=50, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.samples[:], again.samples[:])
    np.testing.assert_array_equal(first.low, again.low)
    assert (first.samples[0, 2, 0] != other.samples[0, 2, 0]).any()


def test_no_resamples_give_no_interval(random: np.random.Generator) -> None:
    found = made_up(random, 20).figures(resamples=0)["ce_human"]
    assert np.isfinite(found.value)
    assert np.isnan([found.low, found.high]).all()


def test_a_single_item_has_an_interval_of_no_width() -> None:
    found = made_up(np.random.default_rng(0), 1).figures(resamples=20)["ce_human"]
    assert found.low == found.high == pytest.approx(found.value, rel=1e-6)


def test_weights_draw_as_many_groups_as_there_are() -> None:
    blocks = list(weights(40, 110, 0))
    drawn = np.concatenate([block for _, block in blocks])
    assert drawn.shape == (110, 40)
    assert (drawn.sum(axis=1) == 40).all()
    assert [place for part, _ in blocks for place in range(110)[part]] == list(range(110))
    assert len(np.unique(drawn, axis=0)) == 110


def test_every_group_is_as_likely(random: np.random.Generator) -> None:
    drawn = sum(block.sum(axis=0) for _, block in weights(20, 2000, 0))
    assert chisquare(drawn).pvalue > 0.001


def test_the_interval_is_made_of_order_statistics() -> None:
    low, high = interval(np.arange(1000.0)[::-1])
    assert (low, high) in [(24, 974), (25, 974)]


@pytest.mark.parametrize(
    ("samples", "low", "high"),
    [
        ([1, np.inf, np.inf, np.inf], 1, np.inf),
        ([np.nan, 2, 3, np.nan], 2, 3),
        ([np.nan, np.nan], np.nan, np.nan),
        ([], np.nan, np.nan),
    ],
)
def test_infinite_and_missing_samples(samples: list[float], low: float, high: float) -> None:
    np.testing.assert_array_equal(interval(np.array(samples)), (low, high))


def test_up_to_a_limit_every_item_is_its_own_group() -> None:
    assert groups(MAX_GROUPS, 7).tolist() == list(range(MAX_GROUPS))


def test_above_the_limit_items_are_spread_over_all_groups() -> None:
    found = groups(40 * MAX_GROUPS, 0)
    assert chisquare(np.bincount(found, minlength=MAX_GROUPS)).pvalue > 0.001
    # Neighbours in a sorted file are no more often together than others are.
    together = np.mean(found[1:] == found[:-1])
    assert together == pytest.approx(1 / MAX_GROUPS, abs=5 / np.sqrt(40) / MAX_GROUPS)
    assert (found != groups(40 * MAX_GROUPS, 1)).mean() > 0.99


def test_rows_are_hashed_by_splitmix64() -> None:
    # The first outputs of the reference implementation from state 0 (Vigna, splitmix64.c).
    expected = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    assert hash_rows(4, 0)[1:].tolist() == expected


class TestMeans:
    def test_each_resample_is_the_mean_of_the_items_drawn(
        self, random: np.random.Generator
    ) -> None:
        values = random.normal(size=(30, 2))
        (_, drawn), *_ = weights(30, 25, 7)
        expected = np.stack([np.repeat(values, row.astype(int), axis=0).mean(0) for row in drawn])
        np.testing.assert_allclose(means(values, 25, 7), expected, rtol=1e-12)

    @pytest.mark.parametrize("items", [2000, MAX_GROUPS + 1, 3 * MAX_GROUPS])
    def test_they_spread_as_means_do(self, items: int, random: np.random.Generator) -> None:
        values = random.normal(3, 2, (items, 1))
        found = means(values, 1000, 0)[:, 0]
        assert found.mean() == pytest.approx(values.mean(), abs=4 * 2 / np.sqrt(1000 * items))
        # A standard deviation of 1,000 resamples is known to 2.2 %.
        assert found.std() == pytest.approx(values.std() / np.sqrt(items), rel=0.09)

    def test_infinite_values(self) -> None:
        values = np.array([[1.0], [np.inf]])
        found = means(values, 200, 0)[:, 0]
        assert np.isinf(found[found > 1]).all()
        assert not (found < 1).any()

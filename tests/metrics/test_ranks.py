from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy, rankdata, spearmanr

from c10h.metrics import ranks
from c10h.metrics.item_block import Float
from c10h.metrics.ranks import (
    EXACT_ITEMS,
    QUANTILE_BINS,
    Fit,
    Ranked,
    fit_aurc,
    fit_rank_correlation,
    rank_bins,
)
from c10h.metrics.sums import sum_by_cell
from metrics.oracles import aurc, aurc_by_orders
from metrics.scoring import Case, figures, fixed_examples, made_up

EVERYTHING = slice(None)
SMALL = st.lists(st.tuples(st.integers(1, 3), st.booleans()), min_size=1, max_size=6)


def entropy_correlation(case: Case) -> float:
    """scipy's; shares are sorted so that the same ones in another order of classes tie."""
    people, model = (entropy(np.sort(rows), axis=1) for rows in (case.people, case.model))
    return float(spearmanr(people, model).statistic)


def value_of(fit: Fit, items: int) -> float:
    """The value without any resampling."""
    sums = sum_by_cell(fit.term(EVERYTHING), np.zeros(items, dtype=np.int64), 1)
    return float(fit.combine(sums, np.full(1, float(items)))[0])


def many(random: np.random.Generator, items: int = 3 * EXACT_ITEMS) -> Case:
    """More items than are ranked exactly, sorted by class."""
    case = made_up(random, items, classes=5)
    return case.take(np.argsort(case.truth, kind="stable"))


def test_entropy_corr_is_scipys_spearman_with_ties(random: np.random.Generator) -> None:
    case = made_up(random, 300)
    found = case.figures()["entropy_corr"]
    assert len(np.unique(entropy(case.people, axis=1).round(12))) < 100
    assert found.value == pytest.approx(entropy_correlation(case), rel=1e-9)
    assert found.n == 300


def test_equal_shares_in_another_order_of_classes_tie() -> None:
    counts = np.array([[7, 2, 1], [1, 7, 2], [2, 1, 7], [5, 5, 0], [10, 0, 0]])
    logits = np.log([[0.5, 0.3, 0.2], [0.3, 0.2, 0.5], [0.2, 0.5, 0.3], [0.4, 0.3, 0.3],
                     [0.9, 0.05, 0.05]])  # fmt: skip
    expected = spearmanr([3, 3, 3, 2, 1], [2, 2, 2, 3, 1]).statistic
    assert figures(logits, counts=counts)["entropy_corr"].value == pytest.approx(expected)


def test_other_shares_of_equal_entropy_tie() -> None:
    # Both of the first two have exactly two bits.
    counts = [[4, 1, 1, 1, 1], [2, 2, 2, 2, 0], [8, 0, 0, 0, 0], [2, 2, 2, 1, 1]]
    logits = np.log1p(np.arange(4))[:, None] * np.eye(5)[0]
    found = figures(logits, counts=counts)["entropy_corr"]
    assert found.value == pytest.approx(spearmanr([2.5, 2.5, 1, 4], [4, 3, 2, 1]).statistic)


@pytest.mark.parametrize("gaps", [(0, 10), (10, 25), (25, 45), (100, 700)])
def test_entropy_corr_tells_confident_items_apart(
    gaps: tuple[int, int], random: np.random.Generator
) -> None:
    # Of two classes, the entropy falls with the distance of the logits.
    gap, counts = random.uniform(*gaps, 200), random.multinomial(20, [0.4, 0.6], 200)
    logits = np.stack([gap, np.zeros(200)], axis=1)
    expected = spearmanr(entropy(counts, axis=1).round(12), -gap).statistic
    found = figures(logits, counts=counts, metrics=("entropy_corr",))["entropy_corr"]
    assert found.value == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    ("logits", "counts"),
    [
        pytest.param([[2, 0], [1, 0]], [[5, 0], [0, 4]], id="unanimous people"),
        pytest.param([[2, 0], [0, 2]], [[5, 0], [3, 4]], id="a model of one entropy"),
        pytest.param([[2, 0]], [[5, 1]], id="a single item"),
    ],
)
def test_entropy_corr_is_null_for_constant_entropies(
    logits: list[list[int]], counts: list[list[int]]
) -> None:
    found = figures(logits, counts=counts, resamples=20)["entropy_corr"]
    assert np.isnan([found.value, found.low, found.high]).all()
    assert found.why == "one of the entropies is constant"


@fixed_examples
@given(SMALL)
def test_aurc_is_the_mean_over_all_orders_of_ties(items: list[tuple[int, bool]]) -> None:
    confidence, correct = (
        np.array(column, dtype=np.float64) for column in zip(*items, strict=True)
    )
    expected = aurc_by_orders(confidence, correct)
    counted = fit_aurc(Ranked(1 - confidence / 4), Ranked(correct))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ranks, "COUNTED_PLACES", -1)
        by_influence = fit_aurc(Ranked(1 - confidence / 4), Ranked(correct))
    for fit in (counted, by_influence):
        assert value_of(fit, len(items)) == pytest.approx(expected)
    assert aurc(confidence, correct) == pytest.approx(expected)


def test_equal_confidences_in_another_order_of_classes_tie() -> None:
    probs = np.array(list(permutations([0.6, 0.3, 0.1])))
    for right in combinations(range(6), 3):
        truth = np.where(np.isin(range(6), right), probs.argmax(axis=1), probs.argmin(axis=1))
        assert figures(np.log(probs), truth=truth)["aurc"].value == pytest.approx(1 / 2)


def test_aurc_by_hand() -> None:
    logits = np.log([[0.7, 0.3], [0.9, 0.1], [0.8, 0.2]])
    # From the most confident: right, wrong, right.
    found = figures(logits, truth=[0, 0, 1])["aurc"]
    assert found.value == pytest.approx((0 + 1 / 2 + 1 / 3) / 3)


def test_aurc_of_one_confidence_is_the_error_rate() -> None:
    logits = np.tile(np.log([[0.7, 0.3]]), (5, 1))
    assert figures(logits, truth=[1, 1, 0, 0, 0])["aurc"].value == pytest.approx(2 / 5)


@pytest.mark.parametrize(("truth", "value"), [(0, 0), (1, 1)])
def test_aurc_of_a_single_item_is_its_error(truth: int, value: float) -> None:
    assert figures([[2, 0]], truth=[truth])["aurc"].value == value


def test_aurc_of_many_items_is_the_mean_risk(random: np.random.Generator) -> None:
    case = made_up(random, 500)
    expected = aurc(case.model.max(axis=1), case.right)
    assert case.figures()["aurc"].value == pytest.approx(expected, rel=1e-9)


def test_ranks_are_exact_up_to_a_limit_and_close_above(random: np.random.Generator) -> None:
    case = many(random)
    found = case.figures(metrics=("entropy_corr", "aurc"))
    assert found["aurc"].value == pytest.approx(aurc(case.model.max(axis=1), case.right), abs=1e-4)
    assert found["entropy_corr"].value == pytest.approx(entropy_correlation(case), abs=1e-4)
    inside = case.take(slice(0, 3 * EXACT_ITEMS, 3))
    exact = inside.figures(metrics=("entropy_corr",))["entropy_corr"].value
    assert exact == pytest.approx(entropy_correlation(inside), rel=1e-9)


def test_bins_are_the_ranks_of_distinct_values() -> None:
    values = np.array([0.3, 0.1, 0.3, 0.2, -1.0])
    assert rank_bins(values).tolist() == (rankdata(values, "dense") - 1).tolist()


def test_bins_of_many_values_are_quantiles(random: np.random.Generator) -> None:
    values = random.normal(size=EXACT_ITEMS + 1)
    bins = rank_bins(values).astype(np.int64)
    sizes = np.bincount(bins)
    assert len(sizes) == QUANTILE_BINS
    assert set(sizes) == {2, 3}
    assert (np.diff(bins[np.argsort(values)]) >= 0).all()


def test_bins_of_many_values_keep_a_mass_of_ties_together(random: np.random.Generator) -> None:
    values = np.concatenate([np.zeros(EXACT_ITEMS), random.random(EXACT_ITEMS)])
    bins = rank_bins(values)
    assert set(bins[:EXACT_ITEMS]) == {0}
    assert bins[EXACT_ITEMS:].max() + 1 == pytest.approx(QUANTILE_BINS / 2, abs=2)


def spearman(first: Float, second: Float) -> float:
    return float(spearmanr(first, second).statistic)


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize(("fit", "value"), [(fit_aurc, aurc), (fit_rank_correlation, spearman)])
def test_influence_is_the_change_that_one_more_item_makes(
    fit: Callable[[Ranked, Ranked], Fit],
    value: Callable[[Float, Float], float],
    tied: bool,
    random: np.random.Generator,
) -> None:
    first = random.random(2400)
    second = (random.random(2400) < 0.3 + first / 2).astype(np.float64)
    if tied:
        first = np.asarray(np.ceil(first * 40) / 40, dtype=np.float64)
    influence = fit(Ranked(1 - first if value is aurc else first), Ranked(second)).term(EVERYTHING)
    assert isinstance(influence, np.ndarray)
    plain = value(first, second)
    for item in np.argsort(first)[[*range(0, 2400, 119), -30]]:
        moved = value(np.append(first, first[item]), np.append(second, second[item]))
        change = (moved - plain) * 2401
        assert change == pytest.approx(influence[item], abs=0.04 * float(np.std(influence)))
    assert influence.mean() == pytest.approx(0, abs=1e-12)

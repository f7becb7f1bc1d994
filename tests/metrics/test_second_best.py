from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from c10h.records import Array
from c10h.stages.matched_runs import Run
from c10h.stages.score_runs import Options, score_runs
from metrics.oracles import has_clear_second, second_best_accuracy
from metrics.scoring import figures, fixed_examples, made_up, predictions_of

LOGITS = st.lists(st.integers(0, 3), min_size=12, max_size=12)
VOTES = st.lists(
    st.lists(st.integers(0, 3), min_size=4, max_size=4).filter(any), min_size=3, max_size=3
)


def grid(numbers: list[int]) -> Array:
    return np.array(numbers, dtype=np.float64).reshape(3, 4)


def sba(logits: list[float], counts: list[int]) -> float:
    return figures([logits], counts=[counts])["sba"].value


@fixed_examples
@given(LOGITS, VOTES)
def test_sba_is_the_mean_over_all_orders_of_tied_logits(
    numbers: list[int], votes: list[list[int]]
) -> None:
    found = figures(grid(numbers), counts=votes)["sba"]
    value, n = second_best_accuracy(grid(numbers), np.array(votes))
    assert found.n == n
    assert found.value == pytest.approx(value, nan_ok=True)


@fixed_examples
@given(LOGITS, VOTES)
def test_sba_unique_is_sba_of_the_items_with_a_clear_second(
    numbers: list[int], votes: list[list[int]]
) -> None:
    counts = np.array(votes)
    clear = np.array([has_clear_second(item) for item in counts])
    found = figures(grid(numbers), counts=counts)["sba_unique"]
    value, _ = second_best_accuracy(grid(numbers)[clear], counts[clear])
    assert found.n == clear.sum()
    assert found.value == pytest.approx(value, nan_ok=True)


@fixed_examples
@given(LOGITS, VOTES, st.permutations(range(4)))
def test_the_order_of_classes_does_not_matter(
    numbers: list[int], votes: list[list[int]], order: list[int]
) -> None:
    plain = figures(grid(numbers), counts=votes)
    moved = figures(grid(numbers)[:, order], counts=np.array(votes)[:, order])
    for metric in ("sba", "sba_unique"):
        assert moved[metric].n == plain[metric].n
        assert moved[metric].value == pytest.approx(plain[metric].value, nan_ok=True)


def test_without_ties_sba_compares_scipys_ranks(random: np.random.Generator) -> None:
    logits = random.normal(size=(100, 6))
    counts = np.array([random.permutation([9, 6, 4, 2, 1, 0]) for _ in range(100)])
    second = rankdata(logits, axis=1) == 5
    expected = (rankdata(counts, axis=1)[second] == 5).mean()
    found = figures(logits, counts=counts)
    assert found["sba"].value == found["sba_unique"].value == pytest.approx(expected)


@pytest.mark.parametrize(
    ("logits", "counts", "value"),
    [
        pytest.param([1, 2, 0], [3, 9, 0], 1, id="class 0 is second best"),
        pytest.param([0, 2, 1], [3, 9, 0], 0, id="a class without votes does not match"),
        pytest.param([2, 1, 0], [4, 4, 1], 1, id="after a tie for first both are second"),
        pytest.param([1, 2, 0], [4, 4, 1], 1, id="after a tie for first the other is too"),
        pytest.param([2, 0, 1], [4, 4, 1], 0, id="after a tie for first the third is not"),
        pytest.param([2, 1, 0], [4, 2, 2], 1, id="a tie for second is held by both"),
        pytest.param([2, 1, 1], [4, 2, 0], 1 / 2, id="the model's second place is tied"),
        pytest.param([1, 1, 0], [4, 2, 0], 1 / 2, id="the model's first place is tied"),
        pytest.param([1, 1, 1], [4, 2, 0], 1 / 3, id="all logits are equal"),
        pytest.param([1, 1, 1], [4, 2, 2], 2 / 3, id="ties on both sides"),
    ],
)
def test_sba_by_hand(logits: list[float], counts: list[int], value: float) -> None:
    assert sba(logits, counts) == pytest.approx(value)


def test_unanimous_items_are_left_out() -> None:
    found = figures([[2, 1, 0]] * 3, counts=[[9, 0, 0], [5, 4, 0], [5, 0, 4]])
    assert (found["sba"].value, found["sba"].n) == (0.5, 2)


def test_ambiguous_items_are_left_out_of_sba_unique() -> None:
    counts = [[5, 5, 0], [5, 2, 2], [5, 0, 0], [5, 3, 0]]
    found = figures([[2, 1, 0]] * 4, counts=counts)
    assert (found["sba"].n, found["sba_unique"].n) == (3, 1)
    assert found["sba_unique"].value == 1


def test_sba_without_counts_takes_probabilities() -> None:
    found = figures([[1, 2, 0], [1, 2, 0]], probs=[[0.2, 0.8, 0.0], [0.0, 1.0, 0.0]])
    assert (found["sba"].value, found["sba"].n) == (1, 1)


def test_sba_takes_counts_where_a_prior_gives_every_item_a_second() -> None:
    counts, prior = np.array([[9, 0, 0], [5, 4, 0]]), np.array([[0.8, 0.1, 0.1], [0.5, 0.4, 0.1]])
    found = figures([[2, 1, 0]] * 2, counts=counts, probs=prior)
    assert (found["sba"].value, found["sba"].n) == (1, 1)


@pytest.mark.parametrize(
    ("counts", "metric", "why"),
    [
        ([[5, 0, 0]], "sba", "no item where two classes have votes"),
        ([[5, 5, 0]], "sba_unique", "no item whose first, second and third counts differ"),
    ],
)
def test_without_a_second_sba_is_null(counts: list[list[int]], metric: str, why: str) -> None:
    found = figures([[2, 1, 0]], counts=counts)[metric]
    assert np.isnan(found.value)
    assert (found.n, found.why) == (0, why)


def test_the_number_of_tied_logits_is_told(random: np.random.Generator) -> None:
    case = made_up(random, 3)
    logits = [[2, 1, 1, 0], [2, 2, 0, 0], [3, 2, 1, 1]]
    labels = case.labels()
    votes = np.array([[5, 1, 0, 0]] * 3, dtype=np.int32)
    labels = type(labels)(classes=labels.classes, probs=votes / 6, counts=votes)
    scores = score_runs([Run("model", predictions_of(logits))], labels, None, Options(resamples=0))
    assert scores.notes.tolist() == [
        "tied second-best logits in 2 items: sba breaks ties at random, in expectation"
    ]

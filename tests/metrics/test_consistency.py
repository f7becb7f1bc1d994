from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from metrics.oracles import kappa, orders
from metrics.scoring import Case, figures, fixed_examples, made_up

WHY = "chance agreement is 1"


def kappa_with_every_annotator(case: Case) -> float:
    """Cohen's kappa over every pair of an order of tied logits and a vote."""
    pairs = []
    for logits, votes, truth in zip(case.logits, case.counts, case.truth, strict=True):
        found = orders(logits)
        right = sum(order[0] == truth for order in found) / len(found)
        share = votes / votes.sum()
        pairs += [(right, float(vote == truth), share[vote]) for vote in np.flatnonzero(votes)]
    return kappa(pairs)


def test_with_one_vote_an_item_it_is_sklearns_kappa(random: np.random.Generator) -> None:
    case = made_up(random, 300, votes=(1, 2))
    people_right = case.counts[np.arange(300), case.truth] == 1
    found = case.figures()["kappa_human"]
    assert found.value == pytest.approx(cohen_kappa_score(case.right, people_right))
    assert (found.n, found.why) == (300, None)


def test_with_several_votes_it_is_kappa_over_all_pairs(random: np.random.Generator) -> None:
    case = made_up(random, 200)
    assert case.figures()["kappa_human"].value == pytest.approx(kappa_with_every_annotator(case))


@fixed_examples
@given(
    st.lists(st.integers(0, 2), min_size=12, max_size=12),
    st.lists(st.integers(1, 3), min_size=12, max_size=12),
)
def test_tied_logits_count_in_expectation(logits: list[int], votes: list[int]) -> None:
    case = Case(np.reshape(logits, (4, 3)), np.reshape(votes, (4, 3)), np.array([0, 1, 2, 0]))
    assert case.figures()["kappa_human"].value == pytest.approx(kappa_with_every_annotator(case))


def test_kappa_by_hand() -> None:
    # Model right, wrong; annotator right with 3/4, 1/4.
    found = figures([[2, 0], [2, 0]], counts=[[3, 1], [3, 1]], truth=[0, 1])["kappa_human"]
    observed, chance = (0.75 + 0.75) / 2, 0.5 * 0.5 + 0.5 * 0.5
    assert found.value == pytest.approx((observed - chance) / (1 - chance))


def test_kappa_without_counts_takes_probabilities() -> None:
    found = figures([[2, 0], [2, 0]], probs=[[0.75, 0.25]] * 2, truth=[0, 1])["kappa_human"]
    assert found.value == pytest.approx(0.5)


def test_kappa_does_not_see_a_prior() -> None:
    found = figures([[2, 0], [2, 0]], probs=[[0.6, 0.4]] * 2, counts=[[3, 1], [3, 1]], truth=[0, 1])
    assert found["kappa_human"].value == pytest.approx(0.5)


@pytest.mark.parametrize("truth", [0, 1])
def test_kappa_is_null_where_both_are_always_right_or_always_wrong(truth: int) -> None:
    found = figures([[2, 0]] * 3, counts=[[4, 0]] * 3, truth=[truth] * 3)["kappa_human"]
    assert np.isnan(found.value)
    assert found.why == WHY


def test_a_model_that_is_always_right_agrees_by_chance_alone() -> None:
    found = figures([[2, 0], [0, 2]], counts=[[3, 1], [2, 2]], truth=[0, 1])["kappa_human"]
    assert found.value == pytest.approx(0)

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cityblock, jensenshannon
from scipy.special import rel_entr
from scipy.stats import entropy
from sklearn.metrics import log_loss

from c10h.records import Array
from metrics.scoring import figures, fixed_examples, log_odds, made_up

TINY = float(np.finfo(np.float32).tiny)
POSITIVE = st.lists(st.floats(0.001, 1), min_size=6, max_size=6)


def distributions(numbers: list[float]) -> Array:
    rows = np.array(numbers).reshape(2, 3)
    return rows / rows.sum(axis=1, keepdims=True)


def test_ce_hard_is_sklearns_log_loss(random: np.random.Generator) -> None:
    case = made_up(random, 200)
    expected = log_loss(case.truth, case.model, labels=range(4))
    assert case.figures()["ce_hard"].value == pytest.approx(expected, rel=1e-9)


def test_ce_human_is_torchs_cross_entropy_with_soft_targets(random: np.random.Generator) -> None:
    case = made_up(random, 200)
    logits, people = torch.from_numpy(case.logits), torch.from_numpy(case.people)
    expected = torch.nn.functional.cross_entropy(logits, people).item()
    assert case.figures()["ce_human"].value == pytest.approx(expected, rel=1e-12)


def test_kl_is_scipys_relative_entropy(random: np.random.Generator) -> None:
    case = made_up(random, 200)
    found = case.figures()
    assert found["kl"].value == pytest.approx(
        rel_entr(case.people, case.model).sum(axis=1).mean(), rel=1e-9
    )
    assert found["ce_human"].value - found["kl"].value == pytest.approx(
        entropy(case.people, axis=1).mean()
    )


def test_jsd_is_the_square_of_scipys_distance(random: np.random.Generator) -> None:
    case = made_up(random, 200)
    expected = (jensenshannon(case.people, case.model, axis=1) ** 2).mean()
    assert case.figures()["jsd"].value == pytest.approx(expected, rel=1e-9)


def test_tvd_is_half_of_scipys_manhattan_distance(random: np.random.Generator) -> None:
    case = made_up(random, 200)
    rows = zip(case.people, case.model, strict=True)
    expected = np.mean([cityblock(people, model) / 2 for people, model in rows])
    found = case.figures()["tvd"]
    assert found.value == pytest.approx(expected, rel=1e-12)
    overlap = np.minimum(case.people, case.model).sum(axis=1).mean()
    assert 1 - found.value == pytest.approx(overlap, rel=1e-12)


@fixed_examples
@given(POSITIVE, POSITIVE)
def test_tvd_is_the_largest_difference_on_any_set_of_classes(
    first: list[float], second: list[float]
) -> None:
    p, q = distributions(first), distributions(second)
    sets = np.array(list(product([0, 1], repeat=3)))
    expected = np.abs((q - p) @ sets.T).max(axis=1).mean()
    assert figures(np.log(q), probs=p)["tvd"].value == pytest.approx(expected, abs=1e-12)


def test_tvd_runs_from_0_to_1() -> None:
    saturated = [[1000.0, 0.0, -1000.0]]
    assert figures(saturated, probs=[[1, 0, 0]])["tvd"].value == 0
    assert figures(saturated, probs=[[0, 0, 1]])["tvd"].value == 1


def test_published_names_are_what_the_docs_say(random: np.random.Generator) -> None:
    """docs/metrics.md, from the definitions of the papers."""
    case = made_up(random, 200)
    p, q, found = case.people, case.model, case.figures()
    manhattan = np.abs(p - q).sum(axis=1).mean()
    po_jsd = 1 - (jensenshannon(p, q, axis=1, base=2) ** 2).mean()
    soft_micro_f1 = 2 * np.minimum(p, q).sum() / (p + q).sum()
    assert manhattan == pytest.approx(2 * found["tvd"].value, rel=1e-9)
    assert po_jsd == pytest.approx(1 - found["jsd"].value / np.log(2), rel=1e-9)
    assert soft_micro_f1 == pytest.approx(1 - found["tvd"].value, rel=1e-9)


def test_differences_of_entropies_are_scipys(random: np.random.Generator) -> None:
    case = made_up(random, 200)
    gaps = entropy(case.model, axis=1) - entropy(case.people, axis=1)
    found = case.figures()
    assert found["entropy_gap"].value == pytest.approx(gaps.mean(), rel=1e-9)
    assert found["entropy_error"].value == pytest.approx(np.abs(gaps).mean(), rel=1e-9)
    assert (gaps < 0).any()
    assert (gaps > 0).any()


def test_gaps_of_both_signs_cancel_and_errors_do_not() -> None:
    # Even where people are unanimous, sure where they are even.
    found = figures([[0.0, 0.0], [1000.0, 0.0]], counts=[[4, 0], [2, 2]])
    assert found["entropy_gap"].value == pytest.approx(0, abs=1e-12)
    assert found["entropy_error"].value == pytest.approx(np.log(2))
    less_sure = figures([[0.0, 0.0]], counts=[[4, 0]])["entropy_gap"]
    assert less_sure.value == pytest.approx(np.log(2))


def test_unanimous_people_make_ce_human_the_hard_one() -> None:
    found = figures([[1.0, 2.0, -1.0]], counts=[[0, 7, 0]], truth=[1])
    assert found["ce_human"].value == found["kl"].value == found["ce_hard"].value
    assert found["ce_hard"].value == pytest.approx(np.log(1 + np.exp(-1) + np.exp(-3)))


def test_saturated_logits_give_exact_cross_entropies() -> None:
    logits = [[1000.0, 0.0, -1000.0]]
    found = figures(logits, probs=[[0.5, 0.25, 0.25]], truth=[2])
    assert found["ce_hard"].value == 2000
    assert found["ce_human"].value == 750
    assert found["kl"].value == pytest.approx(750 - 1.5 * np.log(2))


def test_jsd_runs_from_0_to_log_2() -> None:
    saturated = [[1000.0, 0.0, -1000.0]]
    assert figures(saturated, probs=[[1, 0, 0]])["jsd"].value == 0
    assert figures(saturated, probs=[[0, 0, 1]])["jsd"].value == pytest.approx(np.log(2))


def test_zero_probabilities_cost_the_log_of_the_smallest_normal_float32() -> None:
    found = figures(log_odds([[1, 0, 0]]), probs=[[0.5, 0.5, 0]], truth=[1])
    assert found["ce_hard"].value == pytest.approx(-np.log(TINY))
    assert found["ce_hard"].value == pytest.approx(87.33654, abs=1e-5)
    assert found["ce_human"].value == pytest.approx(-np.log(TINY) / 2)


@fixed_examples
@given(POSITIVE, POSITIVE)
def test_jsd_is_symmetric_and_at_most_log_2(first: list[float], second: list[float]) -> None:
    p, q = distributions(first), distributions(second)
    one = figures(np.log(q), probs=p)["jsd"].value
    other = figures(np.log(p), probs=q)["jsd"].value
    assert one == pytest.approx(other, abs=1e-12)
    assert -1e-12 <= one <= np.log(2) + 1e-12


@fixed_examples
@given(POSITIVE, st.lists(st.integers(-20, 20), min_size=6, max_size=6))
def test_no_model_goes_below_the_entropy_of_people(people: list[float], logits: list[int]) -> None:
    found = figures(np.reshape(logits, (2, 3)), probs=distributions(people))
    assert found["ce_human"].value >= found["ce_human"].ceilings["plug-in"] - 1e-12
    assert found["kl"].value >= -1e-12


@fixed_examples
@given(POSITIVE)
def test_the_people_themselves_reach_the_entropy(numbers: list[float]) -> None:
    people = distributions(numbers)
    found = figures(np.log(people), probs=people)
    assert found["ce_human"].value == pytest.approx(entropy(people, axis=1).mean())
    assert found["kl"].value == pytest.approx(0, abs=1e-12)
    assert found["jsd"].value == pytest.approx(0, abs=1e-12)

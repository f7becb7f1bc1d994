from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import brier_score_loss

from c10h.metrics.ceilings import split_votes
from c10h.metrics.estimates import Estimate
from metrics.oracles import all_votes
from metrics.scoring import figures, log_odds, made_up

# Four equally likely faces: a population of 1/2, 1/4, 1/4.
FACES, POPULATION = (0, 0, 1, 2), np.array([0.5, 0.25, 0.25])
MODEL = np.array([0.6, 0.3, 0.1])


def test_brier_hard_is_sklearns(random: np.random.Generator) -> None:
    case = made_up(random, 200)
    expected = brier_score_loss(case.truth, case.model, labels=range(4), scale_by_half=False)
    assert case.figures()["brier_hard"].value == pytest.approx(expected)


def test_brier_human_is_torchs_squared_error(random: np.random.Generator) -> None:
    case = made_up(random, 200)
    model, people = torch.from_numpy(case.model), torch.from_numpy(case.people)
    expected = torch.nn.functional.mse_loss(model, people, reduction="sum").item() / 200
    assert case.figures()["brier_human"].value == pytest.approx(expected)


def test_brier_by_hand() -> None:
    found = figures(np.log([[0.7, 0.2, 0.1]]), probs=[[0.5, 0.5, 0]], truth=[1])
    assert found["brier_human"].value == pytest.approx(0.04 + 0.09 + 0.01)
    assert found["brier_hard"].value == pytest.approx(0.49 + 0.64 + 0.01)


@pytest.mark.parametrize("votes", [2, 3, 4])
def test_debiased_brier_is_the_distance_to_the_population(votes: int) -> None:
    counts = all_votes(votes, FACES, 3)
    found = figures(np.tile(np.log(MODEL), (len(counts), 1)), counts=counts)
    assert found["brier_human_debiased"].value == pytest.approx(((MODEL - POPULATION) ** 2).sum())
    assert found["brier_human"].value > found["brier_human_debiased"].value


@pytest.mark.parametrize("votes", [2, 3, 4])
def test_equivalent_annotators_is_variance_over_distance_of_the_population(votes: int) -> None:
    counts = all_votes(votes, FACES, 3)
    found = figures(np.tile(np.log(MODEL), (len(counts), 1)), counts=counts)
    expected = (1 - (POPULATION**2).sum()) / ((MODEL - POPULATION) ** 2).sum()
    assert found["equivalent_annotators"].value == pytest.approx(expected)


def test_equivalent_annotators_by_hand() -> None:
    found = figures(np.log([[0.9, 0.1], [0.5, 0.5]]), counts=[[3, 1], [2, 0]])
    # V: 1 - (3·2 + 0)/(4·3) = 1/2 and 0; D: 2·0.15² - (1/2)/4 and 2·0.5².
    assert found["brier_human_debiased"].value == pytest.approx((0.045 - 0.125 + 0.5) / 2)
    assert found["equivalent_annotators"].value == pytest.approx(0.5 / (0.045 - 0.125 + 0.5))


def test_debiased_brier_knows_no_prior() -> None:
    probs = [[0.6, 0.4]]
    plain = figures(np.log([[0.9, 0.1]]), counts=[[3, 1]])
    with_prior = figures(np.log([[0.9, 0.1]]), counts=[[3, 1]], probs=probs)
    for name in ("brier_human_debiased", "equivalent_annotators"):
        assert with_prior[name].value == plain[name].value
    assert with_prior["brier_human"].value == pytest.approx(2 * 0.3**2)


def test_a_model_closer_than_noise_is_worth_infinitely_many() -> None:
    counts = np.array([[6, 4], [3, 7], [5, 5]])
    found = figures(log_odds(counts / 10), counts=counts, resamples=200)["equivalent_annotators"]
    assert (found.value, found.low, found.high, found.why) == (np.inf, np.inf, np.inf, None)


def test_an_infinite_end_of_an_interval_stays_infinite() -> None:
    # The first ten items are matched within noise, the others missed.
    counts = np.array([[6, 4]] * 10 + [[2, 8]] * 4)
    logits = np.log(np.tile([[0.6, 0.4]], (14, 1)))
    found = figures(logits, counts=counts, resamples=1000)["equivalent_annotators"]
    assert found.low < found.value < np.inf
    assert found.high == np.inf


def test_unanimous_people_are_worth_no_annotator_to_a_model_that_differs() -> None:
    found = figures([[1.0, 0.0]], counts=[[5, 0]])["equivalent_annotators"]
    assert (found.value, found.n) == (0, 1)


@pytest.mark.parametrize("metric", ["brier_human_debiased", "equivalent_annotators"])
def test_items_with_one_vote_do_not_count(metric: str, random: np.random.Generator) -> None:
    case = made_up(random, 60, votes=(2, 6))
    single = np.eye(4, dtype=np.int32)[random.integers(0, 4, 30)]
    mixed = figures(
        np.concatenate([case.logits, random.normal(size=(30, 4))]),
        counts=np.concatenate([case.counts, single]),
    )
    assert mixed[metric].value == pytest.approx(case.figures()[metric].value)
    assert mixed[metric].n == 60


@pytest.mark.parametrize("metric", ["brier_human_debiased", "equivalent_annotators"])
def test_one_vote_an_item_leaves_nothing_to_debias(metric: str) -> None:
    found = figures([[1.0, 0.0]], counts=[[1, 0]])[metric]
    assert np.isnan(found.value)
    assert (found.n, found.why) == (0, "no item has two votes")


@pytest.fixture(scope="module")
def real_counts(real_data: Path) -> np.ndarray:
    return np.load(real_data / "cifar10h-counts.npy").astype(np.int64)


def hidden_people(counts: np.ndarray, people: int, seed: int) -> dict[str, Estimate]:
    """Scores of the vote share of some people against the votes of all others."""
    sizes = np.full(len(counts), people)
    drawn = split_votes(counts, sizes, np.random.default_rng(seed))
    metrics = ("brier_human_debiased", "equivalent_annotators")
    return figures(log_odds(drawn / people), counts=counts - drawn, metrics=metrics)


@pytest.mark.parametrize("people", [1, 5, 20])
def test_hidden_people_are_worth_their_number(real_counts: np.ndarray, people: int) -> None:
    found = [hidden_people(real_counts, people, seed) for seed in range(20)]
    worth = [one["equivalent_annotators"].value for one in found]
    assert np.mean(worth) == pytest.approx(people, rel=0.05)
    assert np.std(worth) > 0

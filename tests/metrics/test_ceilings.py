from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare, entropy, multivariate_hypergeom, spearmanr

from c10h.metrics.ceilings import split_half, split_half_name, split_votes
from c10h.records import Array
from c10h.stages.matched_runs import Run
from c10h.stages.score_runs import Options, score_runs
from metrics.oracles import all_votes, kappa, plurality_is, votes_left_out
from metrics.scoring import figures, fixed_examples, labels_of, made_up, predictions_of

LEFT_OUT = "leave-one-vote-out"
VOTES = st.lists(
    st.lists(st.integers(0, 3), min_size=3, max_size=3).filter(any), min_size=4, max_size=4
)
TRUTH = np.array([0, 1, 2, 0])


def ceiling(metric: str, method: str, counts: Any, truth: Any = None) -> float:
    votes = np.asarray(counts)
    found = figures(np.zeros(votes.shape), counts=votes, truth=truth)
    return found[metric].ceilings.get(method, float("nan"))


def mean_over_items(counts: Array, weighted: list[float]) -> float:
    """The mean over items with several votes of what was weighted by shares of votes."""
    several = np.count_nonzero(counts.sum(axis=1) > 1)
    return sum(weighted) / several if several else float("nan")


def test_entropy_floors_are_scipys_and_by_formula(random: np.random.Generator) -> None:
    case = made_up(random, 100)
    plug_in = entropy(case.people, axis=1).mean()
    bias = ((np.count_nonzero(case.counts, axis=1) - 1) / (2 * case.counts.sum(axis=1))).mean()
    found = case.figures()
    assert found["ce_human"].ceilings == pytest.approx(
        {"plug-in": plug_in, "miller-madow": plug_in + bias}
    )
    assert found["kl"].ceilings == pytest.approx({"plug-in": 0, "miller-madow": bias})
    assert found["entropy_gap"].ceilings == pytest.approx({"miller-madow": bias})


def test_the_population_itself_has_the_entropy_gap_that_is_told(
    random: np.random.Generator,
) -> None:
    population = np.array([0.5, 0.3, 0.2])
    counts = random.multinomial(40, population, 4000)
    found = figures(np.tile(np.log(population), (4000, 1)), counts=counts)["entropy_gap"]
    errors = entropy(counts, axis=1).std() / np.sqrt(4000)
    assert found.value == pytest.approx(found.ceilings["miller-madow"], abs=4 * errors)
    assert found.value > 10 * errors


def test_miller_madow_by_hand() -> None:
    # Three classes in ten votes, one class in four.
    assert ceiling("kl", "miller-madow", [[7, 2, 1], [4, 0, 0]]) == pytest.approx((2 / 20 + 0) / 2)


def test_without_counts_only_the_plug_in_entropy_is_known() -> None:
    found = figures([[1.0, 0.0]], probs=[[0.5, 0.5]], truth=[0])
    known = {name: figure.ceilings for name, figure in found.items() if figure.ceilings}
    assert known == {
        "ce_human": {"plug-in": pytest.approx(np.log(2))},
        "kl": {"plug-in": pytest.approx(0)},
    }


@fixed_examples
@given(VOTES)
def test_accuracy_ceiling_takes_each_vote_away_in_turn(votes: list[list[int]]) -> None:
    counts = np.array(votes)
    values = [
        share * plurality_is(rest, TRUTH[item]) for item, rest, _, share in votes_left_out(counts)
    ]
    assert ceiling("accuracy", LEFT_OUT, counts, TRUTH) == pytest.approx(
        mean_over_items(counts, values), nan_ok=True
    )


@fixed_examples
@given(VOTES)
def test_brier_hard_ceiling_takes_each_vote_away_in_turn(votes: list[list[int]]) -> None:
    counts = np.array(votes)
    values = [
        share * ((rest / rest.sum() - np.eye(3)[TRUTH[item]]) ** 2).sum()
        for item, rest, _, share in votes_left_out(counts)
    ]
    assert ceiling("brier_hard", LEFT_OUT, counts, TRUTH) == pytest.approx(
        mean_over_items(counts, values), nan_ok=True
    )


@fixed_examples
@given(VOTES)
def test_brier_human_ceiling_takes_each_vote_away_in_turn(votes: list[list[int]]) -> None:
    counts = np.array(votes)
    shares = counts / counts.sum(axis=1, keepdims=True)
    spread = 1 - (shares**2).sum(axis=1)  # by which single votes are farther than their share
    values = [
        share * (((rest / rest.sum() - np.eye(3)[vote]) ** 2).sum() - spread[item])
        for item, rest, vote, share in votes_left_out(counts)
    ]
    assert ceiling("brier_human", LEFT_OUT, counts) == pytest.approx(
        mean_over_items(counts, values), nan_ok=True, abs=1e-12
    )


def test_brier_human_ceiling_is_the_distance_of_two_groups_of_people() -> None:
    # Two people against three others, all from the same population, over all their votes.
    faces = (0, 0, 1, 2)
    two, three = all_votes(2, faces, 3) / 2, all_votes(3, faces, 3) / 3
    expected = ((two[:, None] - three[None]) ** 2).sum(axis=2).mean()
    assert ceiling("brier_human", LEFT_OUT, all_votes(3, faces, 3)) == pytest.approx(expected)


@fixed_examples
@given(VOTES)
def test_kappa_ceiling_takes_each_vote_away_in_turn(votes: list[list[int]]) -> None:
    pairs = [
        (plurality_is(rest, TRUTH[item]), float(vote == TRUTH[item]), share)
        for item, rest, vote, share in votes_left_out(np.array(votes))
    ]
    right = {(chance, other) for chance, other, _ in pairs}
    found = figures(np.zeros((4, 3)), counts=votes, truth=TRUTH)["kappa_human"].ceilings
    if right <= {(1.0, 1.0)} or right <= {(0.0, 0.0)}:
        assert LEFT_OUT not in found
    else:
        assert found[LEFT_OUT] == pytest.approx(kappa(pairs), abs=1e-9)


def test_ceilings_by_hand() -> None:
    # Two of three for the truth: without one of the two it is a tie, without the third it is sure.
    assert ceiling("accuracy", LEFT_OUT, [[2, 1]], [0]) == pytest.approx(2 / 3 * 1 / 2 + 1 / 3)
    # One each: whoever stays decides.
    assert ceiling("accuracy", LEFT_OUT, [[1, 1]], [0]) == pytest.approx(1 / 2)
    assert ceiling("accuracy", LEFT_OUT, [[5, 0]], [0]) == 1
    assert ceiling("accuracy", LEFT_OUT, [[5, 0]], [1]) == 0


@pytest.mark.parametrize("metric", ["accuracy", "brier_hard", "brier_human", "sba", "jsd"])
def test_items_with_one_vote_have_no_ceiling(metric: str, random: np.random.Generator) -> None:
    several = made_up(random, 40, votes=(4, 5))
    single = made_up(random, 20, votes=(1, 2))
    both = np.concatenate([several.counts, single.counts])
    truth = np.concatenate([several.truth, single.truth])
    assert figures(np.zeros((60, 4)), counts=both, truth=truth)[metric].ceilings == pytest.approx(
        several.figures()[metric].ceilings
    )
    assert LEFT_OUT not in single.figures()[metric].ceilings


def test_halves_of_three_votes_against_one() -> None:
    # The minority vote is in one half: (2, 0, 0) against (1, 1, 0), either way round.
    counts = np.tile([3, 1, 0], (50, 1))
    found = split_half(counts, 0)
    divergence = entropy([3, 1]) - (entropy([2, 0]) + entropy([1, 1])) / 2
    assert found["jsd"] == pytest.approx(divergence)
    assert found["tvd"] == pytest.approx(1 / 2)
    # The unanimous half has classes 1 and 2 tied for its second place.
    assert found["sba"] == pytest.approx(1 / 2)


def test_halves_of_one_vote_each_share_nothing() -> None:
    found = split_half(np.array([[1, 1], [1, 1]]), 0)
    assert found["jsd"] == pytest.approx(np.log(2))
    assert found["tvd"] == 1
    assert np.isnan(found["sba"])
    assert np.isnan(found["entropy_corr"])


def test_unanimous_halves_agree() -> None:
    found = split_half(np.array([[4, 0], [0, 6]]), 0)
    assert found["jsd"] == found["tvd"] == 0


def test_split_half_correlation_is_the_mean_over_splits(random: np.random.Generator) -> None:
    counts = made_up(random, 400, votes=(10, 30)).counts.astype(np.int64)
    expected = []
    for _ in range(10):
        half = np.array([random.multivariate_hypergeometric(c, c.sum() // 2) for c in counts])
        first, second = (entropy(x, axis=1).round(12) for x in (half, counts - half))
        expected.append(spearmanr(first, second).statistic)
    tolerance = 4 * np.std(expected) * np.sqrt(1 / 10 + 1 / 8)
    assert split_half(counts, 0)["entropy_corr"] == pytest.approx(np.mean(expected), abs=tolerance)


def test_split_half_is_named_for_the_votes_in_half() -> None:
    assert split_half_name(np.array([[6, 4], [9, 3], [1, 0]])) == "split-half-6"
    assert split_half_name(np.array([[1, 0]])) == "split-half-0"


def test_votes_are_split_without_replacement(random: np.random.Generator) -> None:
    counts = made_up(random, 300, votes=(2, 40)).counts
    sizes = random.integers(0, counts.sum(axis=1) + 1)
    drawn = split_votes(counts, sizes, random)
    assert ((drawn >= 0) & (drawn <= counts)).all()
    assert drawn.sum(axis=1).tolist() == sizes.tolist()


def test_split_votes_are_hypergeometric(random: np.random.Generator) -> None:
    votes, draws = [3, 2, 2], 20_000
    drawn = split_votes(np.tile(votes, (draws, 1)), np.full(draws, 3), random)
    kinds, found = np.unique(drawn, axis=0, return_counts=True)
    expected = draws * multivariate_hypergeom.pmf(kinds, m=votes, n=3)
    assert expected.sum() == pytest.approx(draws)
    assert chisquare(found, expected).pvalue > 0.001


def test_ceilings_do_not_depend_on_the_model(random: np.random.Generator) -> None:
    case = made_up(random, 50)
    labels = labels_of(counts=case.counts, truth=case.truth)
    runs = [Run(name, predictions_of(random.normal(size=(50, 4)))) for name in "ab"]
    for limits in score_runs(runs, labels, None, Options(resamples=0)).ceilings.values():
        np.testing.assert_array_equal(limits[0], limits[1])


def test_real_people_have_the_published_biases(real_data: Path) -> None:
    counts = np.load(real_data / "cifar10h-counts.npy").astype(np.int32)
    metrics = ("kl", "brier_human", "brier_human_debiased")
    found = figures(np.zeros(counts.shape), counts=counts, metrics=metrics)
    assert found["kl"].ceilings["miller-madow"] == pytest.approx(0.009, abs=0.0005)
    noise = found["brier_human"].value - found["brier_human_debiased"].value
    assert noise == pytest.approx(0.0015, abs=0.00005)

"""Plans from labels, and what they do on real people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from formats.files import counts_of
from metrics.scoring import labels_of, made_up
from scipy.stats import dirichlet, entropy

from c10h.errors import InputError
from c10h.labels.allocation import allocate, fit_prior
from c10h.labels.plan_objectives import OBJECTIVES
from c10h.metrics.ceilings import split_votes
from c10h.metrics.items_or_votes import disagreement
from c10h.records import Array, Labels
from c10h.stages.labels_plan import spread_judgments
from c10h.views.forms.json_text import plain


@pytest.fixture
def people(random: np.random.Generator) -> Labels:
    return labels_of(counts=made_up(random, 60).counts)


class TestPlan:
    @pytest.mark.parametrize("objective", OBJECTIVES)
    @pytest.mark.parametrize("budget", [1, 59, 60, 1000])
    def test_it_spends_the_budget_and_nobody_gets_nothing(
        self, people: Labels, objective: str, budget: int
    ) -> None:
        plan = spread_judgments(people, budget, objective=objective)
        assert plan.judgments.sum() == budget
        assert (plan.judgments > 0).all()
        assert (np.diff(plan.judgments) <= 0).all()
        assert len(set(plan.item.tolist())) == len(plan.item)
        np.testing.assert_array_equal(plan.votes, counts_of(people).sum(axis=1)[plan.item])
        assert plan.planned <= plan.uniform < plan.now

    def test_expected_errors_are_those_of_shares_under_the_posterior(self, people: Labels) -> None:
        plan = spread_judgments(people, 100, prior=0.4)
        counts = counts_of(people)
        total = counts.sum(axis=1)
        posteriors = [dirichlet(row + 0.4) for row in counts]
        variance = np.array([one.var().sum() for one in posteriors])
        mean = np.array([one.mean() for one in posteriors])
        error = variance + ((counts / total[:, None] - mean) ** 2).sum(axis=1)
        apart = 1 - variance - (mean**2).sum(axis=1)
        further = np.zeros(60)
        further[plan.item] = plan.judgments

        def after(x: Array | int) -> float:
            return float(((total**2 * error + x * apart) / (total + x) ** 2).mean())

        assert plan.now == pytest.approx(after(0))
        assert plan.planned == pytest.approx(after(further))
        assert plan.uniform == pytest.approx(after(1) / 3 + after(2) * 2 / 3)

    def test_people_are_modelled_unless_a_prior_is_given(self, people: Labels) -> None:
        assert spread_judgments(people, 5).prior is None
        assert spread_judgments(people, 5, prior=2).prior == 2
        fitted = spread_judgments(people, 5, objective="entropy").prior
        assert fitted == fit_prior(counts_of(people))

    def test_many_classes_have_a_prior(self, random: np.random.Generator) -> None:
        counts = random.multinomial(5, random.dirichlet(np.full(40, 0.1), 30))
        assert spread_judgments(labels_of(counts=counts), 5).prior == fit_prior(counts)

    def test_more_items_or_more_votes(self, people: Labels) -> None:
        choice = spread_judgments(people, 600).choice
        assert choice is not None
        counts = counts_of(people)
        assert choice.votes == pytest.approx(counts.sum() / 60)
        assert choice.more_items * choice.votes == pytest.approx(600)
        assert choice.more_votes == 10
        assert choice.with_items < choice.now
        assert choice.with_votes < choice.now
        spread = disagreement(counts)
        assert spread is not None
        items = 60 + 600 / choice.votes
        assert choice.with_items == pytest.approx(spread.standard_error(items, choice.votes))

    @pytest.mark.parametrize("limit", [1, 3])
    def test_no_item_gets_more_than_the_limit(self, people: Labels, limit: int) -> None:
        plan = spread_judgments(people, 50, limit=limit)
        assert plan.judgments.max() == limit
        assert plan.judgments.sum() == 50

    def test_a_limit_that_the_budget_just_fits(self, people: Labels) -> None:
        plan = spread_judgments(people, 120, limit=2)
        assert plan.judgments.tolist() == [2] * 60

    def test_items_are_called_by_their_ids_or_rows(self, random: np.random.Generator) -> None:
        counts = made_up(random, 5).counts
        names = np.array([f"image {number}" for number in range(5)])
        unnamed = spread_judgments(labels_of(counts=counts), 20)
        named = spread_judgments(labels_of(counts=counts, ids=names), 20)
        assert unnamed.names.tolist() == [str(item) for item in unnamed.item]
        assert named.names.tolist() == names[named.item].tolist()

    def test_people_who_disagree_are_asked_more(self) -> None:
        counts = np.array([[20, 0], [10, 10], [19, 1]] * 5)
        plan = spread_judgments(labels_of(counts=counts), 100)
        given = np.zeros(15)
        given[plan.item] = plan.judgments
        for certain, split, nearly in given.reshape(5, 3):
            assert split > nearly >= certain

    def test_equal_items_are_not_settled_by_the_order_of_the_file(self) -> None:
        labels = labels_of(counts=np.tile([3, 2], (50, 1)))
        plans = [spread_judgments(labels, 10, prior=0.5, seed=seed).item for seed in range(20)]
        assert len(set(map(tuple, (sorted(plan) for plan in plans)))) == 20
        assert 15 < np.mean([plan.mean() for plan in plans]) < 34

    @pytest.mark.parametrize("objective", OBJECTIVES)
    def test_a_seed_repeats(self, people: Labels, objective: str) -> None:
        first, second = (
            plain(spread_judgments(people, 77, objective=objective, seed=3)) for _ in range(2)
        )
        assert first == second


class TestRefused:
    @pytest.mark.parametrize(
        ("options", "says"),
        [
            ({"budget": 0}, "--budget 0: expected 1 to"),
            ({"budget": -5}, "--budget -5: expected 1 to"),
            ({"budget": 61, "limit": 1}, "60 items with at most 1 judgment each cannot use up 61"),
            ({"budget": 5, "limit": 0}, "--max-per-item 0"),
            ({"budget": 5, "limit": -1}, "--max-per-item -1"),
            ({"budget": 5, "prior": 0}, "--prior 0: expected 1e-06 to 1000"),
            ({"budget": 5, "prior": -1}, "--prior -1"),
            ({"budget": 5, "prior": float("nan")}, "--prior nan"),
            ({"budget": 5, "prior": float("inf")}, "--prior inf"),
        ],
        ids=str,
    )
    def test_numbers_that_make_no_sense(
        self, people: Labels, options: dict[str, Any], says: str
    ) -> None:
        with pytest.raises(InputError, match=says):
            spread_judgments(people, **options)

    def test_probabilities_without_votes(self) -> None:
        with pytest.raises(InputError, match="needs vote counts, found only probabilities"):
            spread_judgments(labels_of(probs=[[0.5, 0.5]]), 5)


# Labels that leave a plan little to go by.
SPECIAL = {
    "one item": [[3, 1, 0]],
    "one vote": [[1, 0, 0]],
    "single votes": np.eye(3, dtype=int).tolist() * 4,
    "unanimous": (20 * np.eye(3, dtype=int)).tolist() * 4,
    "one class": [[7, 0, 0]] * 12,
    "even": [[5, 5, 5]] * 12,
    "many votes": [[10**4, 0, 0], [0, 10**5, 0], [10**6, 0, 0]],
}


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("what", SPECIAL)
def test_labels_with_little_to_go_by(what: str, objective: str) -> None:
    prior = 0.1 if "vote" in what else None
    plan = spread_judgments(labels_of(counts=SPECIAL[what]), 50, objective=objective, prior=prior)
    assert plan.judgments.sum() == 50
    assert (plan.judgments > 0).all()
    # Where all items are as good as certain, any vote does harm.
    assert 0 <= plan.planned <= max(plan.now, plan.uniform)


@pytest.mark.parametrize("what", ["one vote", "single votes"])
def test_single_votes_tell_no_prior(what: str) -> None:
    with pytest.raises(InputError, match=r"one vote per item .* use --prior"):
        spread_judgments(labels_of(counts=SPECIAL[what]), 50)


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("prior", [1e-300, 1e-12, 1e12, 1e100, 1e200])
def test_any_prior_is_planned_with_or_refused(prior: float, objective: str) -> None:
    for counts in ([[7, 1, 0], [3, 3, 3], [9, 0, 0]], [[9, 0, 0]] * 3):
        try:
            plan = spread_judgments(labels_of(counts=counts), 50, objective=objective, prior=prior)
        except InputError:
            continue
        assert plan.judgments.sum() == 50
        assert (plan.judgments > 0).all()


@pytest.mark.parametrize("budget", [10**9, 10**15, 10**18 - 1, 10**20])
def test_any_budget_is_spent_or_refused(people: Labels, budget: int) -> None:
    try:
        plan = spread_judgments(people, budget)
    except InputError:
        return
    assert plan.judgments.sum() == budget


class TestRealPeople:
    """5 votes to start with, 25 hidden to score with, the others to be asked for."""

    BUDGET = 10_000

    def split(self, folder: Path, seed: int) -> tuple[np.random.Generator, Array, Array, Array]:
        counts = np.load(folder / "cifar10h-counts.npy").astype(np.int64)
        random = np.random.default_rng(seed)
        start = split_votes(counts, np.full(len(counts), 5), random)
        hidden = split_votes(counts - start, np.full(len(counts), 25), random)
        return random, start, hidden, counts - start - hidden

    @pytest.mark.parametrize("seed", [0, 1])
    @pytest.mark.parametrize("objective", OBJECTIVES)
    def test_a_plan_is_better_than_asking_evenly(
        self, real_data: Path, objective: str, seed: int
    ) -> None:
        random, start, hidden, pool = self.split(real_data, seed)
        expected = OBJECTIVES[objective].expected(start, None)
        plan = allocate(expected, self.BUDGET, pool.sum(axis=1), seed)
        assert plan.sum() == self.BUDGET
        even = np.ones(len(start), dtype=np.int64)
        errors = [
            self.error(start + split_votes(pool, more, random), hidden) for more in (even, plan)
        ]
        gain = errors[0] - errors[1]
        resamples = [gain[random.integers(0, len(gain), len(gain))].mean() for _ in range(200)]
        assert np.percentile(resamples, 2.5) > 0

    def test_what_is_expected_is_what_happens(self, real_data: Path) -> None:
        random, start, hidden, pool = self.split(real_data, 2)
        plan = spread_judgments(labels_of(counts=start), self.BUDGET)
        even = start + split_votes(pool, np.ones(len(start), dtype=np.int64), random)
        found = [self.error(counts, hidden).mean() for counts in (start, even)]
        assert found == pytest.approx([plan.now, plan.uniform], rel=0.1)

    def test_hidden_entropy_is_nearer_after_a_plan_for_it(self, real_data: Path) -> None:
        random, start, hidden, pool = self.split(real_data, 3)
        prior = fit_prior(start)
        expected = OBJECTIVES["entropy"].expected(start, prior)
        plan = allocate(expected, self.BUDGET, pool.sum(axis=1))
        target = entropy(hidden, axis=1) + ((hidden > 0).sum(axis=1) - 1) / 50
        errors = []
        for more in (0, plan):
            votes = start + (0 if isinstance(more, int) else split_votes(pool, more, random))
            errors.append(((entropy(votes + prior, axis=1) - target) ** 2).mean())
        assert errors[1] < errors[0]

    @staticmethod
    def error(counts: Array, hidden: Array) -> Array:
        """Σ (q - p)² of each item, less the noise of the hidden votes."""
        shares = counts / counts.sum(axis=1, keepdims=True)
        votes = hidden.sum(axis=1)
        same = (hidden * (hidden - 1)).sum(axis=1) / (votes * (votes - 1))
        distance = ((shares - hidden / votes[:, None]) ** 2).sum(axis=1)
        return np.asarray(distance - (1 - same) / votes)


def by_entropy(votes: Array, budget: int) -> Array:
    """Further votes in proportion to the entropy of the shares, by largest remainders."""
    wanted = entropy(votes, axis=1)
    wanted *= budget / wanted.sum()
    further = np.floor(wanted).astype(np.int64)
    further[np.argsort(further - wanted)[: budget - further.sum()]] += 1
    return further


def left_over(votes: Array, further: Array | int, people: Array) -> float:
    """Mean squared error of shares after further votes, in expectation over these."""
    total = votes.sum(axis=1)
    now = ((votes - total[:, None] * people) ** 2).sum(axis=1)
    apart = 1 - (people**2).sum(axis=1)
    return float(((now + further * apart) / (total + further) ** 2).mean())


class TestAgainstAskingByEntropy:
    """With people who are known, the plan is at no budget worse, nor than asking evenly."""

    PER_ITEM = (0.5, 1, 2, 3, 6)

    def compare(self, people: Array, start: int, random: np.random.Generator) -> None:
        votes = random.multinomial(start, people)
        expected = OBJECTIVES["squared"].expected(votes, None)
        for per_item in self.PER_ITEM:
            budget = int(per_item * len(people))
            planned = left_over(votes, allocate(expected, budget), people)
            assert planned <= 1.005 * left_over(votes, by_entropy(votes, budget), people)
            each, rest = divmod(budget, len(people))
            even = each + (random.permutation(len(people)) < rest)
            assert planned <= 1.005 * left_over(votes, even, people)

    @pytest.mark.parametrize("start", [3, 5])
    def test_cifar10h(self, real_data: Path, start: int, random: np.random.Generator) -> None:
        counts = np.load(real_data / "cifar10h-counts.npy")
        self.compare(counts / counts.sum(axis=1, keepdims=True), start, random)

    @pytest.mark.parametrize("start", [3, 5])
    def test_three_classes_with_strong_disagreement(
        self, start: int, random: np.random.Generator
    ) -> None:
        alpha = np.array([[3, 1, 0.2], [0.8, 2, 0.8], [0.2, 1, 3]])[random.integers(0, 3, 5000)]
        drawn = random.standard_gamma(alpha * random.choice([0.5, 1, 3], 5000)[:, None])
        self.compare(drawn / drawn.sum(axis=1, keepdims=True), start, random)

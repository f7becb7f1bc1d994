"""Plans of further judgments against scipy, integrals, a greedy heap and every possible plan."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from itertools import pairwise, product
from time import perf_counter

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import minimize_scalar
from scipy.stats import beta, chisquare, dirichlet, dirichlet_multinomial, entropy

from c10h.labels.allocation import (
    PRIOR_RANGE,
    Expected,
    allocate,
    entropy_error,
    entropy_variance,
    expected_entropy,
    expected_squared,
    fit_prior,
)
from c10h.labels.plan_objectives import OBJECTIVES
from c10h.records import Array


def likeliest_prior(counts: Array) -> float:
    """The prior by scipy's likelihood of every item."""

    def cost(log_prior: float) -> float:
        alpha = np.full(counts.shape[1], np.exp(log_prior))
        return -float(dirichlet_multinomial.logpmf(counts, alpha, counts.sum(axis=1)).sum())

    return float(np.exp(minimize_scalar(cost, bounds=(-10, 6), method="bounded").x))


class TestPrior:
    @pytest.mark.parametrize("prior", [0.05, 0.4, 2.0])
    @pytest.mark.parametrize("classes", [2, 5])
    def test_it_is_where_scipys_likelihood_is_highest(
        self, prior: float, classes: int, random: np.random.Generator
    ) -> None:
        population = random.dirichlet(np.full(classes, prior), 300)
        counts = random.multinomial(random.integers(1, 30, 300), population)
        assert fit_prior(counts) == pytest.approx(likeliest_prior(counts), rel=1e-3)

    @pytest.mark.parametrize("prior", [0.02, 0.3, 3.0])
    def test_it_recovers_the_population(self, prior: float, random: np.random.Generator) -> None:
        counts = random.multinomial(20, random.dirichlet(np.full(10, prior), 20_000))
        assert fit_prior(counts) == pytest.approx(prior, rel=0.05)

    def test_unanimous_items_have_the_least(self) -> None:
        counts = np.array([[9, 0, 0], [0, 4, 0], [0, 0, 7]])
        assert fit_prior(counts) == pytest.approx(PRIOR_RANGE[0], rel=1e-3)

    def test_items_more_alike_than_by_chance_have_the_most(self) -> None:
        assert fit_prior(np.full((50, 3), 10)) == pytest.approx(PRIOR_RANGE[1], rel=1e-3)

    def test_it_does_not_depend_on_the_order_of_items_or_classes(
        self, random: np.random.Generator
    ) -> None:
        counts = random.multinomial(8, random.dirichlet(np.full(4, 0.5), 100))
        turned = random.permuted(counts, axis=1)[random.permutation(100)]
        assert fit_prior(turned) == pytest.approx(fit_prior(counts), rel=1e-6)


def entropy_of(p: float) -> float:
    return float(entropy([p, 1 - p]))


def beta_mean(function: Callable[[float], float], a: float, b: float) -> float:
    """E[f(p)], p ~ Beta(a, b), by quadrature, split where the mass is."""
    density = beta(a, b)
    ends = [0, *density.ppf([1e-9, 0.01, 0.3, 0.7, 0.99, 1 - 1e-9]), 1]
    return sum(
        quad(lambda p: density.pdf(p) * function(p), low, high, limit=200, epsabs=1e-14)[0]
        for low, high in pairwise(ends)
    )


PAIRS = [(1, 1), (2, 5), (30.2, 1.2), (7.5, 7.5), (50.1, 3.1), (400, 200), (5000.5, 70.5)]


class TestErrors:
    @pytest.mark.parametrize(("a", "b"), PAIRS)
    def test_entropy_error_of_two_classes_by_quadrature(self, a: float, b: float) -> None:
        mean = beta_mean(entropy_of, a, b)
        variance = beta_mean(lambda p: (entropy_of(p) - mean) ** 2, a, b)
        label = entropy_of(a / (a + b))
        error = beta_mean(lambda p: (entropy_of(p) - label) ** 2, a, b)
        posterior = np.array([[a, b]])
        assert entropy_variance(posterior)[0] == pytest.approx([mean], rel=1e-8)
        assert entropy_variance(posterior)[1] == pytest.approx([variance], rel=1e-5)
        assert entropy_error(posterior) == pytest.approx([error], rel=1e-5)

    @pytest.mark.parametrize(
        "alpha", [[0.5, 0.5, 0.5], [40.2, 8.2, 3.2, 0.2], [51.05, 0.05, 0.05], [3, 3, 3, 3, 3]]
    )
    def test_by_drawing_distributions(
        self, alpha: list[float], random: np.random.Generator
    ) -> None:
        draws = random.dirichlet(alpha, 200_000)
        mean = np.array(alpha) / np.sum(alpha)
        posterior = np.array([alpha])
        spread = (entropy(draws, axis=1) - entropy(mean)) ** 2
        assert entropy_error(posterior)[0] == pytest.approx(
            spread.mean(), abs=4 * spread.std() / 200_000**0.5
        )

    def test_order_of_classes_does_not_matter(self, random: np.random.Generator) -> None:
        posterior = random.gamma(1, 5, (20, 6))
        turned = entropy_error(posterior[:, ::-1])
        np.testing.assert_allclose(turned, entropy_error(posterior), rtol=1e-9)

    def test_certain_items_have_next_to_no_error_and_never_less(self) -> None:
        posterior = np.array([[1e6, 1e-6, 1e-6], [20, 1e-12, 1e-12], [1e9, 1e9, 1e9]])
        assert (entropy_error(posterior) >= 0).all()
        assert (entropy_error(posterior) < 1e-9).all()


def error_of_shares(counts: Array, posterior: Array) -> float:
    """E[Σ (c/N - p)²], p ~ Dirichlet(posterior), by scipy's mean and variance."""
    people = dirichlet(posterior)
    shares = counts / counts.sum()
    return float(people.var().sum() + ((shares - people.mean()) ** 2).sum())


def ways(votes: int, classes: int) -> Iterator[Array]:
    """Every way to spread votes over classes."""
    for counts in product(range(votes + 1), repeat=classes):
        if sum(counts) == votes:
            yield np.array(counts)


class TestExpected:
    @pytest.mark.parametrize("further", [1, 2, 4])
    @pytest.mark.parametrize("counts", [[3, 1, 0], [1, 0, 0], [5, 5, 5]])
    def test_squared_error_after_more_votes_over_all_that_can_come(
        self, counts: list[int], further: int
    ) -> None:
        prior = np.array(counts) + 0.3
        found = expected_squared(np.array([counts]), 0.3)
        assert found.mean() == pytest.approx(error_of_shares(np.array(counts), prior))
        wanted = sum(
            dirichlet_multinomial.pmf(more, prior, further)
            * error_of_shares(counts + more, prior + more)
            for more in ways(further, 3)
        )
        assert found.mean(further) == pytest.approx(wanted, rel=1e-10)

    @pytest.mark.parametrize("counts", [[3, 1, 0], [1, 0, 0], [5, 5, 5], [40, 2, 0], [9, 0, 0]])
    @pytest.mark.parametrize("prior", [0.01, 0.3, 2.0])
    def test_entropy_error_now_and_after_a_vote_over_all_that_can_come(
        self, counts: list[int], prior: float
    ) -> None:
        found = expected_entropy(np.array([counts]), prior)
        posterior = np.array(counts) + prior
        now = entropy_error(posterior[None])[0]
        after = sum(
            posterior[k] / posterior.sum() * entropy_error(posterior[None] + np.eye(3)[k])[0]
            for k in range(3)
        )
        assert found.mean() == pytest.approx(now)
        if after < now:
            assert found.mean(1) == pytest.approx(after)

    def test_entropy_error_falls_about_as_said_beyond_that(self) -> None:
        counts, further = np.array([[150, 50]]), 20
        found = expected_entropy(counts, 0.5)
        posterior = counts + 0.5
        wanted = sum(
            dirichlet_multinomial.pmf(more, posterior[0], further)
            * entropy_error(posterior + more)[0]
            for more in ways(further, 2)
        )
        assert found.mean(further) == pytest.approx(wanted, rel=0.02)

    def test_entropy_of_equal_patterns_is_computed_alike(self, random: np.random.Generator) -> None:
        # 12 classes of up to 10,000 votes are more patterns than one number can hold.
        counts = random.integers(0, 10_000, (50, 12))
        turned = random.permuted(counts, axis=1)
        found = expected_entropy(np.concatenate([counts, turned]), 0.2)
        np.testing.assert_array_equal(found.after(3)[:50], found.after(3)[50:])
        alone = [expected_entropy(row[None], 0.2).mean(3) for row in counts]
        np.testing.assert_allclose(found.after(3)[:50], alone, rtol=1e-9)

    @pytest.mark.parametrize("objective", OBJECTIVES)
    @pytest.mark.parametrize("budget", [1, 3, 4, 10, 401])
    def test_even_spreading_is_the_mean_over_who_gets_the_rest(
        self, objective: str, budget: int, random: np.random.Generator
    ) -> None:
        found = OBJECTIVES[objective].expected(random.integers(1, 20, (4, 3)), 0.5)
        each, left = divmod(budget, 4)
        plans = [np.array(one) + each for one in product((0, 1), repeat=4) if sum(one) == left]
        wanted = np.mean([found.mean(plan) for plan in plans])
        assert found.mean_uniform(budget) == pytest.approx(wanted)


def made_of(votes: Array, error: Array, disagreement: Array) -> Expected:
    """One pattern an item."""
    return Expected(votes, error, disagreement, np.arange(len(votes)))


def hyperbola(weight: Array, votes: Array) -> Expected:
    """Of which weight / (votes + x) is left after x votes."""
    return made_of(votes, weight / votes, weight)


def greedy(expected: Expected, budget: int, limit: Array | int) -> Array:
    """One vote after another to whom it helps most, by a heap."""
    most = np.broadcast_to(limit, expected.votes.shape)
    given = np.zeros(len(most), dtype=np.int64)

    def gain(item: int) -> float:
        now, after = (
            (expected.votes[item] ** 2 * expected.error[item] + x * expected.disagreement[item])
            / (expected.votes[item] + x) ** 2
            for x in (given[item], given[item] + 1)
        )
        return float(now - after)

    heap = [(-gain(item), item) for item in range(len(most)) if most[item]]
    heapq.heapify(heap)
    for _ in range(min(budget, int(most.sum()))):
        _, item = heapq.heappop(heap)
        given[item] += 1
        if given[item] < most[item]:
            heapq.heappush(heap, (-gain(item), item))
    return given


@pytest.fixture(params=["as votes are counted", "more"])
def problem(request: pytest.FixtureRequest, random: np.random.Generator) -> Expected:
    """Items of which each vote helps less than the one before."""
    weight, votes = random.gamma(1, 1, 200), random.uniform(0.5, 60, 200)
    more = random.gamma(1, 0.5, 200) if request.param == "more" else np.zeros(200)
    return made_of(votes, weight / votes * (1 + more), weight)


EQUAL = hyperbola(np.ones(10), np.full(10, 5.0))


class TestAllocate:
    @pytest.mark.parametrize("budget", [1, 7, 199, 200, 201, 5000, 123_456])
    def test_it_is_the_greedy_plan(self, problem: Expected, budget: int) -> None:
        found = allocate(problem, budget)
        assert found.sum() == budget
        np.testing.assert_array_equal(found, greedy(problem, budget, budget))

    @pytest.mark.parametrize("limit", [1, 2, 13])
    @pytest.mark.parametrize("budget", [1, 150, 199])
    def test_with_a_limit_too(self, problem: Expected, budget: int, limit: int) -> None:
        found = allocate(problem, budget, limit)
        np.testing.assert_array_equal(found, greedy(problem, budget, limit))

    def test_with_a_limit_for_each_item(
        self, problem: Expected, random: np.random.Generator
    ) -> None:
        limits = random.integers(0, 9, 200)
        for budget in (1, 100, int(limits.sum()) - 1):
            found = allocate(problem, budget, limits)
            np.testing.assert_array_equal(found, greedy(problem, budget, limits))

    @pytest.mark.parametrize("objective", OBJECTIVES)
    def test_no_plan_of_all_is_better(self, objective: str, random: np.random.Generator) -> None:
        for _ in range(20):
            counts = random.integers(0, 4, (4, 3)) + np.eye(4, 3, dtype=int) + [1, 1, 1]
            expected = OBJECTIVES[objective].expected(counts, 0.4)
            budget, limits = int(random.integers(1, 6)), random.integers(1, 5, 4)
            possible = [
                expected.mean(plan) for plan in ways(budget, 4) if (plan <= limits).all()
            ]  # fmt: skip
            if possible:
                found = expected.mean(allocate(expected, budget, limits))
                assert found == pytest.approx(min(possible), rel=1e-12)

    @pytest.mark.parametrize("budget", [10, 11, 10_000])
    def test_a_budget_that_hits_every_limit(self, budget: int) -> None:
        limits = np.arange(10) % 3
        assert allocate(EQUAL, budget, limits).tolist() == limits.tolist()

    def test_limits_of_nothing(self) -> None:
        assert allocate(EQUAL, 5, 0).tolist() == [0] * 10

    @pytest.mark.parametrize("budget", [1, 3, 10, 13, 25])
    def test_equal_items_get_equal_shares(self, budget: int) -> None:
        found = allocate(EQUAL, budget)
        assert found.sum() == budget
        assert found.max() - found.min() <= 1

    def test_who_is_first_among_equals_is_drawn(self) -> None:
        chosen = np.sum([allocate(EQUAL, 3, seed=seed) for seed in range(600)], axis=0)
        assert chisquare(chosen).pvalue > 0.001
        assert chosen.sum() == 1800

    def test_a_seed_repeats(self) -> None:
        plans = [allocate(EQUAL, 13, seed=seed).tolist() for seed in (4, 4, *range(20))]
        assert plans[0] == plans[1]
        assert len({tuple(plan) for plan in plans}) > 1

    def test_nothing_but_ties_depends_on_the_seed(self, problem: Expected) -> None:
        first = allocate(problem, 77, seed=1)
        np.testing.assert_array_equal(allocate(problem, 77, seed=2), first)

    def test_the_order_of_items_does_not_matter(
        self, problem: Expected, random: np.random.Generator
    ) -> None:
        order = random.permutation(200)
        turned = made_of(problem.votes[order], problem.error[order], problem.disagreement[order])
        np.testing.assert_array_equal(allocate(turned, 321), allocate(problem, 321)[order])

    @pytest.mark.parametrize("scale", [1e-200, 1e-100, 1e100])
    def test_the_unit_of_the_error_does_not_matter(self, problem: Expected, scale: float) -> None:
        scaled = made_of(problem.votes, problem.error * scale, problem.disagreement * scale)
        np.testing.assert_array_equal(allocate(scaled, 321), allocate(problem, 321))

    def test_certain_items_get_nothing_while_others_can_take_it(self) -> None:
        certain = hyperbola(np.array([0.0, 1.0, 0.0]), np.array([5.0, 5.0, 5.0]))
        assert allocate(certain, 4).tolist() == [0, 4, 0]

    def test_certain_items_get_what_others_cannot_take(self) -> None:
        certain = hyperbola(np.array([0.0, 1.0]), np.array([5.0, 5.0]))
        assert allocate(certain, 5, 3).tolist() == [2, 3]

    def test_where_all_items_are_certain_the_budget_is_spent_all_the_same(self) -> None:
        certain = hyperbola(np.zeros(10), np.full(10, 5.0))
        found = allocate(certain, 13)
        assert found.sum() == 13
        assert found.min() >= 0

    @pytest.mark.parametrize("budget", [10**6, 10**12, 10**15])
    def test_large_budgets_are_spent_to_the_last(self, problem: Expected, budget: int) -> None:
        assert allocate(problem, budget).sum() == budget

    def test_one_item_gets_all(self) -> None:
        assert allocate(hyperbola(np.ones(1), np.ones(1)), 17).tolist() == [17]


class TestFirstPortions:
    """Items whose shares are likely to be right already, so that a single vote does harm."""

    UNANIMOUS = made_of(np.full(9, 3.0), np.full(9, 0.004), np.full(9, 0.05))

    def portion(self) -> int:
        """How many votes for one item help most a vote, by trying."""
        gains = [(0.004 - (9 * 0.004 + x * 0.05) / (3 + x) ** 2) / x for x in range(1, 200)]
        return 1 + int(np.argmax(gains))

    def test_one_vote_does_harm(self) -> None:
        assert self.UNANIMOUS.mean(1) > self.UNANIMOUS.mean()

    @pytest.mark.parametrize("items", [1, 4, 9])
    def test_items_get_what_helps_most_a_vote_or_nothing(self, items: int) -> None:
        found = allocate(self.UNANIMOUS, items * self.portion())
        assert sorted(found) == [0] * (9 - items) + [self.portion()] * items

    @pytest.mark.parametrize("budget", [1, 2, 5, 9, 33, 50])
    def test_the_budget_is_spent_all_the_same(self, budget: int) -> None:
        assert allocate(self.UNANIMOUS, budget).sum() == budget

    def test_items_that_each_vote_helps_come_first(self) -> None:
        both = made_of(np.array([3.0, 3.0]), np.array([0.004, 0.16]), np.array([0.05, 0.25]))
        assert allocate(both, 3).tolist() == [0, 3]

    def test_a_limit_below_the_portion(self) -> None:
        found = allocate(self.UNANIMOUS, 18, 2)
        assert found.tolist() == [2] * 9

    def test_no_plan_of_all_is_much_better(self, random: np.random.Generator) -> None:
        for _ in range(30):
            votes = random.integers(1, 6, 3).astype(float)
            disagreement = random.uniform(0.02, 0.6, 3)
            expected = made_of(
                votes, disagreement / votes * random.uniform(0.1, 2, 3), disagreement
            )
            budget = int(random.integers(1, 25))
            found = expected.mean(allocate(expected, budget))
            best = min(expected.mean(plan) for plan in ways(budget, 3))
            # Portions are not divided, so that what one item would have got can be missing.
            assert best <= found + 1e-12
            assert found - best <= 0.2 * (expected.mean() - best)


@pytest.mark.full
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_million_items_take_seconds(objective: str, random: np.random.Generator) -> None:
    counts = random.multinomial(20, random.dirichlet(np.full(10, 0.1), 1_000_000))
    start = perf_counter()
    expected = OBJECTIVES[objective].expected(counts, None)
    found = allocate(expected, 1_234_567, 9)
    assert perf_counter() - start < 20
    assert found.sum() == 1_234_567
    assert expected.mean(found) < expected.mean_uniform(1_234_567)

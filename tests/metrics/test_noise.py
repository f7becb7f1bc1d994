"""Closed forms against every draw of votes, scipy's distributions, and known populations."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy, hypergeom, multivariate_hypergeom

from c10h.metrics import noise
from c10h.metrics.ceilings import SPLIT_ITEMS, split_half, split_items
from c10h.metrics.noise import (
    CLOSED,
    Expectation,
    Voted,
    blocks,
    drawn_ceilings,
    expected_entropy,
    expected_miller_madow,
    expected_unanimous,
    items_of,
    leave_one_out_brier_hard,
    leave_one_out_brier_human,
    squared_error,
    top_share,
)
from c10h.records import Array
from metrics.oracles import all_votes, votes_left_out
from metrics.scoring import figures, fixed_examples, made_up

# Items with different numbers of votes, single votes and unanimous ones among them.
MIXED = np.array([[3, 2, 1], [1, 0, 0], [0, 4, 0], [2, 2, 2], [1, 0, 1], [0, 1, 4]])
TRUTH = np.array([0, 1, 2, 0, 2, 1])
VOTES = st.lists(
    st.lists(st.integers(0, 3), min_size=3, max_size=3).filter(any), min_size=3, max_size=3
)
SMALL = st.integers(1, 10)
ALL = 1 << 30


def total(expectation: Expectation, counts: Array, n: int, truth: Array | None = None) -> float:
    (block,) = blocks(Voted(counts, truth))
    return expectation(block, n)[0]


def items(expectation: Expectation, counts: Array, n: int, truth: Array | None = None) -> float:
    (block,) = blocks(Voted(counts, truth))
    return expectation(block, n)[1]


def all_draws(votes: Array, n: int) -> Array:
    """Every way to keep n of an item's votes, all equally likely: counts (draws, c)."""
    people = np.repeat(np.arange(len(votes)), votes)
    kept = combinations(people, min(n, len(people)))
    return np.array([np.bincount(one, minlength=len(votes)) for one in kept])


def over_draws(counts: Array, n: int, quantity: Callable[[Array], float]) -> float:
    """The sum over items of the mean of a quantity over all draws."""
    return float(sum(np.mean([quantity(draw) for draw in all_draws(votes, n)]) for votes in counts))


def plug_in(votes: Array) -> float:
    return float(entropy(votes))


def correction(votes: Array) -> float:
    return float((np.count_nonzero(votes) - 1) / (2 * votes.sum()))


def is_unanimous(votes: Array) -> float:
    return float(np.count_nonzero(votes) == 1 and votes.sum() > 1)


def one_vote_variance(votes: Array) -> float:
    """The unbiased variance of a vote: half the mean squared distance of two different people."""
    people = np.repeat(np.eye(len(votes)), votes, axis=0)
    return float(np.mean([((a - b) ** 2).sum() / 2 for a, b in combinations(people, 2)]))


def brier_left_out(votes: Array, truth: int) -> float:
    """Σ (p_rest - onehot)², each vote being left out in turn."""
    target = np.eye(len(votes))[truth]
    return sum(
        share * float(((rest / rest.sum() - target) ** 2).sum())
        for _, rest, _, share in votes_left_out(votes[None])
    )


DRAWN = [
    (expected_entropy, plug_in),
    (expected_miller_madow, correction),
    (expected_unanimous, is_unanimous),
]


class TestEveryDraw:
    @pytest.mark.parametrize(("expectation", "quantity"), DRAWN)
    @pytest.mark.parametrize("n", range(1, 8))
    def test_items_of_different_size(
        self, expectation: Expectation, quantity: Callable[[Array], float], n: int
    ) -> None:
        assert total(expectation, MIXED, n) == pytest.approx(over_draws(MIXED, n, quantity))
        two_or_more = {1: 0}.get(n, 5)  # MIXED has one item of one vote
        assert items(expectation, MIXED, n) == (
            two_or_more if expectation is expected_unanimous else len(MIXED)
        )

    @fixed_examples
    @given(VOTES, SMALL)
    def test_any_items(self, votes: list[list[int]], n: int) -> None:
        counts = np.array(votes)
        for expectation, quantity in DRAWN:
            wanted = over_draws(counts, n, quantity)
            assert total(expectation, counts, n) == pytest.approx(wanted, abs=1e-12)

    @pytest.mark.parametrize("n", range(2, 8))
    def test_brier_human_ceiling(self, n: int) -> None:
        several = MIXED[MIXED.sum(axis=1) > 1]

        def ceiling(draw: Array) -> float:
            size = draw.sum()
            return one_vote_variance(draw) * (1 / (size - 1) + 1 / size)

        found = total(leave_one_out_brier_human, MIXED, n)
        assert found == pytest.approx(over_draws(several, n, ceiling))
        assert items(leave_one_out_brier_human, MIXED, n) == len(several)

    @fixed_examples
    @given(VOTES, st.integers(2, 10))
    def test_brier_hard_ceiling(self, votes: list[list[int]], n: int) -> None:
        counts, truth = np.array(votes), np.array([0, 1, 2])
        wanted = sum(
            over_draws(counts[[item]], n, partial(brier_left_out, truth=truth[item]))
            for item in np.flatnonzero(counts.sum(axis=1) > 1)
        )
        found = total(leave_one_out_brier_hard, counts, n, truth)
        assert found == pytest.approx(wanted, abs=1e-12)

    @pytest.mark.parametrize("ceiling", [leave_one_out_brier_human, leave_one_out_brier_hard])
    def test_one_vote_leaves_nobody_to_compare_with(self, ceiling: Expectation) -> None:
        assert total(ceiling, MIXED, 1, TRUTH) == 0
        assert items(ceiling, MIXED, 1, TRUTH) == 0

    @pytest.mark.parametrize("n", [1, 2, 3, 4, 9])
    def test_squared_error_is_the_mean_over_all_populations_of_votes(self, n: int) -> None:
        # Everything that 4 people can vote if they pick one of four faces at random.
        faces = (0, 0, 1, 2)
        p = np.bincount(faces) / 4
        of_n = all_votes(min(n, 4), faces, 3) / min(n, 4)
        wanted = ((of_n - p) ** 2).sum(axis=1).mean()
        counts = all_votes(4, faces, 3)
        assert total(squared_error, counts, n) / len(counts) == pytest.approx(wanted)

    def test_squared_error_by_hand(self) -> None:
        # Two people who differ: V = 1. Items with one vote tell nothing of it.
        counts = np.array([[1, 1], [1, 0], [3, 0]])
        assert total(squared_error, counts, 1) == 1
        assert total(squared_error, counts, 2) == pytest.approx(1 / 2)
        assert items(squared_error, counts, 1) == 2


class TestScipy:
    COUNTS = np.array([[40, 8, 3, 0], [25, 25, 0, 1], [63, 0, 0, 0], [10, 20, 15, 2]])

    @pytest.mark.parametrize("n", [1, 2, 7, 30, 47, 60])
    def test_entropy_is_the_expectation_over_scipys_hypergeometric(self, n: int) -> None:
        wanted = 0.0
        for votes in self.COUNTS:
            drawn = min(n, votes.sum())
            for count in votes:
                k = np.arange(1, drawn + 1)
                chance = hypergeom.pmf(k, votes.sum(), count, drawn)
                wanted += (chance * -(k / drawn) * np.log(k / drawn)).sum()
        assert total(expected_entropy, self.COUNTS, n) == pytest.approx(wanted, rel=1e-10)

    @pytest.mark.parametrize("n", [2, 7, 30])
    def test_unanimity_is_scipys_multivariate_hypergeometric(self, n: int) -> None:
        wanted = sum(
            multivariate_hypergeom.pmf(n * np.eye(4, dtype=int)[k], votes, n)
            for votes in self.COUNTS
            for k in range(4)
            if votes[k] >= n
        )
        assert total(expected_unanimous, self.COUNTS, n) == pytest.approx(wanted, rel=1e-10)

    @pytest.mark.parametrize("n", [1, 3, 20, 47])
    def test_classes_with_votes_are_scipys(self, n: int) -> None:
        wanted = sum(
            (hypergeom.sf(0, votes.sum(), votes, n).sum() - 1) / (2 * n) for votes in self.COUNTS
        )
        assert total(expected_miller_madow, self.COUNTS, n) == pytest.approx(wanted, rel=1e-10)

    def test_thousands_of_votes(self) -> None:
        votes, n = np.array([[4000, 900, 100]]), 1000
        k = np.arange(1, n + 1)
        chance = hypergeom.pmf(k[:, None], 5000, votes, n)
        wanted = (chance * (-(k / n) * np.log(k / n))[:, None]).sum()
        assert total(expected_entropy, votes, n) == pytest.approx(wanted, rel=1e-8)

    def test_millions_of_votes_have_their_own_entropy(self) -> None:
        votes = np.array([[2_000_000, 500_000]])
        assert total(expected_entropy, votes, ALL) == pytest.approx(plug_in(votes[0]), rel=1e-6)


@pytest.mark.parametrize("n", [2, 20])
def test_resampling_agrees_within_its_error(n: int, random: np.random.Generator) -> None:
    counts = made_up(random, 30, votes=(10, 40)).counts
    found: dict[Expectation, list[float]] = {one: [] for one, _ in DRAWN}
    for _ in range(100):
        draw = np.array(
            [random.multivariate_hypergeometric(votes, min(n, votes.sum())) for votes in counts]
        )
        for expectation, quantity in DRAWN:
            found[expectation].append(sum(map(quantity, draw)))
    for expectation, _ in DRAWN:
        values = found[expectation]
        error = np.std(values) / np.sqrt(len(values))
        assert abs(total(expectation, counts, n) - np.mean(values)) <= 4 * error + 1e-9


class TestAllVotes:
    @pytest.mark.parametrize(("metric", "method"), CLOSED)
    @pytest.mark.parametrize("n", [12, ALL])
    def test_closed_forms_are_the_ceilings_of_score(
        self, metric: str, method: str, n: int, random: np.random.Generator
    ) -> None:
        case = made_up(random, 60)  # 1 to 11 votes an item
        value = total(CLOSED[metric, method], case.counts, n, case.truth)
        size = items(CLOSED[metric, method], case.counts, n, case.truth)
        assert value / size == pytest.approx(case.figures()[metric].ceilings[method])

    def test_the_others_are_too(self, random: np.random.Generator) -> None:
        case = made_up(random, 60)
        scored = case.figures()
        found = drawn_ceilings(Voted(case.counts, case.truth))
        assert set(found) == {
            ("accuracy", "leave-one-vote-out"), ("kappa_human", "leave-one-vote-out")
        }  # fmt: skip
        for (metric, method), value in found.items():
            assert value == pytest.approx(scored[metric].ceilings[method])

    def test_without_truth_nothing_is_about_it(self) -> None:
        assert drawn_ceilings(Voted(MIXED)) == {}


class TestSpecialItems:
    @pytest.mark.parametrize("n", [1, 2, 3, 50])
    def test_unanimous_items_have_no_noise(self, n: int) -> None:
        counts = np.array([[3, 0], [0, 7], [1, 0]])
        assert total(expected_entropy, counts, n) == pytest.approx(0, abs=1e-14)
        assert total(expected_miller_madow, counts, n) == pytest.approx(0, abs=1e-14)
        assert total(squared_error, counts, n) == 0
        # Of the two items of several votes, and of none where one vote of each is kept.
        assert total(expected_unanimous, counts, n) == pytest.approx(2 if n > 1 else 0)

    @pytest.mark.parametrize("n", [1, 2, ALL])
    def test_items_with_one_vote_have_no_variance(self, n: int) -> None:
        counts = np.eye(3, dtype=int)
        assert items(squared_error, counts, n) == 0
        assert items(leave_one_out_brier_human, counts, n) == 0
        assert items(expected_unanimous, counts, n) == 0

    def test_one_vote_agrees_with_none(self) -> None:
        assert total(expected_unanimous, MIXED, 1) == items(expected_unanimous, MIXED, 1) == 0
        # 0 4 0 alone, of five items with two votes or more.
        assert total(expected_unanimous, MIXED, ALL) == pytest.approx(1)
        assert items(expected_unanimous, MIXED, ALL) == 5

    def test_one_vote_has_no_entropy(self) -> None:
        assert total(expected_entropy, MIXED, 1) == pytest.approx(0, abs=1e-14)


def test_the_items_of_each_quantity() -> None:
    """Of six items one has one vote, and of another the truth is not known."""
    found = items_of(Voted(MIXED, np.array([0, 1, 2, 0, 2, -1])))
    assert found["squared error", ""] == found["unanimous", ""] == 5
    assert found["ce_human", "plug-in"] == found["ce_human", "miller-madow"] == 6
    assert found["brier_human", "leave-one-vote-out"] == 5
    for metric in ("accuracy", "brier_hard", "kappa_human"):
        assert found[metric, "leave-one-vote-out"] == 4
    assert not any(metric == "accuracy" for metric, _ in items_of(Voted(MIXED)))


@pytest.mark.parametrize("n", [1, 2, 5, ALL])
def test_results_do_not_depend_on_blocks(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    expectations = [one for one, _ in DRAWN] + list(CLOSED.values())
    whole = [(total(one, MIXED, n, TRUTH), items(one, MIXED, n, TRUTH)) for one in expectations]
    monkeypatch.setattr(noise, "TABLE_ELEMENTS", 4)
    for expectation, (value, size) in zip(expectations, whole, strict=True):
        parts = [expectation(block, n) for block in blocks(Voted(MIXED, TRUTH), elements=6)]
        assert len(parts) == 3
        assert sum(part[0] for part in parts) == pytest.approx(value, abs=1e-12)
        assert sum(part[1] for part in parts) == size


class TestKnownPopulation:
    def make(self, random: np.random.Generator) -> tuple[Array, Array]:
        population = random.dirichlet(np.full(5, 0.5), 20_000)
        return population, random.multinomial(40, population)

    @pytest.mark.parametrize("n", [1, 4, 15, 40])
    def test_squared_error_recovers_the_distance_to_it(
        self, n: int, random: np.random.Generator
    ) -> None:
        population, counts = self.make(random)
        distance = ((random.multinomial(n, population) / n - population) ** 2).sum(axis=1)
        error = distance.std() / np.sqrt(len(distance))
        found = total(squared_error, counts, n) / len(counts)
        assert found == pytest.approx(distance.mean(), abs=4 * error)

    @pytest.mark.parametrize("n", [5, 15, 40])
    def test_miller_madow_is_nearer_to_its_entropy_than_the_plug_in(
        self, n: int, random: np.random.Generator
    ) -> None:
        population, counts = self.make(random)
        truth = entropy(population, axis=1).mean()
        low = total(expected_entropy, counts, n) / len(counts)
        corrected = low + total(expected_miller_madow, counts, n) / len(counts)
        assert low < truth
        assert abs(corrected - truth) < 0.6 * (truth - low)

    def test_brier_human_ceiling_is_the_distance_of_two_groups(
        self, random: np.random.Generator
    ) -> None:
        population, counts = self.make(random)
        two, three = random.multinomial(2, population) / 2, random.multinomial(3, population) / 3
        distance = ((two - three) ** 2).sum(axis=1)
        found = total(leave_one_out_brier_human, counts, 3) / len(counts)
        error = distance.std() / np.sqrt(len(distance))
        assert found == pytest.approx(distance.mean(), abs=4 * error)


class TestTopShare:
    def test_by_hand(self) -> None:
        values = np.array([1.0, 0.0, 4.0, 2.0, 0.0, 3.0, 0.0, 0.0, 0.0, 0.0])
        assert top_share(values, 0.1) == pytest.approx(4 / 10)
        assert top_share(values, 0.3) == pytest.approx(9 / 10)
        assert top_share(values, 0.5) == 1

    def test_equal_entropies_hold_their_share(self) -> None:
        assert top_share(np.full(20, 0.3), 0.3) == pytest.approx(0.3)

    def test_nothing_is_uncertain(self) -> None:
        assert np.isnan(top_share(np.zeros(5), 0.3))


class TestSplits:
    def test_small_sets_are_split_whole(self) -> None:
        assert split_items(SPLIT_ITEMS, 0).all()

    def test_of_large_sets_about_as_many_as_is_said(self) -> None:
        chosen = split_items(1_000_000, 3)
        assert chosen.sum() == pytest.approx(SPLIT_ITEMS, abs=5 * SPLIT_ITEMS**0.5)
        # And they are not in one part of a sorted file.
        parts = chosen.reshape(10, -1).sum(axis=1)
        assert parts == pytest.approx(np.full(10, SPLIT_ITEMS / 10), abs=5 * 100)
        assert (split_items(1_000_000, 3) == chosen).all()
        assert (split_items(1_000_000, 4) != chosen).any()

    def test_the_mean_over_splits_has_the_first_among_them(
        self, random: np.random.Generator
    ) -> None:
        counts = made_up(random, 50, votes=(4, 30)).counts
        single = [split_half(counts, 5, splits=number) for number in (1, 2)]
        later = 2 * single[1]["jsd"] - single[0]["jsd"]
        assert later != pytest.approx(single[0]["jsd"])
        assert later == pytest.approx(single[0]["jsd"], rel=0.5)

    def test_more_splits_vary_less(self, random: np.random.Generator) -> None:
        counts = made_up(random, 30, votes=(4, 30)).counts
        few = [split_half(counts, seed, splits=1)["jsd"] for seed in range(25)]
        many = [split_half(counts, seed, splits=16)["jsd"] for seed in range(25)]
        assert np.std(many) < np.std(few) / 2


def test_cifar10h_has_the_known_noise(real_data: Path) -> None:
    counts = np.load(real_data / "cifar10h-counts.npy").astype(np.int32)
    sums = np.array([[e(block, ALL) for e in (squared_error, expected_unanimous)]
                     for block in blocks(Voted(counts))]).sum(axis=0)  # fmt: skip
    error, unanimous = sums[:, 0] / sums[:, 1]
    assert error == pytest.approx(0.0015, abs=0.00005)
    assert unanimous == pytest.approx(0.4393, abs=1e-12)
    assert top_share(entropy(counts, axis=1), 0.3) == pytest.approx(0.8264, abs=0.00005)
    plug_in_entropy = figures(np.zeros(counts.shape), counts=counts, metrics=("ce_human",))
    assert plug_in_entropy["ce_human"].ceilings["plug-in"] == pytest.approx(0.1545, abs=0.00005)

"""More items or more votes: variances against populations that are known, and simulated studies."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.stats import multinomial

from c10h.metrics import items_or_votes as module
from c10h.metrics.items_or_votes import Spread, accuracy, disagreement
from c10h.records import Array

# Four kinds of item: certain, nearly, split in two, split in three.
PEOPLE = np.array([[1, 0, 0], [0.9, 0.1, 0], [0.5, 0.5, 0], [0.3, 0.3, 0.4]])
RIGHT = np.array([0, 0, 1, 2])


def every_count(votes: int) -> Array:
    rows = [row for row in product(range(votes + 1), repeat=3) if sum(row) == votes]
    return np.array(rows)


def chances(counts: Array, people: Array) -> Array:
    """Multinomial chance of each row of counts."""
    return np.array([multinomial.pmf(row, row.sum(), people) for row in counts])


def disagreement_of(counts: Array) -> Array:
    """1 - the share of ordered pairs of different votes that are for one class."""
    total = counts.sum(axis=1)
    return np.asarray(1 - (counts * (counts - 1)).sum(axis=1) / (total * (total - 1)))


def exact_variance(votes: int, *, right: bool) -> float:
    """Of one item's estimate, items and votes drawn anew, by all that can come."""
    counts = every_count(votes)
    first, second = 0.0, 0.0
    for people, truth in zip(PEOPLE, RIGHT, strict=True):
        values = counts[:, truth] / votes if right else disagreement_of(counts)
        weight = chances(counts, people) / len(PEOPLE)
        first += float((weight * values).sum())
        second += float((weight * values**2).sum())
    return second - first**2


@pytest.fixture
def counts(random: np.random.Generator) -> Array:
    return random.multinomial(9, np.repeat(PEOPLE, 20_000, axis=0))


class TestAgainstAllThatCanCome:
    @pytest.mark.parametrize("votes", [2, 3, 5, 8])
    def test_disagreement(self, counts: Array, votes: int) -> None:
        spread = disagreement(counts)
        assert spread is not None
        wanted = np.sqrt(exact_variance(votes, right=False) / 100)
        assert spread.standard_error(100, votes) == pytest.approx(wanted, rel=0.02)
        assert spread.mean == pytest.approx((1 - (PEOPLE**2).sum(axis=1)).mean(), rel=0.02)

    @pytest.mark.parametrize("votes", [1, 2, 5, 8])
    def test_accuracy(self, counts: Array, votes: int) -> None:
        hits = np.take_along_axis(counts, np.repeat(RIGHT, 20_000)[:, None], axis=1)[:, 0]
        spread = accuracy(hits, counts.sum(axis=1))
        assert spread is not None
        wanted = np.sqrt(exact_variance(votes, right=True) / 100)
        assert spread.standard_error(100, votes) == pytest.approx(wanted, rel=0.02)


class TestUnbiased:
    """Means over many small samples are what the population has, whatever the number of votes."""

    @pytest.mark.parametrize("votes", [4, 7])
    def test_disagreement(self, votes: int, random: np.random.Generator) -> None:
        found = []
        for _ in range(1500):
            people = PEOPLE[random.integers(0, 4, 400)]
            spread = disagreement(random.multinomial(votes, people))
            assert spread is not None
            found.append((spread.mean, spread.single))
        squares, cubes = (PEOPLE**2).sum(axis=1), (PEOPLE**3).sum(axis=1)
        wanted = [(1 - squares).mean(), 4 * (cubes - squares**2).mean()]
        errors = 4 * np.std(found, axis=0) / len(found) ** 0.5
        for mean, value, error in zip(np.mean(found, axis=0), wanted, errors, strict=True):
            assert mean == pytest.approx(value, abs=error)

    def test_variance_between_items(self, random: np.random.Generator) -> None:
        found = []
        for _ in range(3000):
            people = PEOPLE[random.integers(0, 4, 60)]
            spread = disagreement(random.multinomial(6, people))
            assert spread is not None
            found.append(spread.between)
        wanted = (1 - (PEOPLE**2).sum(axis=1)).var()
        assert np.mean(found) == pytest.approx(wanted, abs=4 * np.std(found) / 3000**0.5)


def test_a_simulated_study_has_the_standard_error(
    counts: Array, random: np.random.Generator
) -> None:
    spread = disagreement(counts)
    assert spread is not None
    for items, votes in ((150, 2), (60, 5), (30, 10)):  # 300 judgments each
        means = [
            disagreement_of(random.multinomial(votes, PEOPLE[random.integers(0, 4, items)])).mean()
            for _ in range(2000)
        ]
        assert spread.standard_error(items, votes) == pytest.approx(np.std(means), rel=0.06)


def test_for_a_score_that_is_linear_in_votes_more_items_are_always_better(counts: Array) -> None:
    spread = accuracy(counts[:, 0], counts.sum(axis=1))
    assert spread is not None
    errors = [spread.standard_error(1000 / votes, votes) for votes in (1, 2, 5, 10, 50)]
    assert errors == sorted(errors)
    assert errors[0] < errors[-1]


class TestLittleToGoBy:
    def test_disagreement_takes_two_items_with_four_votes(self) -> None:
        assert disagreement(np.array([[2, 1], [3, 0], [4, 0]])) is None
        assert disagreement(np.array([[2, 2], [4, 0]])) is not None

    def test_accuracy_takes_two_items_with_two_votes(self) -> None:
        assert accuracy(np.array([1, 2]), np.array([1, 3])) is None
        assert accuracy(np.array([1, 2]), np.array([2, 3])) is not None

    def test_too_few_votes_have_no_standard_error(self) -> None:
        spread = Spread(0.1, 0.1, 0.1, 0.1, least=2, items=9)
        assert np.isnan(spread.standard_error(100, 1))
        assert np.isnan(spread.standard_error(0, 5))

    def test_unanimous_people_have_none(self) -> None:
        spread = disagreement(6 * np.eye(3, dtype=int))
        assert spread == Spread(0, 0, 0, 0, 2, 3)


def test_blocks_do_not_matter(counts: Array, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = disagreement(counts[::400])
    monkeypatch.setattr(module, "BLOCK_ELEMENTS", 50)
    found = disagreement(counts[::400])
    assert found is not None
    assert wanted is not None
    assert found.between == pytest.approx(wanted.between, rel=1e-9)
    assert found.items == wanted.items == 200

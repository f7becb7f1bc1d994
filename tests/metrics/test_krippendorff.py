"""Krippendorff's alpha against a coincidence matrix that is counted pair by pair."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from c10h.metrics import krippendorff as module
from c10h.metrics.krippendorff import alpha
from c10h.records import Array


def alpha_by_pairs(counts: Sequence[Sequence[int]] | Array) -> float:
    """From every ordered pair of votes of an item, each with the weight 1 / (N - 1)."""
    classes = len(counts[0])
    coincidences = np.zeros((classes, classes))
    for row in counts:
        votes = [k for k, times in enumerate(row) for _ in range(times)]
        for first, second in permutations(range(len(votes)), 2):
            coincidences[votes[first], votes[second]] += 1 / (len(votes) - 1)
    marginal = coincidences.sum(axis=1)
    total = marginal.sum()
    observed = total - np.trace(coincidences)
    expected = (total**2 - (marginal**2).sum()) / (total - 1)
    return float(1 - observed / expected)


# Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, section C: four observers, twelve
# units, five values, missing data; 0.743 for nominal data.
PUBLISHED = [
    [3, 0, 0, 0, 0], [0, 3, 1, 0, 0], [0, 0, 4, 0, 0], [0, 0, 4, 0, 0], [0, 4, 0, 0, 0],
    [1, 1, 1, 1, 0], [0, 0, 0, 4, 0], [3, 1, 0, 0, 0], [0, 4, 0, 0, 0], [0, 0, 0, 0, 3],
    [2, 0, 0, 0, 0], [0, 0, 1, 0, 0],
]  # fmt: skip


def test_the_published_example() -> None:
    counts = np.array(PUBLISHED)
    assert alpha_by_pairs(counts) == pytest.approx(0.743, abs=0.0005)
    assert alpha(counts).value == pytest.approx(0.743, abs=0.0005)
    assert alpha(counts).items == 11


@pytest.mark.parametrize("classes", [2, 3, 7])
def test_pairs_written_out(classes: int, random: np.random.Generator) -> None:
    people = random.dirichlet(np.full(classes, 0.4), 40)
    counts = random.multinomial(random.integers(0, 9, 40), people)
    found = alpha(counts)
    assert found.value == pytest.approx(alpha_by_pairs(counts), rel=1e-12)
    assert found.items == (counts.sum(axis=1) > 1).sum()


def test_items_with_one_vote_or_none_change_nothing(random: np.random.Generator) -> None:
    counts = random.multinomial(4, random.dirichlet([1, 1, 1], 20))
    more = np.concatenate([counts, np.eye(3, dtype=int), np.zeros((5, 3), dtype=int)])
    assert alpha(more).value == pytest.approx(alpha(counts).value, rel=1e-12)


def test_total_agreement_is_one_and_chance_is_about_zero(random: np.random.Generator) -> None:
    assert alpha(5 * np.eye(3, dtype=int)).value == 1
    chance = random.multinomial(5, [0.5, 0.3, 0.2], 4000)
    found = alpha(chance)
    assert found.low < 0 < found.high
    assert abs(found.value) < 0.02


@pytest.mark.parametrize("counts", [[[3, 0], [4, 0]], [[1, 0], [0, 1]], [[0, 0], [1, 0]]])
def test_without_variation_or_pairs_there_is_none(counts: list[list[int]]) -> None:
    found = alpha(np.array(counts))
    assert np.isnan([found.value, found.low, found.high]).all()


def test_the_interval_is_that_of_resampled_items(random: np.random.Generator) -> None:
    counts = random.multinomial(6, random.dirichlet([0.5, 0.5, 0.5], 80))
    found = alpha(counts, resamples=4000, seed=3)
    drawn = [alpha_by_pairs(counts[random.integers(0, 80, 80)]) for _ in range(400)]
    low, high = np.percentile(drawn, [2.5, 97.5])
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.03)
    assert found.low < found.value < found.high


def test_blocks_do_not_matter(random: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = random.multinomial(6, random.dirichlet([0.5, 0.5, 0.5], 50))
    wanted = alpha(counts)
    monkeypatch.setattr(module, "BLOCK_ELEMENTS", 21)
    assert alpha(counts).value == pytest.approx(wanted.value, rel=1e-12)
    assert alpha(counts).low == pytest.approx(wanted.low, rel=1e-12)


def test_cifar10h(real_data: Path) -> None:
    found = alpha(np.load(real_data / "cifar10h-counts.npy"))
    assert found.value == pytest.approx(0.9151, abs=0.00005)
    assert found.low < 0.9151 < found.high

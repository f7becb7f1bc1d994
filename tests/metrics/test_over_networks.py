"""Intervals over networks, and over runs and items: against scipy and by enumeration."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from c10h.metrics.over_networks import mixed, over_networks


@pytest.mark.parametrize("networks", [2, 3, 10, 40])
def test_it_is_the_interval_of_students_t(random: np.random.Generator, networks: int) -> None:
    values = random.normal(0.5, 0.1, networks)
    spread = over_networks(values)
    expected = stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
    assert spread is not None
    assert (spread.value, spread.n) == (pytest.approx(values.mean()), networks)
    assert (spread.low, spread.high) == pytest.approx((expected.low, expected.high), abs=1e-4)


def test_values_that_do_not_exist_do_not_count() -> None:
    spread = over_networks(np.array([1.0, np.nan, 3.0]))
    assert spread is not None
    assert (spread.value, spread.n) == (2.0, 2)


@pytest.mark.parametrize("values", [[0.5], [], [0.5, np.nan]])
def test_one_network_has_no_spread(values: list[float]) -> None:
    assert over_networks(np.array(values)) is None


def test_infinite_values_have_no_interval() -> None:
    spread = over_networks(np.array([np.inf, 1.0]))
    assert spread is not None
    assert (spread.value, spread.low, spread.high) == (np.inf, None, None)


def test_without_any_spread_of_runs_the_mixed_interval_is_that_of_items() -> None:
    samples = np.linspace(0.0, 1.0, 1000)
    spread = mixed(np.stack([samples, samples]), np.array([0.5, 0.5]), 0)
    assert (spread.low, spread.high) == (samples[24], samples[974])


def test_without_any_spread_of_items_it_is_that_of_runs_drawn_anew() -> None:
    """All 27 draws of three runs, made as much longer as Student's t of three demands."""
    values = np.array([0.1, 0.2, 0.6])
    longer = np.sqrt(3 / 2) * stats.t.ppf(0.975, 2) / stats.norm.ppf(0.975)
    draws = [np.mean(draw) for draw in itertools.product(values, repeat=3)]
    expected = values.mean() + longer * (np.array(draws) - values.mean())
    spread = mixed(np.full((3, 100_000), values.mean()), values, 0)
    ends = np.quantile(expected, [0.025, 0.975], method="inverted_cdf")
    assert (spread.low, spread.high) == pytest.approx(tuple(ends), abs=1e-4)
    assert (spread.value, spread.n) == (pytest.approx(0.3), 3)


def test_two_runs_that_differ_leave_almost_anything_possible() -> None:
    spread = mixed(np.full((2, 1000), 0.5), np.array([0.4, 0.6]), 0)
    assert spread.low is not None
    assert spread.high is not None
    # ±half the difference, as sqrt(2) t(1) / z times as long
    assert spread.high - 0.5 == pytest.approx(0.1 * np.sqrt(2) * 12.7062 / 1.95996, rel=1e-4)

"""Temperatures, losses at them, and what of a difference remains: against scipy and refits."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from c10h.metrics import bootstrap
from c10h.records import Array
from c10h.stages.attack_scale import (
    ALL_RIGHT,
    GUESSING,
    AtScale,
    Losses,
    losses,
    remaining,
    scale_of,
)

ITEMS, CLASSES = 400, 4
TRUTH = np.arange(ITEMS) % CLASSES


def made_logits(seed: int, scale: float = 1.0, signal: float = 2.0) -> Array:
    noise = np.random.default_rng(seed).normal(size=(ITEMS, CLASSES))
    return scale * (signal * np.eye(CLASSES)[TRUTH] + noise)


def cross_entropies(logits: Array, truth: Array = TRUTH) -> Array:
    return np.asarray(-log_softmax(logits, axis=1)[np.arange(len(truth)), truth])


def best_inverse(logits: Array, truth: Array) -> float:
    """1/T by scipy's minimiser."""
    result = minimize_scalar(
        lambda power: cross_entropies(np.exp(power) * logits, truth).mean(),
        bracket=(-1, 0), tol=1e-12,
    )  # fmt: skip
    return float(np.exp(result.x))


class TestScale:
    def test_against_scipy(self) -> None:
        logits = made_logits(0)
        scale = scale_of(logits, TRUTH)
        assert scale.why is None
        assert 1 / scale.temperature == pytest.approx(best_inverse(logits, TRUTH), rel=1e-5)

    @pytest.mark.parametrize("factor", [5, 0.2, 1000])
    def test_it_is_proportional_to_the_logits(self, factor: float) -> None:
        one, other = (scale_of(f * made_logits(0), TRUTH).temperature for f in (1, factor))
        assert other == pytest.approx(factor * one, rel=1e-8)

    def test_all_right(self) -> None:
        assert scale_of(30 * np.eye(CLASSES)[TRUTH], TRUTH).why == ALL_RIGHT
        tied = np.zeros((ITEMS, CLASSES))
        assert scale_of(tied, TRUTH).why == ALL_RIGHT  # no temperature changes anything

    def test_one_wrong_is_enough(self) -> None:
        logits = 30 * np.eye(CLASSES)[TRUTH]
        logits[0] = np.roll(logits[0], 1)
        assert scale_of(logits, TRUTH).why is None

    def test_no_better_than_guessed(self) -> None:
        scale = scale_of(-made_logits(0), TRUTH)
        assert scale.why == GUESSING
        assert np.isnan(scale.temperature)

    def test_items_without_truth_are_left_out(self) -> None:
        truth = np.where(np.arange(ITEMS) < 100, TRUTH, -1)
        temperature = scale_of(made_logits(0)[:100], TRUTH[:100]).temperature
        assert scale_of(made_logits(0), truth).temperature == temperature


class TestLosses:
    def test_against_scipy(self) -> None:
        logits = made_logits(3, 50)
        np.testing.assert_allclose(losses(logits, TRUTH).loss, cross_entropies(logits), atol=1e-12)

    def test_slope_and_curvature_are_the_derivatives(self) -> None:
        logits, step = made_logits(3), 1e-4
        low, middle, high = (cross_entropies(s * logits) for s in (1 - step, 1, 1 + step))
        found = losses(logits, TRUTH)
        np.testing.assert_allclose(found.slope, (high - low) / (2 * step), atol=1e-6)
        np.testing.assert_allclose(found.curvature, (high - 2 * middle + low) / step**2, atol=1e-5)

    def test_no_truth(self) -> None:
        found = losses(made_logits(0), np.where(TRUTH == 1, -1, TRUTH))
        assert (np.isnan(found.loss) == (TRUTH == 1)).all()

    def test_extreme_logits(self) -> None:
        found = losses(np.array([[1e5, 0.0, -1e5], [0.0, -np.inf, 1.0]]), np.array([2, 2]))
        assert found.loss.tolist() == pytest.approx([2e5, np.log1p(np.exp(-1))])
        assert np.isfinite(found.slope).all()
        assert np.isfinite(found.curvature).all()


def attacked(clean: Array, examined: Array, fall: float = 3) -> tuple[AtScale, Array, Array]:
    """A network whose attack takes from the truth's logit, at any scale; and its logits."""
    temperature = scale_of(clean, TRUTH).temperature
    after = clean - fall * temperature * np.eye(CLASSES)[TRUTH]
    rescaled = losses(after / temperature, TRUTH)
    known = Losses(*(np.where(examined, column, np.nan) for column in rescaled))
    return AtScale(cross_entropies(after), known, losses(clean / temperature, TRUTH)), clean, after


class TestRemaining:
    """Two networks, examined on parts of the items that overlap."""

    first = attacked(made_logits(1, 2.0), np.arange(ITEMS) < 300)
    second = attacked(made_logits(2, 1.0, signal=1.8), np.arange(ITEMS) >= 100)
    both = slice(100, 300)

    def found(self) -> tuple[Array, Array, Array]:
        found = remaining(self.first[0], self.second[0], 1000, 0)
        assert found.n == 200
        parts = (found.as_it_is, found.at_equal_scale, found.share)
        return tuple(np.array([p.value, p.low, p.high]) for p in parts)  # type: ignore[return-value]

    def test_values_by_hand(self) -> None:
        as_it_is, at_scale, share = (part[0] for part in self.found())
        own = [
            cross_entropies(after)[self.both].mean() for _, _, after in (self.first, self.second)
        ]
        scaled = [
            cross_entropies(after * best_inverse(clean, TRUTH))[self.both].mean()
            for _, clean, after in (self.first, self.second)
        ]
        assert as_it_is == pytest.approx(own[0] - own[1])
        assert at_scale == pytest.approx(scaled[0] - scaled[1], rel=1e-4)
        assert share == pytest.approx(at_scale / as_it_is)

    @pytest.mark.parametrize("fall", [3, 12])
    def test_intervals_are_those_of_a_bootstrap_that_fits_each_time_anew(self, fall: float) -> None:
        """One Newton step and second order are as good as a refit by scipy, drawn otherwise."""
        pair = (
            attacked(made_logits(1, 2.0), np.arange(ITEMS) < 300, fall),
            attacked(made_logits(2, 1.0, signal=1.8), np.arange(ITEMS) >= 100, fall),
        )
        random, drawn = np.random.default_rng(5), []
        for _ in range(1000):
            rows = random.integers(0, ITEMS, ITEMS)
            part = rows[(rows >= 100) & (rows < 300)]
            scaled = []
            for _, clean, after in pair:
                inverse = best_inverse(clean[rows], TRUTH[rows])
                scaled.append(cross_entropies(inverse * after[part], TRUTH[part]).mean())
            drawn.append(scaled[0] - scaled[1])
        low, high = np.quantile(drawn, [0.025, 0.975])
        found = remaining(pair[0][0], pair[1][0], 1000, 0).at_equal_scale
        assert [found.low, found.high] == pytest.approx([low, high], abs=0.1 * (high - low))
        if fall > 3:  # temperatures that were taken as given would be far too sure
            given = (pair[0][0].rescaled.loss - pair[1][0].rescaled.loss)[self.both, None]
            ends = bootstrap.interval(bootstrap.means(given, 1000, 0)[:, 0])
            assert high - low > 1.5 * float(ends[1] - ends[0])

    def test_one_network_at_two_scales_does_not_differ(self) -> None:
        examined = np.ones(ITEMS, dtype=bool)
        pair = [attacked(factor * made_logits(1), examined)[0] for factor in (1, 40)]
        found = remaining(pair[0], pair[1], 1000, 0)
        assert found.as_it_is.is_clear
        ends = found.at_equal_scale
        assert [ends.value, ends.low, ends.high] == pytest.approx([0, 0, 0], abs=1e-8)
        assert found.share.value == pytest.approx(0, abs=1e-8)

    def test_clean_items_move_to_no_first_order(self) -> None:
        """At the best temperature a clean loss is flat: its interval is nearly that of a mean."""
        pair = [
            AtScale(cross_entropies(clean), network.clean, network.clean)
            for network, clean, _ in (self.first, self.second)
        ]
        found = remaining(pair[0], pair[1], 1000, 0).at_equal_scale
        paired = (pair[0].clean.loss - pair[1].clean.loss)[:, None]
        low, high = bootstrap.interval(bootstrap.means(paired, 1000, 0)[:, 0])
        assert [found.low, found.high] == pytest.approx([float(low), float(high)], abs=0.005)

    def test_nothing_in_common(self) -> None:
        first = attacked(made_logits(1), np.arange(ITEMS) < 100)[0]
        second = attacked(made_logits(2), np.arange(ITEMS) >= 100)[0]
        assert remaining(first, second, 10, 0).n == 0

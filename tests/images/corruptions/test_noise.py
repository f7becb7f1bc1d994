"""Noise against the moments of the published distributions, on pictures of one grey."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from c10h.images.corruptions.table import CORRUPTIONS

from .pictures import corrupted, grey

# make_cifar_c.py in github hendrycks/robustness, by severity.
GAUSSIAN = [0.04, 0.06, 0.08, 0.09, 0.10]
SHOT = [500, 250, 100, 75, 50]
IMPULSE = [0.01, 0.02, 0.03, 0.05, 0.07]
SPECKLE = [0.06, 0.1, 0.12, 0.16, 0.2]
# Rounding down takes half a level off, and adds the variance of a uniform part of one.
FLOOR_MEAN, FLOOR_VARIANCE = 0.5, 1 / 12


def assert_moments(kind: str, severity: int, value: int, sigma: float) -> None:
    """Mean and standard deviation, in levels, within five standard errors."""
    after = corrupted(grey(value, 128), kind, severity).astype(float).ravel()
    expected = np.sqrt((255 * sigma) ** 2 + FLOOR_VARIANCE)
    assert abs(after.mean() - (value - FLOOR_MEAN)) < 5 * expected / np.sqrt(len(after)) + 0.05
    assert after.std() == pytest.approx(expected, rel=5 / np.sqrt(2 * len(after)) + 0.01)


@pytest.mark.parametrize("severity", [1, 2, 3, 4, 5])
class TestMoments:
    def test_gaussian(self, severity: int) -> None:
        assert_moments("gaussian_noise", severity, 128, GAUSSIAN[severity - 1])

    def test_shot(self, severity: int) -> None:
        share = 100 / 255
        assert_moments("shot_noise", severity, 100, np.sqrt(share / SHOT[severity - 1]))

    def test_speckle(self, severity: int) -> None:
        assert_moments("speckle_noise", severity, 100, 100 / 255 * SPECKLE[severity - 1])

    def test_impulse(self, severity: int) -> None:
        after = corrupted(grey(128, 128), "impulse_noise", severity).ravel()
        black, white = int((after == 0).sum()), int((after == 255).sum())
        assert black + white + int((after == 128).sum()) == len(after)
        share = IMPULSE[severity - 1]
        assert stats.binomtest(black + white, len(after), share).pvalue > 1e-4
        assert stats.binomtest(black, black + white, 0.5).pvalue > 1e-4


def test_gaussian_noise_is_normal() -> None:
    after = corrupted(grey(128, 64), "gaussian_noise", 5).ravel()
    # Undo the rounding: a uniform part of a level.
    spread = after + np.random.default_rng(1).random(len(after))
    assert stats.kstest((spread - 128) / 25.5, "norm").pvalue > 1e-3


def test_shot_noise_is_poisson() -> None:
    after = corrupted(grey(51, 64), "shot_noise", 5).ravel()
    counts = np.ceil(after / 255 * 50 - 1e-9)  # 0.2 of 50 photons
    expected = stats.poisson(10).pmf(np.arange(5, 16)) * len(counts)
    observed = np.bincount(counts.astype(int), minlength=16)[5:16]
    assert (((observed - expected) ** 2 / expected).sum()) < stats.chi2(11).isf(1e-4)


@pytest.mark.parametrize(
    "kind", [name for name, row in CORRUPTIONS.items() if row.family == "noise"]
)
def test_colours_are_independent(kind: str) -> None:
    after = corrupted(grey(128, 64), kind, 5).astype(float)
    correlations = np.corrcoef(after.reshape(-1, 3).T)[np.triu_indices(3, 1)]
    assert np.abs(correlations).max() < 5 / 64

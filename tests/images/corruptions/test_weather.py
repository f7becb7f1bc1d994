"""Weather: brightness against colorsys, fog and snow against what their formulas imply."""

from __future__ import annotations

import colorsys

import numpy as np
import pytest

from c10h.images.corruptions.weather import cloud

from .pictures import by_severity, corrupted, grey, smooth

FOG = [(0.2, 3), (0.5, 3), (0.75, 2.5), (1, 2), (1.5, 1.75)]


@pytest.mark.parametrize(("severity", "added"), by_severity([0.05, 0.1, 0.15, 0.2, 0.3]))
def test_brightness(severity: int, added: float) -> None:
    pixels = smooth(4)
    after = corrupted(pixels, "brightness", severity).astype(int)
    for place in np.ndindex(32, 32):
        hue, saturation, value = colorsys.rgb_to_hsv(*(pixels[place] / 255))
        expected = colorsys.hsv_to_rgb(hue, saturation, min(1, value + added))
        assert np.abs(after[place] - np.floor(255 * np.array(expected))).max() <= 1


class TestFog:
    @pytest.mark.parametrize(
        ("severity", "density", "decay"), [(s, *c) for s, c in enumerate(FOG, 1)]
    )
    def test_a_grey_picture_is_the_cloud(self, severity: int, density: float, decay: float) -> None:
        """(x + d · c) x / (x + d): from x² / (x + d), where there is no cloud, to x."""
        share = 100 / 255
        after = corrupted(grey(100), "fog", severity).astype(float)
        assert after.min() == pytest.approx(255 * share**2 / (share + density), abs=1)
        assert after.max() == pytest.approx(100, abs=1)
        np.testing.assert_array_equal(after[..., 0], after[..., 2])

    def test_black_stays_black(self) -> None:
        assert not corrupted(grey(0), "fog", 5).any()

    @pytest.mark.parametrize("side", [2, 4, 32, 64])
    def test_a_cloud_has_the_range_from_0_to_1(self, side: int) -> None:
        field = cloud(side, 2, np.random.default_rng(side))
        assert field.shape == (side, side)
        assert (field.min(), field.max()) == (0, 1)

    def test_a_large_decay_leaves_means_of_neighbours(self) -> None:
        """Without displacements at fine scales, the points there are the means of four."""
        field = cloud(32, 1e3, np.random.default_rng(0))
        corners = field[::2, ::2]
        right, below = np.roll(corners, -1, axis=1), np.roll(corners, -1, axis=0)
        means = (corners + right + below + np.roll(right, -1, axis=0)) / 4
        np.testing.assert_allclose(field[1::2, 1::2], means, atol=1e-9)
        above = np.roll(field[1::2, 1::2], 1, axis=0)
        between = (corners + right + field[1::2, 1::2] + above) / 4
        np.testing.assert_allclose(field[::2, 1::2], between, atol=1e-9)

    def test_a_larger_decay_is_smoother(self) -> None:
        def roughness(decay: float) -> float:
            fields = [cloud(32, decay, np.random.default_rng(n)) for n in range(50)]
            return float(np.mean([np.abs(np.diff(field, axis=0)).mean() for field in fields]))

        assert roughness(3) < roughness(2) < roughness(1.75)


class TestSnow:
    def test_nothing_gets_darker(self) -> None:
        for severity in range(1, 6):
            pixels = smooth(severity).astype(int)
            assert (corrupted(smooth(severity), "snow", severity) >= pixels - 1).all()

    def test_without_flakes_the_image_is_whitened(self) -> None:
        """On white ground flakes do not show; on grey, 0.95 x + 0.05 (1.5 x + 0.5) or more."""
        least = 255 * (0.95 * 0.2 + 0.05 * (1.5 * 0.2 + 0.5))
        after = np.concatenate([corrupted(grey(51), "snow", 1, seed).ravel() for seed in range(20)])
        assert np.min(after) == np.floor(least + 1e-9)
        assert (corrupted(grey(255), "snow", 1) == 255).all()

    def test_flakes_are_there_twice_the_second_time_turned(self) -> None:
        after = corrupted(grey(51), "snow", 5, 3)
        np.testing.assert_array_equal(after, np.rot90(after, 2))

    def test_flakes_fall(self) -> None:
        """Along columns neighbours are more alike than along rows."""
        after = [corrupted(grey(0), "snow", 4, seed)[..., 0].astype(float) for seed in range(30)]
        down = np.mean([np.abs(np.diff(one, axis=0)).mean() for one in after])
        across = np.mean([np.abs(np.diff(one, axis=1)).mean() for one in after])
        assert down < 0.8 * across

"""Blur against kernels computed here, one sum at a time."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
import pytest
from scipy import ndimage, stats

from c10h.images.corruptions.blur import enlarge, line_blur
from c10h.records import Array

from .pictures import by_severity, corrupted, grey, smooth

BLURS = ("defocus_blur", "glass_blur", "motion_blur", "zoom_blur", "gaussian_blur")
# A point of light in the middle.
POINT = np.zeros((33, 33, 3))
POINT[16, 16] = 255


def within_a_level(after: Array, values: Array) -> None:
    """Values rounded down; those of another sum may be on the other side of a whole number."""
    expected = np.floor(values + 1e-6)
    assert np.abs(after - expected).max() <= 1
    assert (after == expected).mean() > 0.99


@pytest.mark.parametrize("kind", BLURS)
def test_one_colour_stays_as_it_is(kind: str) -> None:
    for severity in range(1, 6):
        after = corrupted(grey(200), kind, severity).astype(int)
        assert np.abs(after - 200).max() <= 2  # rounded down, in glass_blur three times


@pytest.mark.parametrize(("severity", "sigma"), by_severity([0.4, 0.6, 0.7, 0.8, 1]))
def test_gaussian_blur(severity: int, sigma: float) -> None:
    reach = int(4 * sigma + 0.5)
    weights = stats.norm(scale=sigma).pdf(np.arange(-reach, reach + 1))
    weights /= weights.sum()
    pixels = smooth(1)
    padded = np.pad(pixels.astype(float), ((reach, reach), (reach, reach), (0, 0)), "edge")
    expected = sum(
        weights[i] * weights[j] * padded[i : i + 32, j : j + 32]
        for i in range(2 * reach + 1)
        for j in range(2 * reach + 1)
    )
    within_a_level(corrupted(pixels, "gaussian_blur", severity), np.asarray(expected))


def test_defocus_blur_of_severity_5_by_hand() -> None:
    """Radius 1.5: nine pixels of equal weight; the edge is as good as sharp."""
    pixels = smooth(2)
    padded = np.pad(pixels.astype(float), ((1, 1), (1, 1), (0, 0)), "reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(0, 1))
    within_a_level(corrupted(pixels, "defocus_blur", 5), windows.mean(axis=(-2, -1)))


def test_defocus_blur_below_a_radius_of_1_is_its_soft_edge() -> None:
    """Severity 2: a disk of one pixel, then a normal kernel of 3 x 3 with σ 0.5."""
    side = math.exp(-2) / (1 + 2 * math.exp(-2))
    after = corrupted(POINT.astype(np.uint8), "defocus_blur", 2)
    assert after[16, 16].tolist() == [math.floor(255 * (1 - 2 * side) ** 2)] * 3
    assert after[16, 17].tolist() == [math.floor(255 * side * (1 - 2 * side))] * 3
    assert after[17, 17].tolist() == [math.floor(255 * side**2)] * 3
    assert not after[16, 18:].any()


def test_glass_blur_moves_pixels_by_one_up_and_left() -> None:
    """Severity 1 has a normal kernel of one pixel: what is left is where pixels come from."""
    places = np.arange(32 * 32).reshape(32, 32)
    pixels = np.stack([places % 256, places // 256, places * 0], axis=-1).astype(np.uint8)
    after = corrupted(pixels, "glass_blur", 1).astype(int)
    source = after[..., 0] + 256 * after[..., 1]
    np.testing.assert_array_equal(source[:2], places[:2])
    np.testing.assert_array_equal(source[:, :2], places[:, :2])
    moved = (places - source)[2:, 2:]
    counts = [int((moved == step).sum()) for step in (0, 1, 32, 33)]
    assert sum(counts) == moved.size
    assert stats.chisquare(counts).pvalue > 1e-4


class TestLine:
    """ImageMagick's motion blur, from its definition (MagickCore/effect.c)."""

    @pytest.mark.parametrize(
        ("angle", "step"), [(0, (0, -1)), (90, (-1, 0)), (-90, (1, 0)), (45, (-1, -1))]
    )
    def test_a_point_becomes_half_a_normal_kernel(self, angle: int, step: tuple[int, int]) -> None:
        """At 45 degrees, i steps are i · 0.7071 pixels along both axes, rounded."""
        sigma, radius = 2.0, 6
        weights = stats.norm(scale=sigma).pdf(np.arange(2 * radius + 1))
        weights /= weights.sum()
        expected = np.zeros((33, 33))
        length = math.hypot(*step)
        for number, weight in enumerate(weights):
            along = round(number / length)
            expected[16 + step[0] * along, 16 + step[1] * along] += 255 * weight
        blurred = line_blur(POINT, radius, sigma, angle)
        np.testing.assert_allclose(blurred[..., 0], np.rint(expected), atol=0)

    # ``convert -motion-blur 2x1.5+ANGLE`` of ImageMagick 6.9.11-60, by angle.
    BY_IMAGEMAGICK: ClassVar = {
        30: [
            [39, 33, 73, 85, 127, 154],
            [154, 109, 114, 141, 160, 114],
            [200, 105, 72, 47, 108, 206],
            [205, 224, 142, 87, 126, 150],
            [102, 97, 169, 169, 164, 224],
            [103, 75, 103, 167, 139, 127],
        ],
        -110: [
            [0, 5, 23, 55, 100, 160],
            [106, 39, 92, 51, 132, 119],
            [186, 96, 105, 42, 79, 151],
            [217, 191, 148, 55, 39, 168],
            [211, 141, 166, 133, 78, 159],
            [185, 92, 90, 213, 109, 152],
        ],
    }

    @pytest.mark.parametrize("angle", BY_IMAGEMAGICK)
    def test_as_imagemagick_does(self, angle: int) -> None:
        image = (np.arange(36) ** 2 * 7 % 256).reshape(6, 6, 1)
        blurred = line_blur(image, 2, 1.5, angle)[..., 0]
        np.testing.assert_array_equal(blurred, self.BY_IMAGEMAGICK[angle])

    def test_beyond_the_edge_are_its_pixels(self) -> None:
        ramp = np.repeat(np.arange(32.0)[None, :, None], 32, axis=0) * 8
        blurred = line_blur(ramp, 6, 1, 0)
        np.testing.assert_array_equal(blurred[:, -1, 0], 248)
        assert (np.diff(blurred[0, :, 0]) >= 0).all()

    def test_angles_are_between_minus_45_and_45(self) -> None:
        """A point smears to the left and never far up or down."""
        for seed in range(40):
            after = corrupted(POINT.astype(np.uint8), "motion_blur", 5, seed)[..., 0]
            rows, columns = np.nonzero(after)
            assert (columns <= 16).all()
            assert (np.abs(rows - 16) <= 16 - columns + 1).all()


class TestZoom:
    def test_an_enlargement_of_a_ramp_is_less_steep(self) -> None:
        ramp = np.repeat(np.arange(32.0)[None, :, None], 32, axis=0)
        inside = enlarge(ramp, 1.25)[16, :, 0]
        assert enlarge(ramp, 1).tolist() == ramp.tolist()
        np.testing.assert_allclose(np.diff(inside), 25 / 31 * np.ones(31), atol=0.02)
        assert inside.mean() == pytest.approx(15.5, abs=0.6)

    @pytest.mark.parametrize(("severity", "largest"), by_severity([1.06, 1.11, 1.15, 1.20, 1.25]))
    def test_the_mean_of_all(self, severity: int, largest: float) -> None:
        pixels = smooth(3)
        factors = np.arange(100, round(100 * largest) + 1) / 100
        images = [pixels.astype(float)]
        for factor in factors:
            crop = math.ceil(32 / factor - 1e-9)
            start = (32 - crop) // 2
            part = pixels[start : start + crop, start : start + crop].astype(float)
            side = round(crop * factor)
            along = np.linspace(0, crop - 1, side)
            grid = np.meshgrid(along, along, indexing="ij")
            whole = np.stack(
                [ndimage.map_coordinates(part[..., c], grid, order=1) for c in range(3)], axis=-1
            )
            trim = (side - 32) // 2
            images.append(whole[trim : trim + 32, trim : trim + 32])
        within_a_level(corrupted(pixels, "zoom_blur", severity), np.mean(images, axis=0))

"""Digital corruptions against Pillow, colorsys and sums by hand."""

from __future__ import annotations

import colorsys
import io

import numpy as np
import pytest
from PIL import Image
from scipy import stats

from c10h.images.corruptions.table import CORRUPTIONS
from c10h.records import Array

from .pictures import by_severity, corrupted, damage, smooth

SATURATION = [(0.3, 0), (0.1, 0), (1.5, 0), (2, 0.1), (2.5, 0.2)]


@pytest.mark.parametrize(("severity", "factor"), by_severity([0.75, 0.5, 0.4, 0.3, 0.15]))
def test_contrast(severity: int, factor: float) -> None:
    pixels = smooth(5).astype(float)
    expected = [
        np.polyval([factor, (1 - factor) * pixels[..., colour].mean()], pixels[..., colour])
        for colour in range(3)
    ]
    after = corrupted(smooth(5), "contrast", severity)
    assert np.abs(after - np.floor(np.stack(expected, axis=-1))).max() <= 1
    slopes = [
        stats.linregress(pixels[..., c].ravel(), after[..., c].ravel()).slope for c in range(3)
    ]
    assert slopes == pytest.approx([factor] * 3, rel=0.02)


@pytest.mark.parametrize(("severity", "change"), by_severity(SATURATION))
def test_saturate(severity: int, change: tuple[float, float]) -> None:
    pixels = smooth(6)
    after = corrupted(pixels, "saturate", severity).astype(int)
    for place in np.ndindex(32, 32):
        hue, saturation, value = colorsys.rgb_to_hsv(*(pixels[place] / 255))
        changed = min(1, saturation * change[0] + change[1])
        expected = colorsys.hsv_to_rgb(hue, changed, value)
        assert np.abs(after[place] - np.floor(255 * np.array(expected))).max() <= 1


@pytest.mark.parametrize(("severity", "quality"), by_severity([80, 65, 58, 50, 40]))
def test_jpeg(severity: int, quality: int) -> None:
    stream = io.BytesIO()
    Image.fromarray(smooth(7)).save(stream, format="jpeg", quality=quality)
    expected = np.asarray(Image.open(stream))
    np.testing.assert_array_equal(corrupted(smooth(7), "jpeg_compression", severity), expected)


@pytest.mark.parametrize(("severity", "side"), by_severity([30, 28, 27, 24, 20]))
def test_pixelate(severity: int, side: int) -> None:
    """A pixel becomes the mean of those whose centres are in its box, down and up again."""

    def boxes(before: int, after: int) -> Array:
        scale = before / after
        middles = (np.arange(after) + 0.5) * scale
        distances = (np.arange(before) + 0.5 - middles[:, None]) / max(scale, 1)
        inside = (distances > -0.5) & (distances <= 0.5)
        return inside / inside.sum(axis=1, keepdims=True)

    down, up = boxes(32, side), boxes(side, 32)
    lower = np.einsum("ah,bw,hwc->abc", down, down, smooth(8))
    expected = np.einsum("ah,bw,hwc->abc", up, up, lower)
    assert np.abs(corrupted(smooth(8), "pixelate", severity) - expected).max() <= 2


class TestElastic:
    @pytest.mark.parametrize(("severity", "side"), [(1, 0.08), (2, 0.07), (5, 0.03)])
    def test_no_pixel_comes_from_far_away(self, severity: int, side: float) -> None:
        """The corners of the affine map move by this share of 32 at most, three times as far out
        by four times that; displacements are below their strength, 3.2 pixels."""
        place = np.mgrid[0:32, 0:32].transpose(1, 2, 0)
        pixels = np.concatenate([place * 8, place[..., :1]], axis=-1).astype(np.uint8)
        for seed in range(20):
            after = corrupted(pixels, "elastic_transform", severity, seed).astype(float)
            inner = slice(12, 20)
            moved = after[inner, inner, :2] / 8 - place[inner, inner]
            assert np.abs(moved).max() < 2 * 32 * side + 3.2 + 1

    def test_severity_1_is_an_affine_map(self) -> None:
        """Of a ramp it makes a plane: no second differences in the middle."""
        ramp = np.repeat(np.arange(32)[None, :, None] * 7, 32, axis=0)
        pixels = np.repeat(ramp, 3, axis=2).astype(np.uint8)
        after = corrupted(pixels, "elastic_transform", 1, 2).astype(float)[10:22, 10:22, 0]
        assert np.abs(np.diff(after, 2, axis=0)).max() <= 1
        assert np.abs(np.diff(after, 2, axis=1)).max() <= 1
        assert np.abs(np.diff(after, axis=1).mean() - 7) > 0.01

    def test_with_constants_of_0_nothing_changes(self) -> None:
        pixels, random = smooth(9), np.random.default_rng(0)
        after = CORRUPTIONS["elastic_transform"].corrupt(pixels, random, 0, 0, 0)
        np.testing.assert_allclose(after, pixels, atol=1e-9)

    def test_displacements_do_not_depend_on_the_pixels(self) -> None:
        light, dark = smooth(10), smooth(10) // 2
        one, other = (corrupted(p, "elastic_transform", 4, 5).astype(float) for p in (light, dark))
        assert damage(one / 2, other) < 1

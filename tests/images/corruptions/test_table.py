"""What holds for every corruption, and the published list of them."""

from __future__ import annotations

import numpy as np
import pytest

from c10h.images.corruptions.corrupting import corrupted as corrupted_rows
from c10h.images.corruptions.table import CORRUPTIONS, SEVERITIES
from c10h.records import Images

from .pictures import corrupted, damage, grey, smooth

# Hendrycks & Dietterich (2019), section 4.1 and appendix B, by family; without frost and spatter.
PUBLISHED = {
    "noise": ["gaussian_noise", "shot_noise", "impulse_noise", "speckle_noise"],
    "blur": ["defocus_blur", "glass_blur", "motion_blur", "zoom_blur", "gaussian_blur"],
    "weather": ["snow", "fog", "brightness"],
    "digital": ["contrast", "elastic_transform", "pixelate", "jpeg_compression", "saturate"],
}
VALIDATION = {"speckle_noise", "gaussian_blur", "saturate"}
# Those whose severities are not in the order of squared differences: glass and elastic change
# several constants at once, and saturate takes colour away before it adds some.
NOT_IN_ORDER = {"glass_blur", "elastic_transform", "saturate"}
PICTURES = [smooth(number) for number in range(24)]


def test_the_published_names() -> None:
    by_family = {family: set(names) for family, names in PUBLISHED.items()}
    for name, row in CORRUPTIONS.items():
        assert name in by_family[row.family]
    assert sum(map(len, PUBLISHED.values())) == len(CORRUPTIONS)
    assert {name for name, row in CORRUPTIONS.items() if not row.benchmark} == VALIDATION
    assert all(len(row.constants) == len(SEVERITIES) for row in CORRUPTIONS.values())


@pytest.mark.parametrize("kind", CORRUPTIONS)
class TestEvery:
    @pytest.mark.parametrize("size", [(32, 32), (8, 8), (9, 14), (3, 2), (64, 64)])
    def test_shape_and_dtype(self, kind: str, size: tuple[int, int]) -> None:
        pixels = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
        before = pixels.copy()
        for severity in SEVERITIES:
            after = corrupted(pixels, kind, severity)
            assert after.shape == pixels.shape
            assert after.dtype == np.uint8
        np.testing.assert_array_equal(pixels, before)

    def test_more_damage_with_severity(self, kind: str) -> None:
        means = [
            np.mean(
                [damage(one, corrupted(one, kind, severity, n)) for n, one in enumerate(PICTURES)]
            )
            for severity in SEVERITIES
        ]
        assert min(means) > 0
        assert (sorted(means) == means) == (kind not in NOT_IN_ORDER)

    @pytest.mark.parametrize("value", [0, 255])
    def test_extremes_are_clipped_not_wrapped(self, kind: str, value: int) -> None:
        """Where most of a picture stays nearly as it is, no overflow turns it into its opposite."""
        after = corrupted(grey(value), kind, 1).astype(float)
        assert abs(np.median(after) - value) < 64


class TestItems:
    """What is random depends on the item, the corruption and the seed, and on nothing else."""

    images = Images(classes=("a", "b"), images=np.stack(PICTURES))

    def test_the_same_in_blocks_of_any_size(self) -> None:
        rows = corrupted_rows(self.images, "gaussian_noise", 3, 7)
        whole = rows[0:24]
        np.testing.assert_array_equal(np.concatenate([rows[0:5], rows[5:24]]), whole)
        np.testing.assert_array_equal(rows[11:13], whole[11:13])

    def test_by_id_wherever_it_stands(self) -> None:
        ids = np.array([f"photo {number}" for number in range(24)])
        named = Images(classes=("a", "b"), images=np.stack(PICTURES), ids=ids)
        turned = Images(classes=("a", "b"), images=np.stack(PICTURES[::-1]), ids=ids[::-1])
        one = corrupted_rows(named, "impulse_noise", 2, 0)[0:24]
        other = corrupted_rows(turned, "impulse_noise", 2, 0)[0:24]
        np.testing.assert_array_equal(one, other[::-1])

    def test_different_otherwise(self) -> None:
        flat = Images(classes=("a", "b"), images=np.stack([grey(128)] * 2))
        first = corrupted_rows(flat, "gaussian_noise", 1, 0)[0:2]
        others = [
            first[1],
            corrupted_rows(flat, "gaussian_noise", 1, 1)[0:1][0],
            corrupted_rows(flat, "speckle_noise", 1, 0)[0:1][0],
        ]
        for other in others:
            correlation = np.corrcoef(first[0].ravel(), other.ravel())[0, 1]
            assert abs(correlation) < 0.1  # 3,072 values: a standard error of 0.018

"""Pictures to corrupt, and one way to do it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import ndimage

from c10h.images.corruptions.corrupting import as_bytes
from c10h.images.corruptions.table import CORRUPTIONS
from c10h.records import Array


def grey(value: int, side: int = 32) -> Array:
    """A picture of one grey."""
    return np.full((side, side, 3), value, np.uint8)


def smooth(number: int, side: int = 32) -> Array:
    """A picture with edges, areas and colours, as photographs have."""
    noise = np.random.default_rng(number).normal(size=(side, side, 3))
    blurred = ndimage.gaussian_filter(noise, (2, 2, 0))
    return (255 * np.clip(0.5 + 1.2 * blurred / blurred.std() / 4, 0, 1)).astype(np.uint8)


def corrupted(pixels: Array, kind: str, severity: int, seed: int = 0) -> Array:
    row = CORRUPTIONS[kind]
    return as_bytes(row.corrupt, pixels, np.random.default_rng(seed), row.constants[severity - 1])


def damage(pixels: Array, after: Array) -> float:
    """The mean squared difference."""
    return float(((pixels.astype(float) - after) ** 2).mean())


def by_severity(values: Sequence[Any]) -> list[tuple[int, Any]]:
    """Severity 1 to 5 with what belongs to each."""
    return list(enumerate(values, 1))

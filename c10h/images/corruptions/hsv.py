"""Hue, saturation and value of pixels, changed."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import hsv_to_rgb, rgb_to_hsv

from c10h.records import Array


def changed_hsv(pixels: Array, channel: int, factor: float, added: float) -> Array:
    """Pixels whose saturation (channel 1) or value (2) is times a factor, and so much is added.

    pixels: uint8 (h, w, 3). factor, added: of shares of 1. Returns float64 values of 0 to 255.
    """
    hsv = rgb_to_hsv(pixels / 255)
    hsv[..., channel] = np.clip(hsv[..., channel] * factor + added, 0, 1)
    return 255 * np.asarray(hsv_to_rgb(hsv))

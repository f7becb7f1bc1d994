"""Noise. Functions of pixels, uint8 (h, w, 3), that return float64 values, not yet clipped to 255.

Values x are shares of 255 in the formulas. Source: see :mod:`c10h.images.corruptions.table`.
"""

from __future__ import annotations

import numpy as np

from c10h.records import Array


def gaussian_noise(pixels: Array, random: np.random.Generator, sigma: float) -> Array:
    """x + N(0, σ²)."""
    return pixels + 255 * random.normal(0, sigma, pixels.shape)


def shot_noise(pixels: Array, random: np.random.Generator, photons: float) -> Array:
    """Poisson(x · photons) / photons."""
    return 255 * random.poisson(pixels / 255 * photons) / photons


def impulse_noise(pixels: Array, random: np.random.Generator, share: float) -> Array:
    """A share of all values, colours apart, become 0 or 255, each as often."""
    replaced = random.random(pixels.shape) < share
    extremes = 255 * random.integers(0, 2, pixels.shape)
    return np.where(replaced, extremes, pixels)


def speckle_noise(pixels: Array, random: np.random.Generator, sigma: float) -> Array:
    """x + x · N(0, σ²)."""
    return pixels * (1 + random.normal(0, sigma, pixels.shape))

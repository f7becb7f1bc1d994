"""Weather. Functions of pixels, uint8 (h, w, 3), that return values of 0 to 255 or above.

Source: see :mod:`c10h.images.corruptions.table`.
"""

from __future__ import annotations

import numpy as np

from c10h.images.corruptions.blur import enlarge, line_blur
from c10h.images.corruptions.hsv import changed_hsv
from c10h.records import Array

# How bright the three colours are: ITU-R BT.601.
LUMA = np.array([0.299, 0.587, 0.114])


def snow(
    pixels: Array,
    random: np.random.Generator,
    mean: float,
    deviation: float,
    zoom: float,
    threshold: float,
    radius: float,
    sigma: float,
    share: float,
) -> Array:
    """Flakes that fall and, turned by 180 degrees, fall again, on an image that is partly whitened.

    Flakes are normal noise, enlarged, that is above a threshold, and blurred along a line that
    points upwards, by 45 degrees to either side at most. share: of the image that is not whitened.
    """
    noise = random.normal(mean, deviation, (*pixels.shape[:2], 1))
    layer = enlarge(noise, zoom)
    layer = np.floor(255 * np.clip(np.where(layer < threshold, 0, layer), 0, 1))
    flakes = line_blur(layer, radius, sigma, random.uniform(-135, -45))
    grey = (pixels @ LUMA)[..., None]
    whitened = np.maximum(pixels, 1.5 * grey + 255 / 2)
    return np.asarray(share * pixels + (1 - share) * whitened + flakes + np.rot90(flakes, 2))


def fog(pixels: Array, random: np.random.Generator, density: float, decay: float) -> Array:
    """x + density · cloud, divided by 1 + density / (the largest x)."""
    height, width, _ = pixels.shape
    side = 1 << (max(height, width, 2) - 1).bit_length()
    clouded = pixels + 255 * density * cloud(side, decay, random)[:height, :width, None]
    largest = float(pixels.max())
    return np.asarray(clouded * largest / (largest + 255 * density))


def brightness(pixels: Array, random: np.random.Generator, added: float) -> Array:
    """Value + added, in HSV."""
    return changed_hsv(pixels, 2, 1, added)


def cloud(side: int, decay: float, random: np.random.Generator) -> Array:
    """A fractal of values from 0 to 1 by midpoint displacement, float64 (side, side), periodic.

    The diamond-square algorithm (Fournier, Fussell & Carpenter 1982): points in the middle of four
    are their mean and a uniform displacement, of which the largest is divided by decay² at each
    scale. side: a power of 2.
    """
    field = np.zeros((side, side))
    step, largest = side, 1.0
    while step >= 2:
        half = step // 2
        corners = field[::step, ::step]
        across = corners + np.roll(corners, -1, axis=1)
        middles = across + np.roll(across, -1, axis=0)
        field[half::step, half::step] = middles / 4 + _displaced(middles, largest, random)
        centres = field[half::step, half::step]
        beside = across + centres + np.roll(centres, 1, axis=0)
        field[::step, half::step] = beside / 4 + _displaced(beside, largest, random)
        along = corners + np.roll(corners, -1, axis=0)
        below = along + centres + np.roll(centres, 1, axis=1)
        field[half::step, ::step] = below / 4 + _displaced(below, largest, random)
        step, largest = half, largest / decay**2
    field -= field.min()
    return np.asarray(field / field.max())


def _displaced(points: Array, largest: float, random: np.random.Generator) -> Array:
    return random.uniform(-largest, largest, points.shape)

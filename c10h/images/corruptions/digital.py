"""What cameras and files do. Functions of pixels, uint8 (h, w, 3), that return values of 0 to 255.

Source: see :mod:`c10h.images.corruptions.table`.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image
from scipy import ndimage

from c10h.images.corruptions.hsv import changed_hsv
from c10h.records import Array


def contrast(pixels: Array, random: np.random.Generator, factor: float) -> Array:
    """The mean of each colour, and so much of the differences from it."""
    means = pixels.mean(axis=(0, 1))
    return np.asarray(means + factor * (pixels - means))


def elastic_transform(
    pixels: Array, random: np.random.Generator, strength: float, smoothness: float, affine: float
) -> Array:
    """An affine map near the identity, and then small displacements that vary smoothly.

    strength: of displacements, that are uniform noise convolved with a normal kernel whose standard
    deviation is the smoothness. affine: how far each of three points is moved at most. All are
    shares of the side. Source: Simard, Steinkraus & Platt (2003), Best practices for convolutional
    neural networks, ICDAR, section 2.
    """
    height, width, _ = pixels.shape
    side = min(height, width)
    grid = np.mgrid[0:height, 0:width].astype(np.float64)
    mapped = _interpolated(
        pixels.astype(np.float64), _near_identity(grid, side, affine, random), "mirror"
    )
    noise = random.uniform(-1, 1, grid.shape)
    sigma = smoothness * side
    smooth = ndimage.gaussian_filter(noise, (0, sigma, sigma), mode="reflect", truncate=3)
    return _interpolated(mapped, grid + strength * side * smooth, "reflect")


def pixelate(pixels: Array, random: np.random.Generator, factor: float) -> Array:
    """Resized to so much of the side and back, both with a box filter."""
    image = Image.fromarray(pixels)
    lower = (max(1, int(image.width * factor)), max(1, int(image.height * factor)))
    smaller = image.resize(lower, Image.Resampling.BOX)
    return np.asarray(smaller.resize(image.size, Image.Resampling.BOX))


def jpeg_compression(pixels: Array, random: np.random.Generator, quality: float) -> Array:
    """Written as JPEG by Pillow, and read."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=int(quality))
    return np.asarray(Image.open(stream))


def saturate(pixels: Array, random: np.random.Generator, factor: float, added: float) -> Array:
    """Saturation · factor + added, in HSV."""
    return changed_hsv(pixels, 1, factor, added)


def _near_identity(grid: Array, side: int, affine: float, random: np.random.Generator) -> Array:
    """Where each pixel of (h, w) comes from under a random affine map, float64 (2, h, w).

    The map takes three corners of a square around the middle, two thirds of a side wide, to points
    that are moved by a uniform part of ``affine`` sides at most, along both axes.
    """
    middle = np.array(grid.shape[1:]) // 2
    corners = middle + side // 3 * np.array([[1, 1], [-1, 1], [-1, -1]])
    moved = corners + random.uniform(-affine * side, affine * side, (3, 2))
    # The inverse map, from moved corners to where they were: rows (y, x, 1) times this matrix.
    back = np.linalg.solve(np.column_stack([moved, np.ones(3)]), corners)
    return np.asarray(np.tensordot(back[:2].T, grid, axes=1) + back[2][:, None, None])


def _interpolated(image: Array, places: Array, edge: str) -> Array:
    """Linear interpolation of each colour of an image, (h, w, c), at places (2, h, w)."""
    colours = [
        ndimage.map_coordinates(image[..., colour], places, order=1, mode=edge)
        for colour in range(image.shape[-1])
    ]
    return np.stack(colours, axis=-1)

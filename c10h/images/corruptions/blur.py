"""Blur. Functions of pixels, uint8 (h, w, 3), that return values of 0 to 255.

Source: see :mod:`c10h.images.corruptions.table`.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import ndimage

from c10h.records import Array

# Between the enlargements of zoom_blur.
ZOOM_STEP = 0.01


def gaussian_blur(pixels: Array, random: np.random.Generator, sigma: float) -> Array:
    """A normal kernel up to 4 σ; beyond the edge there are more of the pixels at the edge."""
    return normal_blur(pixels.astype(np.float64), sigma)


def glass_blur(pixels: Array, random: np.random.Generator, sigma: float, times: float) -> Array:
    """A normal blur, each pixel replaced by one of four neighbours so many times, the blur again.

    A pixel becomes itself or that above, to the left or diagonally between, each as often. The
    paper tells of pixels that change places; the code that made CIFAR-10-C replaces them, since
    what it swaps are views of one array. It leaves the first two rows and columns as they are.
    """
    height, width, _ = pixels.shape
    blurred = np.floor(normal_blur(pixels.astype(np.float64), sigma))
    rows, columns = np.mgrid[2:height, 2:width]
    for _ in range(int(times)):
        up, left = random.integers(0, 2, (2, *rows.shape))
        blurred[2:, 2:] = blurred[rows - up, columns - left]
    return normal_blur(blurred, sigma)


def defocus_blur(
    pixels: Array, random: np.random.Generator, radius: float, alias_sigma: float
) -> Array:
    """A disk of pixels whose edge is softened by a normal kernel of 3 x 3 pixels."""
    reach = math.ceil(radius) + 1
    along = np.arange(-reach, reach + 1)
    disk = (along[:, None] ** 2 + along**2 <= radius**2).astype(np.float64)
    edge = np.exp(-np.array([1, 0, 1]) / (2 * alias_sigma**2))
    edge /= edge.sum()
    kernel = ndimage.convolve(disk / disk.sum(), np.outer(edge, edge), mode="constant")
    blurred: Array = ndimage.correlate(pixels.astype(np.float64), kernel[..., None], mode="mirror")
    return blurred


def motion_blur(pixels: Array, random: np.random.Generator, radius: float, sigma: float) -> Array:
    """Along a line whose angle is between -45 and 45 degrees."""
    return line_blur(pixels, radius, sigma, random.uniform(-45, 45))


def zoom_blur(pixels: Array, random: np.random.Generator, largest: float) -> Array:
    """The mean of the image and of its enlargements by 1, 1.01, 1.02 … the largest."""
    image = pixels.astype(np.float64)
    count = round((largest - 1) / ZOOM_STEP) + 1
    enlarged = [enlarge(image, 1 + ZOOM_STEP * number) for number in range(count)]
    return np.asarray(np.mean([image, *enlarged], axis=0))


def normal_blur(image: Array, sigma: float) -> Array:
    """Each colour of an image, (h, w, c), convolved with a normal kernel."""
    blurred: Array = ndimage.gaussian_filter(image, (sigma, sigma, 0), mode="nearest", truncate=4)
    return blurred


def line_blur(image: Array, radius: float, sigma: float, angle: float) -> Array:
    """Half a normal kernel along a line, as ImageMagick's MotionBlurImage; whole numbers (h, w, c).

    A pixel becomes the mean of 2 · radius + 1 pixels, those i steps from it at this angle (degrees,
    clockwise from the right) with weights exp(-i² / 2 σ²). Beyond the edge are the pixels at it.
    Source: GetMotionBlurKernel and MotionBlurImage in ImageMagick's MagickCore/effect.c.
    """
    height, width = image.shape[:2]
    steps = np.arange(2 * math.ceil(radius) + 1)
    weights = np.exp(-(steps**2) / (2 * sigma**2))
    down = np.ceil(steps * math.sin(math.radians(angle)) - 0.5).astype(np.int64)
    right = np.ceil(steps * math.cos(math.radians(angle)) - 0.5).astype(np.int64)
    rows = np.clip(np.arange(height) + down[:, None], 0, height - 1)
    columns = np.clip(np.arange(width) + right[:, None], 0, width - 1)
    along = image[rows[:, :, None], columns[:, None, :]]
    return np.rint(np.tensordot(weights / weights.sum(), along, axes=1))


def enlarge(image: Array, factor: float) -> Array:
    """The middle of an image, (h, w, c), enlarged to its size by linear interpolation."""
    height, width, _ = image.shape
    zoomed: Array = ndimage.zoom(
        image[_middle(height, math.ceil(height / factor)), :][
            :, _middle(width, math.ceil(width / factor))
        ],
        (factor, factor, 1),
        order=1,
    )
    return zoomed[_middle(zoomed.shape[0], height), :][:, _middle(zoomed.shape[1], width)]


def _middle(size: int, length: int) -> slice:
    start = (size - length) // 2
    return slice(start, start + length)

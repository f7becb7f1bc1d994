"""Signed distances to plane figures, for many pictures at once.

A figure is an array of distances, float32 (n, points): negative inside, positive outside, in the
units of the coordinates. ``Plane`` has the coordinates; y points up. Arguments of figures are
numbers or arrays (n, 1), one for each picture. Only sums, products, quotients, square roots and
comparisons are used, which every machine rounds alike, so that pictures are the same bytes
everywhere.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from c10h.records import Array

Number: TypeAlias = float | Array


@dataclass(frozen=True)
class Plane:
    """Where the points of each picture are in a figure's own coordinates: x, y, (n, points)."""

    x: Array
    y: Array

    def moved(self, x: Number, y: Number) -> Plane:
        """The plane with its origin at (x, y)."""
        return Plane(self.x - x, self.y - y)

    def turned(self, cosine: Number, sine: Number) -> Plane:
        """The plane turned to the left by the angle of this cosine and sine."""
        return Plane(self.x * cosine + self.y * sine, self.y * cosine - self.x * sine)

    def mirrored(self) -> Plane:
        """The right half twice: what is drawn there is drawn on the left, too."""
        return Plane(np.abs(self.x), self.y)

    def folded(self, axes: int) -> Plane:
        """The sector around one of several axes for all of them: x along it, y across, positive.

        The first axis points up.
        """
        along, across = self.y, self.x
        for number in range(1, axes):
            cosine, sine = _circle_point(number, axes)
            this, other = cosine * self.y + sine * self.x, cosine * self.x - sine * self.y
            nearer = this > along
            along, across = np.where(nearer, this, along), np.where(nearer, other, across)
        return Plane(along, np.abs(across))


def disc(plane: Plane, radius: Number) -> Array:
    """A disc around the origin."""
    return np.asarray(np.sqrt(plane.x * plane.x + plane.y * plane.y) - radius)


def oval(plane: Plane, width: Number, height: Number) -> Array:
    """An ellipse with these half axes; the distance is exact to first order at its edge."""
    x, y = plane.x / width, plane.y / height
    level = np.sqrt(x * x + y * y)
    slope = np.sqrt(x * x / (width * width) + y * y / (height * height))
    # Near the centre the slope vanishes, and the exact distance does not matter.
    near = -np.minimum(width, height, dtype=np.float32)
    return np.where(level > 0.1, level * (level - 1) / np.maximum(slope, 1e-6), near)


def box(plane: Plane, width: Number, height: Number, rounding: Number = 0.0) -> Array:
    """A rectangle with these half sides and rounded corners."""
    x = np.abs(plane.x) - width + rounding
    y = np.abs(plane.y) - height + rounding
    outside_x, outside_y = np.maximum(x, 0), np.maximum(y, 0)
    outside = np.sqrt(outside_x * outside_x + outside_y * outside_y)
    return np.asarray(outside + np.minimum(np.maximum(x, y), 0) - rounding)


def bar(plane: Plane, length: Number, radius: Number) -> Array:
    """A bar with round ends from the origin along x."""
    x = plane.x - np.minimum(np.maximum(plane.x, 0), length)
    return np.asarray(np.sqrt(x * x + plane.y * plane.y) - radius)


def tapered(plane: Plane, top: Number, bottom: Number, height: Number) -> Array:
    """A trapezoid of half widths ``top`` and ``bottom`` and half height ``height``.

    With a half width of 0 it is a triangle.
    """
    slope = (top - bottom) / (2 * height)
    middle = (top + bottom) / 2
    steep = np.sqrt(1 + slope * slope, dtype=np.float32)
    side = (np.abs(plane.x) - middle - slope * plane.y) / steep
    return np.maximum(side, np.abs(plane.y) - height)


def ring(figure: Array, thickness: Number) -> Array:
    """The outline of a figure."""
    return np.abs(figure) - thickness


def joined(first: Array, second: Array, smoothness: Number) -> Array:
    """Both figures, with the corner between them filled (a polynomial smooth minimum)."""
    near = np.minimum(np.maximum(0.5 + (second - first) / (2 * smoothness), 0), 1)
    return np.asarray(second + (first - second) * near - smoothness * near * (1 - near))


def _circle_point(number: int, count: int) -> tuple[float, float]:
    """Cosine and sine of a fraction of a circle, rounded: libraries differ in the last digit."""
    angle = 2 * math.pi * number / count
    return round(math.cos(angle), 7), round(math.sin(angle), 7)

"""How the ten categories of the embedded set are drawn, and how four pairs of them grade.

A category is drawn as layers, from the bottom to the top: a figure and the colour that it gets. Its
``grade`` runs from 0, the first category of its pair, to 1, the second: what is between is as much
like the one as like the other. Cup and bowl follow Labov (1973, The boundaries of words and their
meanings), who asked people to name drinking vessels that grew wider and wider.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np

from c10h.datasets.embedded.shapes import (
    Plane,
    bar,
    box,
    disc,
    joined,
    oval,
    ring,
    tapered,
)
from c10h.records import Array

# A figure, and the name of its colour: "body" and "mark" are each picture's own.
Layer: TypeAlias = tuple[Array, str]

NAMES = ("apple", "pear", "cup", "bowl", "star", "flower", "moon", "sun", "fish", "house")
# Each kind of drawing, and the categories at its two ends.
KINDS: Mapping[str, tuple[str, str]] = {
    "fruit": ("apple", "pear"),
    "vessel": ("cup", "bowl"),
    "blossom": ("star", "flower"),
    "orb": ("moon", "sun"),
    "fish": ("fish", "fish"),
    "house": ("house", "house"),
}


def between(grade: Array, first: float, second: float) -> Array:
    """A measure that goes from ``first`` at grade 0 to ``second`` at grade 1."""
    return first + (second - first) * grade


def fruit(plane: Plane, grade: Array) -> list[Layer]:
    """From a round apple with a dent to a pear with a neck."""
    cheeks = disc(plane.mirrored().moved(between(grade, 0.24, 0.06), -0.22), 0.56)
    top = between(grade, 0.05, 0.52)
    neck = disc(plane.moved(0.0, top - 0.12), between(grade, 0.36, 0.27))
    body = joined(cheeks, neck, between(grade, 0.05, 0.3))
    foot = plane.moved(0.0, top)
    stem = bar(foot.moved(0.0, between(grade, 0.12, 0.08)).turned(0.28, 0.96), 0.34, 0.06)
    leaf = oval(foot.moved(0.26, between(grade, 0.36, 0.34)).turned(0.94, 0.34), 0.24, 0.11)
    shine = oval(plane.moved(-0.34, -0.06).turned(0.8, -0.6), 0.1, 0.17)
    return [(stem, "dark"), (leaf, "leaf"), (body, "body"), (shine, "light")]


def vessel(plane: Plane, grade: Array) -> list[Layer]:
    """From a tall cup with a handle to a wide bowl without."""
    width, height = between(grade, 0.5, 0.98), between(grade, 0.64, 0.4)
    wall = tapered(plane, width, between(grade, 0.4, 0.46), height)
    rounded = oval(plane.moved(0.0, height), width * 1.04, height * 2.0)
    depth = between(grade, 0.0, 1.0)
    body = np.maximum(wall + (np.maximum(wall, rounded) - wall) * depth, plane.y - height)
    size = between(grade, 0.32, 0.1)
    handle = ring(oval(plane.moved(width + size * 0.35, 0.06), size, size * 1.1), 0.085)
    handle = handle + np.maximum(grade - 0.72, 0) * 2.0
    foot = box(plane.moved(0.0, -height), between(grade, 0.3, 0.36), 0.07)
    rim = oval(plane.moved(0.0, height), width, between(grade, 0.13, 0.17))
    inside = oval(plane.moved(0.0, height - 0.02), width * 0.84, between(grade, 0.08, 0.11))
    return [(handle, "body"), (foot, "body"), (body, "body"), (rim, "light"), (inside, "dark")]


def blossom(plane: Plane, grade: Array) -> list[Layer]:
    """From a five-pointed star to a flower with five round petals and an eye."""
    arm = plane.folded(5)
    # Along an arm of the star: a straight edge from its tip to the corner between two arms.
    edge = (arm.x - 0.98) * 0.45 + arm.y * 0.893
    petal = oval(arm.moved(0.56, 0.0), 0.42, 0.36)
    petals = joined(petal, disc(plane, 0.4), 0.06)
    body = edge + (petals - edge) * grade
    eye = disc(plane, between(grade, 0.02, 0.27)) + np.maximum(0.3 - grade, 0) * 0.5
    return [(body, "body"), (eye, "mark")]


def orb(plane: Plane, grade: Array) -> list[Layer]:
    """From a crescent moon to a sun with rays."""
    radius = between(grade, 0.84, 0.54)
    away = between(grade, 0.42, 1.5)
    shadow = disc(plane.moved(away, away * 0.42), between(grade, 0.72, 0.6))
    body = np.maximum(disc(plane, radius), -shadow)
    arm = plane.folded(8)
    ray = tapered(Plane(arm.y, arm.x - 0.8), 0.05, 0.12, 0.2)
    ray = ray + np.maximum(0.75 - grade, 0) * 0.42
    return [(ray, "body"), (body, "body")]


def fish(plane: Plane, grade: Array) -> list[Layer]:
    """A fish that looks to the left."""
    body = oval(plane.moved(-0.14, 0.0), 0.68, 0.42)
    tail = tapered(Plane(plane.y, plane.x - 0.64), 0.46, 0.06, 0.28)
    fin = tapered(plane.moved(-0.02, 0.42), 0.1, 0.34, 0.16)
    stripe = np.maximum(box(plane.moved(0.06, 0.0), 0.07, 0.6), body + 0.02)
    white, pupil = (disc(plane.moved(-0.5, 0.1), size) for size in (0.13, 0.065))
    return [
        (tail, "mark"),
        (fin, "mark"),
        (body, "body"),
        (stripe, "mark"),
        (white, "light"),
        (pupil, "dark"),
    ]


def house(plane: Plane, grade: Array) -> list[Layer]:
    """A house with a roof, a door and a window."""
    wall = box(plane.moved(0.0, -0.34), 0.6, 0.46)
    chimney = box(plane.moved(0.4, 0.52), 0.1, 0.28)
    roof = tapered(plane.moved(0.0, 0.42), 0.0, 0.86, 0.36)
    door = box(plane.moved(-0.26, -0.5), 0.15, 0.3)
    window = box(plane.moved(0.26, -0.28), 0.17, 0.17)
    return [
        (chimney, "mark"),
        (wall, "body"),
        (roof, "mark"),
        (door, "dark"),
        (window, "light"),
    ]


DRAW: Mapping[str, Callable[[Plane, Array], list[Layer]]] = {
    "fruit": fruit,
    "vessel": vessel,
    "blossom": blossom,
    "orb": orb,
    "fish": fish,
    "house": house,
}

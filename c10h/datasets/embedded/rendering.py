"""From drawings to pictures: place, colour, things around them, and what a camera does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from c10h.datasets.embedded.drawings import DRAW, Layer
from c10h.datasets.embedded.shapes import Plane, bar, box, disc
from c10h.records import Array

SIDE = 32
# Fixed colours of parts, red, green and blue in [0, 1].
FIXED = {"dark": (0.15, 0.12, 0.18), "light": (0.98, 0.96, 0.9), "leaf": (0.27, 0.6, 0.22)}


@dataclass(frozen=True)
class Palette:
    """Hues of the two colours of a drawing: middle and half width, in turns of the wheel."""

    body: tuple[float, float]
    mark: tuple[float, float]


# Both categories of a pair have one palette, so that colour never tells them apart.
PALETTES: Mapping[str, Palette] = {
    "fruit": Palette(body=(0.12, 0.16), mark=(0.3, 0.05)),
    "vessel": Palette(body=(0.58, 0.12), mark=(0.1, 0.1)),
    "blossom": Palette(body=(0.9, 0.13), mark=(0.15, 0.03)),
    "orb": Palette(body=(0.13, 0.04), mark=(0.1, 0.05)),
    "fish": Palette(body=(0.03, 0.06), mark=(0.55, 0.1)),
    "house": Palette(body=(0.1, 0.04), mark=(0.0, 0.05)),
}


@dataclass(frozen=True)
class Camera:
    """How the pictures of a set are taken.

    any_hue: share of pictures whose colours do not depend on what is drawn. things: most small
    things around a drawing. size: least and greatest width of a drawing, the picture's being 1.
    turn: sine of the largest turn. blur: share of a picture that is replaced by its average over
    3 x 3 pixels, twice. noise: standard deviation of each pixel, white being 1.
    """

    any_hue: float = 0.0
    things: int = 6
    size: tuple[float, float] = (0.58, 0.86)
    turn: float = 0.3
    blur: float = 0.0
    noise: float = 0.03


class Random:
    """Draws of numpy's legacy generator, which are frozen for ever (NEP 19), as float32."""

    def __init__(self, seed: int) -> None:
        self.source = np.random.RandomState(seed)

    def uniform(self, low: float, high: float, *shape: int) -> Array:
        """Uniform in [low, high)."""
        draws = low + (high - low) * self.source.random_sample(shape)
        return np.asarray(draws, dtype=np.float32)

    def bell(self, *shape: int) -> Array:
        """Bell-shaped with mean 0 and variance 1: the sum of four uniform draws.

        Unlike a normal draw it takes no logarithm, whose last digit machines disagree on.
        """
        draws = self.source.random_sample((4, *shape))
        return np.asarray((draws.sum(axis=0) - 2) * 3**0.5, dtype=np.float32)


def paint(kind: str, grade: Array, camera: Camera, random: Random) -> Array:
    """Pictures of one kind of drawing, float32 (n, SIDE, SIDE, 3) in [0, 1].

    grade: (n), from 0, the first category of the kind, to 1, the second.
    """
    size = len(grade)
    points = (np.arange(SIDE, dtype=np.float32) + 0.5) * (2 / SIDE) - 1
    x, y = np.meshgrid(points, -points)
    plane = Plane(*(np.broadcast_to(axis.reshape(1, -1), (size, SIDE**2)) for axis in (x, y)))
    hue = _hues(kind, size, camera, random)
    canvas = _background(plane, random)
    canvas = _scattered(canvas, plane, camera.things, random)
    scale = random.uniform(*camera.size, size, 1)
    room = (1 - scale) * 0.9
    sine = random.uniform(-camera.turn, camera.turn, size, 1)
    facing = np.where(random.uniform(0, 1, size, 1) < 0.5, -1, 1).astype(np.float32)
    place = plane.moved(*(random.uniform(-1, 1, size, 1) * room for _ in range(2)))
    turned = place.turned(np.sqrt(1 - sine * sine), sine)
    own = Plane(turned.x / scale * facing, turned.y / scale)
    for figure, colour in _outlined(DRAW[kind](own, grade[:, None].astype(np.float32))):
        canvas = _over(canvas, figure * scale, hue[colour])
    canvas = _scattered(canvas, plane, 1, random, smaller=0.6)
    return _taken(canvas.reshape(size, SIDE, SIDE, 3), camera, random)


def _outlined(layers: list[Layer]) -> list[Layer]:
    """The layers, each figure on a slightly larger dark one, all of which lie below."""
    edge = [(figure - 0.07, "edge") for figure, colour in layers if colour in ("body", "mark")]
    return [*edge, *layers]


def _over(canvas: Array, figure: Array, colour: Array) -> Array:
    """Paint a figure, with soft edges of one pixel. canvas: (n, points, 3); colour: (n, 3)."""
    covered = np.minimum(np.maximum(0.5 - figure * (SIDE / 2), 0), 1)[..., None]
    return np.asarray(canvas + (colour[:, None, :] - canvas) * covered)


def _hues(kind: str, size: int, camera: Camera, random: Random) -> dict[str, Array]:
    """Colours (n, 3) by the names that layers have."""
    palette = PALETTES[kind]
    by_name = {
        name: np.tile(np.array(rgb, dtype=np.float32), (size, 1)) for name, rgb in FIXED.items()
    }
    other = random.uniform(0, 1, size) < camera.any_hue
    for name, (middle, spread) in (("body", palette.body), ("mark", palette.mark)):
        hue = middle + spread * random.uniform(-1, 1, size)
        hue = np.where(other, random.uniform(0, 1, size), hue)
        bright = random.uniform(0.78, 0.98, size)
        by_name[name] = colours(hue, random.uniform(0.5, 0.85, size), bright)
    by_name["edge"] = by_name["body"] * 0.32
    return by_name


def _background(plane: Plane, random: Random) -> Array:
    """A soft gradient in any direction between two colours."""
    size = len(plane.x)
    hue = random.uniform(0, 1, size)
    ends = []
    for _ in range(2):
        turned = hue + random.uniform(-0.1, 0.1, size)
        pale = random.uniform(0.08, 0.4, size)
        ends.append(colours(turned, pale, random.uniform(0.45, 0.95, size)))
    first, second = ends
    across, up = (random.uniform(-0.35, 0.35, size, 1) for _ in range(2))
    share = np.minimum(np.maximum(0.5 + plane.x * across + plane.y * up, 0), 1)[..., None]
    return np.asarray(first[:, None, :] + (second - first)[:, None, :] * share)


def _scattered(
    canvas: Array, plane: Plane, most: int, random: Random, smaller: float = 1.0
) -> Array:
    """Up to ``most`` small discs, boxes and bars at any place, in any colour."""
    size = len(plane.x)
    for _ in range(most):
        place = plane.moved(random.uniform(-1, 1, size, 1), random.uniform(-1, 1, size, 1))
        sine = random.uniform(-1, 1, size, 1)
        place = place.turned(np.sqrt(1 - sine * sine), sine)
        large = random.uniform(0.06, 0.17, size, 1) * smaller
        figures = (disc(place, large), box(place, large, large), bar(place, 3 * large, large / 2))
        which = (random.uniform(0, 3, size, 1)).astype(np.int64)
        figure = np.where(which == 0, figures[0], np.where(which == 1, figures[1], figures[2]))
        there = random.uniform(0, 1, size, 1) < 0.6
        hue, bright = random.uniform(0, 1, size), random.uniform(0.35, 0.95, size)
        colour = colours(hue, random.uniform(0.2, 0.8, size), bright)
        canvas = _over(canvas, np.where(there, figure, 1), colour)
    return canvas


def _taken(pictures: Array, camera: Camera, random: Random) -> Array:
    for _ in range(2 if camera.blur else 0):
        pictures = pictures + camera.blur * (_averaged(pictures) - pictures)
    grain = random.bell(*pictures.shape[:3], 1) * 0.7 + random.bell(*pictures.shape) * 0.7
    return np.minimum(np.maximum(pictures + camera.noise * grain, 0), 1)


def _averaged(pictures: Array) -> Array:
    """Means of 3 x 3 pixels; the edge is repeated outside."""
    wide = np.pad(pictures, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    rows = wide[:, :-2] + wide[:, 1:-1] + wide[:, 2:]
    return np.asarray((rows[:, :, :-2] + rows[:, :, 1:-1] + rows[:, :, 2:]) / np.float32(9))


def colours(hue: Array, saturation: Array, brightness: Array) -> Array:
    """Red, green and blue in [0, 1], (n, 3), from hue (in turns), saturation and brightness."""
    turns = np.array([5, 3, 1], dtype=np.float32) + hue[:, None] * 6
    turns = turns - 6 * np.floor(turns / 6)
    ramp = np.minimum(np.maximum(np.minimum(turns, 4 - turns), 0), 1)
    return np.asarray(brightness[:, None] * (1 - saturation[:, None] * ramp))

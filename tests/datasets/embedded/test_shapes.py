"""Distances to figures, against brute force over the points of their edges."""

from __future__ import annotations

import colorsys
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import pytest
from scipy import ndimage

from c10h.datasets.embedded.rendering import SIDE, Camera, Random, _averaged, colours, paint
from c10h.datasets.embedded.shapes import Plane, bar, box, disc, joined, oval, ring, tapered
from c10h.records import Array

Figure: TypeAlias = Callable[[Plane], Array]

FIGURES: dict[str, Figure] = {
    "disc": lambda plane: disc(plane, 0.5),
    "oval": lambda plane: oval(plane, 0.7, 0.45),
    "box": lambda plane: box(plane, 0.6, 0.3),
    "rounded box": lambda plane: box(plane, 0.6, 0.4, 0.2),
    "bar": lambda plane: bar(plane.moved(-0.4, 0.0), 0.8, 0.15),
    "triangle": lambda plane: tapered(plane, 0.0, 0.6, 0.5),
    "trapezoid": lambda plane: tapered(plane, 0.7, 0.4, 0.5),
    "ring": lambda plane: ring(disc(plane, 0.5), 0.1),
}
# What an exact figure has inside, by its own definition.
INSIDE: dict[str, Callable[[Array, Array], Array]] = {
    "disc": lambda x, y: x**2 + y**2 < 0.25,
    "oval": lambda x, y: (x / 0.7) ** 2 + (y / 0.45) ** 2 < 1,
    "box": lambda x, y: (np.abs(x) < 0.6) & (np.abs(y) < 0.3),
    "rounded box": lambda x, y: (
        np.hypot(np.maximum(np.abs(x) - 0.4, 0), np.maximum(np.abs(y) - 0.2, 0)) < 0.2
    ),
    "bar": lambda x, y: np.hypot(np.maximum(np.abs(x) - 0.4, 0), y) < 0.15,
    "triangle": lambda x, y: (np.abs(y) < 0.5) & (np.abs(x) < 0.3 - 0.6 * y),
    "trapezoid": lambda x, y: (np.abs(y) < 0.5) & (np.abs(x) < 0.55 + 0.3 * y),
    "ring": lambda x, y: np.abs(np.hypot(x, y) - 0.5) < 0.1,
}


def grid(count: int = 201) -> tuple[Array, Array]:
    points = np.linspace(-1, 1, count)
    x, y = np.meshgrid(points, points)
    return x.reshape(1, -1), y.reshape(1, -1)


@pytest.mark.parametrize("name", FIGURES)
def test_the_inside_is_negative(name: str) -> None:
    x, y = grid()
    inside = INSIDE[name](x, y)
    found = FIGURES[name](Plane(x, y))
    certain = np.abs(found) > 1e-6
    np.testing.assert_array_equal((found < 0)[certain], inside[certain])


@pytest.mark.parametrize("name", FIGURES)
def test_the_distance_is_right_beside_the_edge(name: str) -> None:
    """Within two pixels of the edge, where it makes soft edges."""
    count = 401
    x, y = grid(count)
    inside = INSIDE[name](x, y).reshape(count, count)
    step = 2 / (count - 1)
    outward = ndimage.distance_transform_edt(~inside) - 0.5
    inward = ndimage.distance_transform_edt(inside) - 0.5
    exact = np.where(inside, -inward, outward).reshape(1, -1) * step
    found = FIGURES[name](Plane(x, y))
    near = np.abs(exact) < 2 * 2 / SIDE
    # Outside of sharp corners half planes come closer than the corner does, by up to 1 - 1/√2.
    assert np.quantile(np.abs(found - exact)[near], 0.9) < 2 * step
    assert (np.sign(found) == np.sign(exact))[near & (np.abs(exact) > step)].all()


def test_joined_figures() -> None:
    x, y = grid()
    plane = Plane(x, y)
    first, second = disc(plane.moved(-0.3, 0.0), 0.3), disc(plane.moved(0.3, 0.0), 0.3)
    both = joined(first, second, 0.2)
    assert (both <= np.minimum(first, second) + 1e-12).all()
    far = np.abs(first - second) >= 0.4
    np.testing.assert_allclose(both[far], np.minimum(first, second)[far])
    assert both[0, np.argmin(np.abs(x) + np.abs(y - 0.05))] < 0 < first[0, 0]


def test_folding_repeats_a_sector() -> None:
    random = np.random.default_rng(0)
    radius, angle = random.uniform(0, 1, (2, 1, 500)) * [[[1]], [[2 * np.pi]]]
    for axes in (5, 8):
        turned = angle + 2 * np.pi / axes * random.integers(0, axes, (1, 500))
        planes = [
            Plane(radius * np.sin(one), radius * np.cos(one)).folded(axes)
            for one in (angle, turned, -angle)
        ]
        for other in planes[1:]:
            np.testing.assert_allclose(other.x, planes[0].x, atol=1e-6)
            np.testing.assert_allclose(other.y, planes[0].y, atol=1e-6)
        folded = np.arctan2(planes[0].y, planes[0].x)
        assert (folded >= 0).all()
        assert folded.max() <= np.pi / axes + 1e-6


def test_a_turned_plane() -> None:
    plane = Plane(np.array([[1.0]]), np.array([[0.0]])).turned(0.0, 1.0)
    assert (plane.x.item(), plane.y.item()) == (0.0, -1.0)


def test_colours_are_those_of_hsv() -> None:
    random = np.random.default_rng(0)
    hue, saturation, brightness = random.uniform(0, 1, (3, 200))
    found = colours(hue + 3, saturation, brightness)  # whole turns do not matter
    expected = [colorsys.hsv_to_rgb(*one) for one in zip(hue, saturation, brightness, strict=True)]
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_the_blur_is_a_mean_of_nine_pixels() -> None:
    pictures = np.random.default_rng(0).uniform(0, 1, (2, 6, 7, 3))
    expected = ndimage.uniform_filter(pictures, (1, 3, 3, 1), mode="nearest")
    np.testing.assert_allclose(_averaged(pictures), expected)


def test_pictures_are_float32_in_range() -> None:
    for kind in ("fruit", "house"):
        pictures = paint(kind, np.linspace(0, 1, 5, dtype="f4"), Camera(noise=0.5), Random(0))
        assert pictures.shape == (5, SIDE, SIDE, 3)
        assert pictures.dtype == np.float32
        assert pictures.min() == 0.0
        assert pictures.max() == 1.0


def test_noise_has_the_told_deviation() -> None:
    bell = Random(0).bell(100_000)
    assert bell.mean() == pytest.approx(0, abs=0.01)
    assert bell.std() == pytest.approx(1, abs=0.01)
    plain = Camera(things=0, noise=0.0)
    quiet = paint("house", np.zeros(50, "f4"), plain, Random(1))
    noisy = paint("house", np.zeros(50, "f4"), Camera(things=0, noise=0.05), Random(1))
    middle = (quiet > 0.2) & (quiet < 0.8)  # where nothing is cut off
    assert (noisy - quiet)[middle].std() == pytest.approx(0.05, rel=0.05)

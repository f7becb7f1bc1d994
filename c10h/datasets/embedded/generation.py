"""The embedded sets: pictures, the p(y|x) from which their classes are drawn, and judgments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from c10h.datasets.embedded.drawings import KINDS, NAMES
from c10h.datasets.embedded.rendering import Camera, Random, paint
from c10h.datasets.embedded.simulated_annotators import Judgments, judge
from c10h.records import Array

# The width of the range of grades in which both categories of a pair are possible.
DOUBTFUL = 0.7
# The share of pictures that are drawn at any grade; the others are clear.
ANY_GRADE = 0.5
CLEAR = 0.1


@dataclass(frozen=True)
class SetSettings:
    """One set: how many pictures, how they are taken, how many people judge each."""

    size: int
    seed: int
    camera: Camera
    votes: int = 20


SETTINGS: Mapping[str, SetSettings] = {
    "synthetic": SetSettings(5000, 0, Camera()),
    "synthetic-far": SetSettings(
        2000, 1, Camera(any_hue=0.5, things=9, size=(0.52, 0.82), turn=0.4, blur=0.3, noise=0.06)
    ),
}


@dataclass(frozen=True)
class SyntheticSet:
    """n pictures: images uint8 (n, 32, 32, 3), truth int64 (n), probs float64 (n, 10).

    probs: the true p(y|x), from which truth was drawn. grade: (n), see KINDS. kind: (n), row in it.
    """

    images: Array
    truth: Array
    probs: Array
    grade: Array
    kind: Array
    judgments: Judgments


def make(recipe: SetSettings) -> SyntheticSet:
    """Make a set. The same recipe gives the same set on every machine."""
    random = Random(recipe.seed)
    kind = _kinds(recipe.size, random)
    grade = _grades(recipe.size, random)
    classes = [tuple(map(NAMES.index, ends)) for ends in KINDS.values()]
    ends = np.array(classes)[kind]
    probs = np.zeros((recipe.size, len(NAMES)))
    rows = np.arange(recipe.size)
    second = share_of_second(grade)
    np.add.at(probs, (rows, ends[:, 0]), 1 - second)
    np.add.at(probs, (rows, ends[:, 1]), second)
    drawn = random.source.random_sample(recipe.size) < second
    truth = np.where(drawn, ends[:, 1], ends[:, 0])
    images = np.empty((recipe.size, 32, 32, 3), np.uint8)
    for number, name in enumerate(KINDS):
        of_kind = np.flatnonzero(kind == number)
        pictures = paint(name, grade[of_kind].astype(np.float32), recipe.camera, random)
        images[of_kind] = np.floor(pictures * np.float32(255) + np.float32(0.5)).astype(np.uint8)
    judgments = judge(grade, ends, truth, share_of_second, recipe.votes, random)
    return SyntheticSet(images, truth, probs, grade, kind, judgments)


def share_of_second(grade: Array) -> Array:
    """The true probability, at each grade, of the second category of a pair.

    0 up to a grade of 0.15, 1 from 0.85, between them 6u⁵ - 15u⁴ + 10u³, a step with two smooth
    derivatives (Perlin 2002, Improving noise, equation 1).
    """
    u = np.minimum(np.maximum((grade - 0.5) / DOUBTFUL + 0.5, 0), 1)
    return np.asarray(u * u * u * (u * (u * 6 - 15) + 10))


def _kinds(size: int, random: Random) -> Array:
    """The kind of each picture: one of a pair twice as often, so that all categories are alike."""
    weights = np.array([len(set(ends)) for ends in KINDS.values()])
    counts = weights * size // weights.sum()
    counts[0] += size - counts.sum()
    return random.source.permutation(np.repeat(np.arange(len(weights)), counts))


def _grades(size: int, random: Random) -> Array:
    """Half of them anywhere, half of them near one of the ends."""
    anywhere = random.source.random_sample(size)
    near = CLEAR * random.source.random_sample(size)
    far_end = random.source.random_sample(size) < 0.5
    clear = np.where(far_end, 1 - near, near)
    return np.where(random.source.random_sample(size) < ANY_GRADE, anywhere, clear)

"""Networks, pictures and runs that are small enough to train in a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from c10h.images.hashes import item_hashes
from c10h.records import Array, Lineage
from c10h.run_folder import Run
from c10h.training.checkpoint import Checkpoint, load
from c10h.training.fold_training import Options, TrainingData
from c10h.training.folds import make_folds
from c10h.training.loop import Examples, Reports, Settings, Training
from c10h.training.recipes import RECIPES, Recipe

CLASSES = ("cat", "dog", "bird")
TINY = "training.small:Tiny"
RECIPE = replace(RECIPES["hysts"], batch_size=8, epochs=3, augment="standard", translate=1)


class Tiny(nn.Sequential):
    """A convolution, batch normalisation and a linear layer: pixels in, logits out."""

    def __init__(self, classes: int = 3) -> None:
        super().__init__(
            nn.Conv2d(3, 6, 3, padding=1),
            nn.BatchNorm2d(6),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(2),
            nn.Flatten(),
            nn.Linear(24, classes),
        )


class Hungry(Tiny):
    """A network for which memory does not suffice, in training, above three pictures."""

    def forward(self, pixels: Tensor) -> Tensor:
        if self.training and len(pixels) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        logits: Tensor = super().forward(pixels)
        return logits


def pictures(count: int = 20, size: int = 8, seed: int = 0) -> Array:
    """Different pictures, uint8 (count, size, size, 3)."""
    random = np.random.default_rng(seed)
    return random.integers(0, 256, (count, size, size, 3), dtype=np.uint8)


def people(count: int = 20, classes: int = 3, seed: int = 0) -> Array:
    """Soft labels whose most frequent class goes round, float64 (count, classes)."""
    shares = np.random.default_rng(seed).dirichlet(np.ones(classes), count)
    return np.asarray(0.4 * shares + 0.6 * np.eye(classes)[np.arange(count) % classes])


def examples(count: int = 20, size: int = 8, classes: int = 3) -> Examples:
    return Examples(
        torch.from_numpy(pictures(count, size)),
        torch.from_numpy(people(count, classes)).float(),
        torch.arange(count) % classes,
    )


def settings(recipe: Recipe = RECIPE, **more: Any) -> Settings:
    return Settings(recipe, **{"seed": 3, "fold": 0, **more})


def new_state() -> Checkpoint:
    return Checkpoint({}, torch.zeros(0, dtype=torch.int64))


def train(
    how: Settings,
    data: Examples | None = None,
    make: Callable[[], nn.Module] = Tiny,
    path: Path | None = None,
    reports: Reports | None = None,
    minutes: float | None = None,
) -> Checkpoint:
    """Train a new network, or go on where the file is. May raise StoppedError."""
    torch.manual_seed(5)
    network = make()
    state = load(path) if path is not None and path.is_file() else new_state()
    training = Training(network, data or examples(), how, state, path, minutes)
    return training.run(reports or Reports())


def same(first: Any, second: Any) -> bool:
    """Whether states are equal to the bit."""
    if isinstance(first, Tensor):
        return torch.equal(first, second) and first.dtype == second.dtype
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(same(first[key], second[key]) for key in first)
    if isinstance(first, list | tuple):
        return len(first) == len(second) and all(map(same, first, second))
    return bool(first == second)


def training_data(count: int = 30, size: int = 8, seed: int = 0) -> TrainingData:
    images = pictures(count, size, seed)
    truth = np.arange(count) % 3
    return TrainingData(images, people(count), truth, item_hashes(images), CLASSES)


def run_of(folder: Path, data: TrainingData, folds: int | None = 3, seed: int = 0) -> Run:
    """A run in a new folder."""
    folder.mkdir(exist_ok=True)
    return Run(
        folder=folder,
        architecture=TINY,
        classes=data.classes,
        image_size=data.images.shape[1],
        folds=folds,
        split=None if folds is None else make_folds(data.items, data.strata, folds, seed),
        arguments={"seed": seed, "lr": [0.1]},
        lineage=Lineage(command="c10h train"),
    )


def options(**more: Any) -> Options:
    given = {"architecture": TINY, "recipe": replace(RECIPE, epochs=2), "rates": (0.1,)}
    return Options(**{**given, **more})


def silent(what: str, pictures: int) -> Reports:
    return Reports()


def batches(rows: Array, size: int) -> Iterator[Array]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]

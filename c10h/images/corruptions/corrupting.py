"""One corruption of many images, the same for an image wherever it stands."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np

from c10h.images.corruptions.table import CORRUPTIONS
from c10h.records import Array, Images, View

# Sums that should be whole numbers may end so far below them, on some machines and not on others.
ROUNDING = 1e-6


def corrupted(images: Images, kind: str, severity: int, seed: int) -> View:
    """The pixels of images after a corruption, uint8 (n, h, w, 3), computed when they are read.

    kind: a name in CORRUPTIONS. severity: 1 to 5. What is random depends on these, the seed and the
    item: its id or, where there are no ids, its row.
    """
    row = CORRUPTIONS[kind]
    constants = row.constants[severity - 1]
    size = images.images.shape[0]
    items = [*range(size)] if images.ids is None else images.ids.tolist()

    def read(key: slice) -> Array:
        pixels = images.images[key]
        result = np.empty_like(pixels)
        for number, item in enumerate(items[key]):
            random = generator(f"{seed} {kind} {severity} {item}")
            result[number] = as_bytes(row.corrupt, pixels[number], random, constants)
        return result

    return View(images.images.shape, np.dtype(np.uint8), read)


def as_bytes(
    corrupt: Callable[..., Array], pixels: Array, random: np.random.Generator, constants: Any
) -> Array:
    """An image after a corruption, uint8 (h, w, 3): values are rounded down, as in CIFAR-10-C."""
    return np.clip(corrupt(pixels, random, *constants) + ROUNDING, 0, 255).astype(np.uint8)


def generator(text: str) -> np.random.Generator:
    """Random numbers that depend on a text alone."""
    return np.random.default_rng(int.from_bytes(hashlib.sha256(text.encode()).digest()))

"""Logits of one or more networks over many images, computed as they are read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from c10h.errors import InputError, counted
from c10h.formats.lazy_rows import log_mean_softmax
from c10h.records import Array, Predictions, Rows
from c10h.training.inference import predict

# Images in memory at once.
BLOCK = 4096


@dataclass(frozen=True)
class Machine:
    """Where and how networks compute. advance: called with images as they are done."""

    device: torch.device
    precision: str
    batch: int
    advance: Callable[[int], None]

    def logits(self, network: nn.Module, images: Array) -> Array:
        """Logits, float32 (n, c), of images uint8 (n, h, w, 3). Raises InputError for NaN."""
        logits = predict(network, images, self.device, self.precision, self.batch)
        if not np.isfinite(logits).all():
            count = int((~np.isfinite(logits).all(axis=1)).sum())
            raise InputError(
                f"a network has no finite logits for {counted(count, 'image')} of {len(images):,}: "
                f"its training diverged, or its numbers are too large for {self.precision}"
            )
        return logits


@dataclass(frozen=True)
class MemberRows:
    """Logits of m networks, float32 (m, n, c), each by itself."""

    networks: Sequence[nn.Module]
    images: Rows
    classes: int
    machine: Machine

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.networks), self.images.shape[0], self.classes)

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(np.float32)

    def __getitem__(self, key: Any, /) -> Array:
        member, items = key
        return _by_blocks(self.images, items, self.classes, self.machine, self._answer(member))

    def network_numbers(self) -> list[Array]:
        """For each member, the networks that answer for each image together, int (r, n)."""
        return [np.full((1, self.shape[1]), number) for number in range(len(self.networks))]

    def _answer(self, member: int) -> Callable[[Array, slice], Array]:
        return lambda images, rows: self.machine.logits(self.networks[member], images)


@dataclass(frozen=True)
class CommonRows:
    """One answer of several networks for each image, float32 (1, n, c).

    It is the logarithm of the mean of their softmax. network_of: int (r, n), for each of r runs the
    network that answers for an image, or None: all of them answer for all.
    """

    networks: Sequence[nn.Module]
    images: Rows
    classes: int
    machine: Machine
    network_of: Array | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        return (1, self.images.shape[0], self.classes)

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(np.float32)

    def __getitem__(self, key: Any, /) -> Array:
        _, items = key
        return _by_blocks(self.images, items, self.classes, self.machine, self._answer)

    def network_numbers(self) -> list[Array]:
        """For the one member, the networks that answer for each image together, int (r, n)."""
        if self.network_of is not None:
            return [self.network_of]
        return [np.repeat(np.arange(len(self.networks))[:, None], self.shape[1], axis=1)]

    def _answer(self, images: Array, rows: slice) -> Array:
        if self.network_of is None:
            return log_mean_softmax(
                [self.machine.logits(network, images) for network in self.networks]
            )
        answers = []
        for numbers in self.network_of[:, rows]:
            logits = np.empty((len(images), self.classes), dtype=np.float32)
            for number in np.unique(numbers):
                its_rows = numbers == number
                logits[its_rows] = self.machine.logits(self.networks[number], images[its_rows])
            answers.append(logits)
        return log_mean_softmax(answers)


def lazy_logits(predictions: Predictions) -> MemberRows | CommonRows:
    """The logits of predictions that are computed as they are read; others are a TypeError."""
    if not isinstance(predictions.logits, MemberRows | CommonRows):
        raise TypeError(f"expected logits of networks, found {type(predictions.logits).__name__}")
    return predictions.logits


def _by_blocks(
    images: Rows,
    items: slice,
    classes: int,
    machine: Machine,
    answer: Callable[[Array, slice], Array],
) -> Array:
    start, stop, _ = items.indices(images.shape[0])
    logits = np.empty((stop - start, classes), dtype=np.float32)
    for first in range(start, stop, BLOCK):
        rows = slice(first, min(first + BLOCK, stop))
        logits[rows.start - start : rows.stop - start] = answer(np.asarray(images[rows]), rows)
        machine.advance(rows.stop - rows.start)
    return logits

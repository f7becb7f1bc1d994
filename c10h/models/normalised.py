"""A network with the normalisation of its input as a part of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from c10h.errors import InputError
from c10h.formats.lazy_rows import SMALLEST


class NeedsImages(nn.Module, ABC):
    """A network that sets some of its weights from training images before its first step.

    wanted_images: how many of them it looks at.
    """

    wanted_images: int

    @abstractmethod
    def prepare(self, images: Tensor) -> None:
        """Set the weights, from normalised images (n, 3, h, w)."""


class Normalised(nn.Module):
    """A network of normalised images that takes pixels in [0, 1].

    network: takes (n, 3, h, w), gives logits (n, classes). mean, std: of each channel's pixels in
    [0, 1]; they are in the state dict as (3, 1, 1). probs: the network gives probabilities, and
    their logarithm is taken for logits. channels_last: whether images go into the network in this
    order in memory, as far as they come in it (see :mod:`.placing`).
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        network: nn.Module,
        mean: Sequence[float],
        std: Sequence[float],
        *,
        probs: bool = False,
    ) -> None:
        super().__init__()
        self.network = network
        self.probs = probs
        self.channels_last = True
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32).view(3, 1, 1))
        self.register_buffer("std", torch.tensor(std, dtype=torch.float32).view(3, 1, 1))

    def describe(self) -> str:
        """What it does to pixels first, for people."""
        mean, std = (
            ", ".join(f"{value:.4g}" for value in statistics.flatten().tolist())
            for statistics in (self.mean, self.std)
        )
        is_plain = not self.mean.any() and bool((self.std == 1).all())
        return "takes pixels in [0, 1]" + ("" if is_plain else f" less {mean}, divided by {std}")

    def normalise(self, pixels: Tensor) -> Tensor:
        """(pixels - mean) / std, of pixels in [0, 1], floating, (n, 3, h, w)."""
        if not pixels.is_floating_point():
            raise TypeError(f"expected pixels in [0, 1], floating, found {pixels.dtype}")
        normalised = (pixels - self.mean) / self.std
        return normalised if self.channels_last else normalised.contiguous()

    def forward(self, pixels: Tensor) -> Tensor:
        """Logits (n, classes) of pixels in [0, 1], floating, (n, 3, h, w)."""
        returned = self.returned(pixels)
        if not self.probs:
            return returned
        return returned.float().clamp(min=SMALLEST).log()

    def returned(self, pixels: Tensor) -> Tensor:
        """What the network itself returns of the same: logits or probabilities, (n, classes)."""
        returned = self.network(self.normalise(pixels))
        if not isinstance(returned, Tensor):
            raise InputError(f"expected logits from the network, found {type(returned).__name__}")
        return returned

    @torch.no_grad()
    def prepare(self, pixels: Tensor) -> None:
        """Let a network that needs training images see them: pixels in [0, 1], (n, 3, h, w)."""
        if isinstance(self.network, NeedsImages):
            self.network.prepare(self.normalise(pixels[: self.network.wanted_images]))

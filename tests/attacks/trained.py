"""Networks to attack: a trained one, linear ones, and one number in, margin out."""

from __future__ import annotations

import functools
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from c10h.attacks.budget import Budget
from c10h.attacks.norm_balls import size

CLASSES, SIDE = 5, 10


def blobs(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Noisy pictures of five blurs, (count, 3, 10, 10), and which each is."""
    random = torch.Generator().manual_seed(seed)
    blurs = torch.rand(CLASSES, 3, 4, 4, generator=torch.Generator().manual_seed(99))
    blurs = functional.interpolate(blurs, size=(SIDE, SIDE), mode="bilinear")
    truth = torch.randint(CLASSES, (count,), generator=random)
    noise = torch.randn(count, 3, SIDE, SIDE, generator=random)
    return (0.35 + 0.3 * blurs[truth] + 0.15 * noise).clamp(0, 1), truth


@functools.cache
def trained() -> nn.Module:
    """A small convolutional network that knows blobs."""
    torch.manual_seed(0)
    network = nn.Sequential(
        *(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU()),
        *(nn.Conv2d(8, 8, 3, 2, 1), nn.ReLU(), nn.Flatten()),
        *(nn.Linear(8 * (SIDE // 2) ** 2, 32), nn.ReLU(), nn.Linear(32, CLASSES)),
    )
    pixels, truth = blobs(600, 0)
    optimizer = torch.optim.Adam(network.parameters(), 3e-3)
    for _ in range(8):
        for rows in torch.arange(len(pixels)).split(50):
            optimizer.zero_grad()
            functional.cross_entropy(network(pixels[rows]), truth[rows]).backward()
            optimizer.step()
    return network.eval().requires_grad_(False)


class Linear(nn.Module):
    """Logits that are linear in pixels."""

    def __init__(self, classes: int, side: int) -> None:
        super().__init__()
        self.layer = nn.Linear(3 * side**2, classes)

    @property
    def weight(self) -> Tensor:
        """One row a class."""
        return self.layer.weight

    def forward(self, pixels: Tensor) -> Tensor:
        logits: Tensor = self.layer(pixels.flatten(1))
        return logits


def linear(classes: int, side: int, seed: int = 0) -> Linear:
    """A linear network, frozen."""
    torch.manual_seed(seed)
    return Linear(classes, side).requires_grad_(False)


class Calls:
    """A network that keeps what it was called with."""

    def __init__(self, network: Callable[[Tensor], Tensor]) -> None:
        self.network = network
        self.pixels: list[Tensor] = []

    def __call__(self, pixels: Tensor) -> Tensor:
        self.pixels.append(pixels.detach().clone())
        return self.network(pixels)


def of_brightness(margin: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """Two logits, of which the first is 0 and the second a function of the mean pixel, (n)."""

    def network(pixels: Tensor) -> Tensor:
        value = margin(pixels.mean(dim=(1, 2, 3)))
        return torch.stack([torch.zeros_like(value), value], dim=1)

    return network


def correct(network: Callable[[Tensor], Tensor], pixels: Tensor, truth: Tensor | None) -> int:
    """How many are right."""
    assert truth is not None
    return int((network(pixels).argmax(dim=1) == truth).sum())


def assert_within(perturbed: Tensor, pixels: Tensor, budget: Budget) -> None:
    assert float(size(perturbed - pixels, budget.norm).max()) <= budget.epsilon * (1 + 1e-5)
    assert float(perturbed.min()) >= 0
    assert float(perturbed.max()) <= 1
    assert not perturbed.requires_grad

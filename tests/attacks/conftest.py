"""A small network that is trained on the embedded set, and pictures that it did not see."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from c10h import h5
from c10h.attacks.attacked_network import freeze
from c10h.datasets.cache import open_input
from c10h.records import Images

TRAINED, PICTURES = 1500, 120

Examples: TypeAlias = tuple[Tensor, Tensor]


@pytest.fixture(scope="session")
def embedded(cache: Path) -> Examples:
    """Pixels in [0, 1], (n, 3, 32, 32), and true classes of a part of the embedded set."""
    record = h5.read(open_input("synthetic", "images"))
    assert isinstance(record, Images)
    assert record.truth is not None
    images = np.asarray(record.images[0 : TRAINED + PICTURES])
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
    return pixels, torch.from_numpy(record.truth[: len(images)])


@pytest.fixture(scope="session")
def pictures(embedded: Examples) -> Examples:
    """Those that the trained network did not see."""
    return embedded[0][TRAINED:], embedded[1][TRAINED:]


@pytest.fixture(scope="session")
def cnn(embedded: Examples) -> nn.Module:
    """A convolutional network that is trained on the others, frozen. Not to be changed."""
    return trained(embedded, seed=0)


@pytest.fixture(scope="session")
def other_cnn(embedded: Examples) -> nn.Module:
    """The same from other random numbers."""
    return trained(embedded, seed=1)


def trained(examples: Examples, seed: int) -> nn.Module:
    pixels, truth = (values[:TRAINED] for values in examples)
    torch.manual_seed(seed)
    network = nn.Sequential(
        *(nn.Conv2d(3, 16, 3, stride=2, padding=1), nn.ReLU()),
        *(nn.Conv2d(16, 32, 3, stride=2, padding=1), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten()),
        nn.Linear(32 * 4 * 4, 10),
    )
    optimizer = torch.optim.Adam(network.parameters(), 4e-3)
    for _ in range(5):
        for rows in torch.randperm(TRAINED).split(50):
            optimizer.zero_grad()
            functional.cross_entropy(network(pixels[rows]), truth[rows]).backward()
            optimizer.step()
    optimizer.zero_grad()
    return freeze(network, torch.device("cpu"))


@pytest.fixture(scope="session")
def foolbox() -> Any:
    """The package foolbox, whose import warns of what is no matter here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("foolbox")

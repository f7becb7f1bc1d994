"""Networks of torchvision and of a user's own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import torchvision

from c10h.errors import InputError
from c10h.models import build

from .networks import copy_in_order, pictures

NETWORKS = """
import torch
from torch import nn

def by_classes(classes):
    return nn.Sequential(nn.Flatten(), nn.LazyLinear(classes))

def by_num_classes(num_classes=1000, width=4):
    return by_classes(num_classes)

def by_anything(**settings):
    return by_classes(settings["num_classes"])

def by_nothing():
    return by_classes(10)

def by_size(classes, image_size):
    return nn.Sequential(nn.Flatten(), nn.Linear(3 * image_size * image_size, classes))

class Network(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(classes))

    def forward(self, pixels):
        return pixels.mean(dim=(1, 2, 3))[:, None] * self.scale

def no_network(classes):
    return classes

def two_outputs(classes):
    class Two(nn.Linear):
        def forward(self, pixels):
            return pixels, pixels
    return Two(1, 1)

def failing(classes):
    raise ValueError("nothing here\\nand more")

number = 3
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder, with a module of networks in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path])
    before = set(sys.modules)
    (tmp_path / "my_nets.py").write_text(NETWORKS)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.startswith("my_"):
            del sys.modules[name]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    "callable_", ["by_classes", "by_num_classes", "by_anything", "by_size", "Network"]
)
def test_a_callable_is_told_the_classes(callable_: str) -> None:
    model = build(f"my_nets:{callable_}", 7, 12)
    assert model.training
    assert model(pictures(2, 12)).shape == (2, 7)


@pytest.mark.usefixtures("folder")
def test_a_callable_without_arguments_has_its_own_number_of_classes() -> None:
    assert build("my_nets:by_nothing")(pictures(2, 32)).shape == (2, 10)
    with pytest.raises(InputError, match=r"expected logits \(2, 3\) of 2 images, found \(2, 10\)"):
        build("my_nets:by_nothing", 3)


@pytest.mark.usefixtures("folder")
def test_a_users_own_network_gets_pixels_unless_told_otherwise() -> None:
    pixels = pictures(2, 8)
    expected = pixels.mean(dim=(1, 2, 3))[:, None].expand(2, 4)
    torch.testing.assert_close(build("my_nets:Network", 4)(pixels), expected)
    normalised = build("my_nets:Network", 4, mean=(0.5,) * 3, std=(0.25,) * 3)(pixels)
    torch.testing.assert_close(normalised, (expected - 0.5) / 0.25)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("my_networks:make", "no module my_networks in the current folder or among"),
        ("my_nets.inner:make", "no module my_nets.inner in the current folder"),
        ("my_nets:make", "my_nets has no callable 'make'"),
        ("my_nets:number", "my_nets has no callable 'number'"),
        ("my_nets:no_network", "expected a torch.nn.Module, found int"),
        ("my_nets:two_outputs", "expected logits from the network, found tuple"),
        ("my_nets:failing", "failed: ValueError: nothing here"),
        ("my_broken:make", "importing my_broken failed: SyntaxError"),
        ("my_needing:make", "importing my_needing failed: No module named 'my_absent'"),
        (":make", "expected package.module:callable"),
        ("my_nets:", "expected package.module:callable"),
    ],
)
def test_what_is_no_network_is_one_line(folder: Path, name: str, said: str) -> None:
    (folder / "my_broken.py").write_text("def make(:\n")
    (folder / "my_needing.py").write_text("import my_absent\n")
    with pytest.raises(InputError) as caught:
        build(name, 10, 8)
    assert said in str(caught.value)
    assert str(caught.value).startswith(f"{name}: ")
    assert "\n" not in str(caught.value)


def test_a_file_in_the_current_folder_hides_no_installed_package(folder: Path) -> None:
    (folder / "colorsys.py").write_text("raise SystemExit")
    sys.modules.pop("colorsys", None)
    with pytest.raises(InputError, match="colorsys has no callable 'make'"):
        build("colorsys:make")


def test_a_torchvision_network_is_torchvisions() -> None:
    model = build("torchvision:resnet18", 10)
    oracle = torchvision.models.resnet18(weights=None, num_classes=10)
    copy_in_order(model.network, oracle)
    pixels = pictures(2, 32)
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    normalised = (pixels - mean.view(3, 1, 1)) / std.view(3, 1, 1)
    torch.testing.assert_close(model.eval()(pixels), oracle.eval()(normalised))


def test_a_name_that_torchvision_lacks() -> None:
    with pytest.raises(
        InputError, match=r"expected a network of torchvision's, such as .*resnet18"
    ):
        build("torchvision:resnet19")


def test_a_size_that_a_torchvision_network_cannot_take() -> None:
    with pytest.raises(InputError, match="cannot take images of 16 x 16 pixels: RuntimeError: "):
        build("torchvision:squeezenet1_1", 10, 16)
    with pytest.raises(InputError, match="cannot take images of 32 x 32 pixels: AssertionError: "):
        build("torchvision:vit_b_32", 10, 32)

"""Networks of torchvision and of a user's own."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
import torchvision
from timm.data.config import resolve_model_data_config
from timm.data.transforms_factory import create_transform

from c10h.errors import InputError
from c10h.models import external_networks
from c10h.models.building import build

from .networks import copy_in_order, pictures

NETWORKS = """
import timm
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

class Softmax(Network):
    def forward(self, pixels):
        return (1e3 * super().forward(pixels)).softmax(dim=1)

class OnlyInEvaluation(Network):
    def forward(self, pixels):
        logits = super().forward(pixels)
        return logits if self.training else logits.softmax(dim=1)

def shares(classes):
    network = Softmax(classes)
    network.scale.data = torch.arange(float(classes))
    return network

def log_shares(classes):
    return nn.Sequential(Network(classes), nn.LogSoftmax(dim=1))

def gates(classes):
    return nn.Sequential(Network(classes), nn.Sigmoid())

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
class TestProbabilities:
    def test_they_are_no_logits(self) -> None:
        for name in ("my_nets:shares", "my_nets:OnlyInEvaluation"):
            says = f"{name}: expected logits, found probabilities .* before the softmax; --probs"
            with pytest.raises(InputError, match=says):
                build(name, 3, 8)

    @pytest.mark.parametrize("name", ["my_nets:log_shares", "my_nets:gates", "my_nets:Network"])
    def test_other_numbers_are(self, name: str) -> None:
        build(name, 3, 8)
        with pytest.raises(InputError, match=f"{name}: --probs: expected probabilities"):
            build(name, 3, 8, probs=True)

    def test_their_logarithm_is_clipped_at_the_smallest_normal_float32(self) -> None:
        pixels = torch.tensor([0.0, 0.001, 1.0])[:, None, None, None].expand(3, 3, 2, 2)
        model = build("my_nets:shares", 3, 2, probs=True).eval()
        logits = (1e3 * pixels[:, 0, 0, 0, None] * torch.arange(3.0)).double()
        smallest = math.log(torch.finfo(torch.float32).tiny)
        expected = logits.log_softmax(dim=1).clamp(min=smallest).float()
        assert expected[2, 0] == pytest.approx(smallest)
        torch.testing.assert_close(model(pixels), expected)

    def test_the_weights_have_the_same_names(self) -> None:
        names = build("my_nets:Network", 3, 8).state_dict().keys()
        assert build("my_nets:shares", 3, 8, probs=True).state_dict().keys() == names

    def test_in_training_they_may_be_logits(self) -> None:
        model = build("my_nets:OnlyInEvaluation", 3, 8, probs=True)
        with pytest.raises(InputError, match=r"--probs: .* found values from .* in training$"):
            external_networks.check("my_nets:OnlyInEvaluation", model, 3, (8, 8), in_training=True)

    def test_networks_with_a_name_return_logits(self) -> None:
        with pytest.raises(InputError, match="--probs applies only to a network of your own; vgg"):
            build("vgg_10_BN_16", 10, 32, probs=True)

    def test_to_try_a_network_draws_no_random_numbers(self) -> None:
        torch.manual_seed(3)
        expected = torch.rand(1)
        torch.manual_seed(3)
        build("my_nets:Network", 3, 8)
        assert torch.equal(torch.rand(1), expected)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("my_networks:make", "no module my_networks in the current folder or among"),
        ("my_net.py:make", "in the current folder or among the installed packages (my_net:make?)"),
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
    assert model.describe() == (
        "takes pixels in [0, 1] less 0.485, 0.456, 0.406, divided by 0.229, 0.224, 0.225"
    )


@pytest.mark.parametrize("name", ["resnet18", "vit_tiny_patch16_224"])
def test_a_network_of_timm_is_timms(name: str) -> None:
    model = build(f"timm:{name}", 10, 32)
    size: dict[str, Any] = {"img_size": 32} if name.startswith("vit") else {}
    oracle = timm.create_model(name, num_classes=10, **size)
    copy_in_order(model.network, oracle)
    transform = create_transform(**resolve_model_data_config(oracle))
    normalise = next(step for step in transform.transforms if "Normalize" in repr(step))
    pixels = pictures(2, 32)
    torch.testing.assert_close(model.eval()(pixels), oracle.eval()(normalise(pixels)))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("resnet19", "unknown network from timm 'resnet19': did you mean resnet1"),
        ("vit_tiny_patch16_224", "timm:vit_tiny_patch16_224: "),
        ("resnet18.nonsense", "timm:resnet18.nonsense: failed: .*nonsense"),
    ],
)
def test_networks_that_timm_lacks_or_cannot_make(name: str, says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        build(f"timm:{name}", 10, 8)
    assert "\n" not in str(caught.value)


def test_timm_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(InputError, match=r"timm:resnet18 needs timm: pip install 'c10h\[timm\]'"):
        build("timm:resnet18")


def test_a_name_that_torchvision_lacks() -> None:
    with pytest.raises(
        InputError, match=r"unknown network from torchvision 'resnet19': did you mean resnet1"
    ):
        build("torchvision:resnet19")


def test_a_size_that_a_torchvision_network_cannot_take() -> None:
    with pytest.raises(InputError, match="cannot take images of 16 x 16 pixels: RuntimeError: "):
        build("torchvision:squeezenet1_1", 10, 16)
    with pytest.raises(InputError, match="cannot take images of 32 x 32 pixels: AssertionError: "):
        build("torchvision:vit_b_32", 10, 32)

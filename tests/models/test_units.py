"""Units compute what torchvision's, or the formula, do."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import densenet as torchvision_densenet
from torchvision.models import resnet as torchvision_resnet
from torchvision.models import vgg as torchvision_vgg

from c10h.models import densenet, pyramidnet, resnet, resnet_preact, resnext, vgg
from c10h.models.building import build

from .networks import copy_in_order, count_parameters


def features(channels: int, size: int = 6) -> Tensor:
    return torch.randn(3, channels, size, size)


def downsampling(inputs: int, outputs: int, stride: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))


@pytest.mark.parametrize(("inputs", "stride"), [(8, 1), (4, 2)])
def test_a_basic_unit_is_torchvisions(inputs: int, stride: int) -> None:
    shortcut = downsampling(inputs, 8, stride) if stride == 2 else None
    oracle = torchvision_resnet.BasicBlock(inputs, 8, stride, shortcut)
    unit = resnet.basic(inputs, 8, stride)
    copy_in_order(unit, oracle)
    batch = features(inputs)
    torch.testing.assert_close(unit(batch), oracle(batch))


@pytest.mark.parametrize(("inputs", "stride", "groups"), [(16, 1, 1), (8, 2, 1), (8, 2, 2)])
def test_a_bottleneck_is_torchvisions(inputs: int, stride: int, groups: int) -> None:
    shortcut = downsampling(inputs, 16, stride) if stride == 2 else None
    oracle = torchvision_resnet.Bottleneck(inputs, 4, stride, shortcut, groups, base_width=32)
    inner = oracle.conv1.out_channels
    unit = resnet.bottleneck_of(inputs, 16, stride, inner, groups)
    copy_in_order(unit, oracle)
    batch = features(inputs)
    torch.testing.assert_close(unit(batch), oracle(batch))


def test_the_groups_of_a_resnext_double_in_width() -> None:
    """64, 128 and 256 channels a group: Xie et al. 2017, section 5.3."""
    with torch.device("meta"):
        network = resnext.build(10, 29, 8, 64)
    grouped = [
        (layer.out_channels // layer.groups, layer.stride[0])
        for layer in network.modules()
        if isinstance(layer, nn.Conv2d) and layer.groups == 8
    ]
    assert [width for width, _ in grouped] == [64] * 3 + [128] * 3 + [256] * 3
    assert [stride for _, stride in grouped] == [1, 1, 1, 2, 1, 1, 2, 1, 1]


@pytest.mark.parametrize(("depth", "column"), [(10, "A"), (12, "B"), (15, "D"), (18, "E")])
def test_vggs_are_columns_of_table_1(depth: int, column: str) -> None:
    with torch.device("meta"):
        ours = vgg.build(10, depth, 64)[:-1]
        oracle = torchvision_vgg.make_layers(torchvision_vgg.cfgs[column], batch_norm=True)
    shapes = [[value.shape for value in one.state_dict().values()] for one in (ours, oracle)]
    assert shapes[0] == shapes[1]


def test_a_vgg_computes_what_torchvisions_does() -> None:
    ours = vgg.build(10, 10, 64)[:-1].eval()
    oracle = torchvision_vgg.make_layers(torchvision_vgg.cfgs["A"], batch_norm=True).eval()
    copy_in_order(ours, oracle)
    batch = features(3, 32)
    torch.testing.assert_close(ours(batch), oracle(batch))


def test_a_dense_unit_is_torchvisions() -> None:
    oracle = torchvision_densenet._DenseLayer(10, growth_rate=6, bn_size=4, drop_rate=0.0)
    unit = densenet._unit(10, 6)
    copy_in_order(unit, oracle)
    batch = features(10)
    torch.testing.assert_close(unit(batch), torch.cat([batch, oracle(batch)], dim=1))


def test_a_densenet_is_torchvisions_but_for_the_first_convolution() -> None:
    with torch.device("meta"):
        oracle = torchvision_densenet.DenseNet(12, (16, 16, 16), 24, num_classes=10)
        ours = build("densenet_BC_100_12")
    first = {"ours": 3 * 3 * 3 * 24, "theirs": 7 * 7 * 3 * 24 + 2 * 24}
    assert count_parameters(ours) - first["ours"] == count_parameters(oracle) - first["theirs"]


def test_a_unit_that_shares_its_activation_is_the_formula() -> None:
    unit = resnet_preact.shared_activation(resnet_preact.basic)(4, 8, 2).eval()
    state = list(unit.parameters())
    batch = features(4)
    scale = (1 + 1e-5) ** -0.5  # of running variance 1
    activated = functional.relu(batch * scale)
    branch = functional.conv2d(activated, state[2], stride=2, padding=1)
    branch = functional.conv2d(functional.relu(branch * scale), state[5], padding=1)
    torch.testing.assert_close(
        unit(batch), branch + functional.conv2d(activated, state[6], stride=2)
    )


def test_a_unit_of_its_own_activation_adds_to_its_raw_input() -> None:
    unit: Any = resnet_preact.own_activation(resnet_preact.basic)(4, 4, 1).eval()
    with torch.no_grad():
        unit.branch[-1][-1].weight.zero_()  # the last convolution
    batch = features(4)
    assert torch.equal(unit(batch), batch)


@pytest.mark.parametrize("size", [6, 7])
def test_a_padded_shortcut_averages_and_appends_zeros(size: int) -> None:
    batch = features(2, size)
    shortened = pyramidnet.PaddedShortcut(3, 2)(batch)
    half = (size + 1) // 2
    assert shortened.shape == (3, 5, half, half)
    torch.testing.assert_close(shortened[:, :2, 1, 0], batch[:, :, 2:4, 0:2].mean(dim=(2, 3)))
    assert not shortened[:, 2:].any()
    assert torch.equal(pyramidnet.PaddedShortcut(0, 1)(batch), batch)


@pytest.mark.parametrize("alpha", [84, 270])
def test_a_pyramids_units_widen_evenly_to_16_plus_alpha(alpha: int) -> None:
    with torch.device("meta"):
        network: Any = pyramidnet.build(10, "basic", 110, alpha)
    widths = [unit.branch[1].out_channels for unit in network if hasattr(unit, "branch")]
    assert len(widths) == 54
    assert widths[-1] == 16 + alpha
    steps = {after - before for before, after in pairwise(widths)}
    assert max(steps) - min(steps) <= 1

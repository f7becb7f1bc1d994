"""A small network of each family, and what is done with them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from c10h.models.architectures import ARCHITECTURES

SMALL = {
    "vgg": "vgg_10_BN_8",
    "resnet": "resnet_bottleneck_11_w8",
    "wrn": "wrn_10_1",
    "resnet_preact": "resnet_preact_basic_8_w8",
    "resnext": "resnext_11_2x4d",
    "densenet": "densenet_BC_16_8",
    "pyramidnet": "pyramidnet_bottleneck_11_12",
    "shake_shake": "shake_shake_8_2x9d_SSI",
    "airbench94": "airbench94_w8",
}
SIZES = {family: row.smallest for family, row in ARCHITECTURES.items()}


def pictures(count: int, height: int, width: int | None = None) -> Tensor:
    """Pixels in [0, 1], (count, 3, height, width)."""
    return torch.rand(count, 3, height, width or height)


def count_parameters(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def copy_in_order(source: nn.Module, target: nn.Module) -> None:
    """Give a network of the same layers, under other names, the weights of the first."""
    values, names = source.state_dict().values(), target.state_dict().keys()
    target.load_state_dict(dict(zip(names, values, strict=True)))

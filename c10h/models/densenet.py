"""DenseNet-BC: Huang, Liu, van der Maaten & Weinberger (2017), Densely connected convolutional
networks, CVPR, section 3.

Each unit appends ``growth`` channels to its input through a bottleneck of 4 growth channels; the
two transitions halve the channels (compression 0.5, rounded down) and the size. The first
convolution has 2 growth channels. No dropout, as with augmentation in the paper. Initial weights:
He et al. (2015).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from c10h.models.layers import convolution, head, initialise, units_per_stage
from c10h.models.resnet_preact import activation


class Appended(nn.Module):
    """x and branch(x), one after the other along the channels: equation 2."""

    def __init__(self, branch: nn.Module) -> None:
        super().__init__()
        self.branch = branch

    def forward(self, features: Tensor) -> Tensor:
        """Features with the branch's channels more."""
        return torch.cat([features, self.branch(features)], dim=1)


def build(classes: int, depth: int, growth: int) -> nn.Sequential:
    """The network. growth: channels that each unit adds."""
    count = units_per_stage(depth, 6, 4)
    channels = 2 * growth
    layers: list[nn.Module] = [convolution(3, channels)]
    for stage in range(3):
        if stage:
            layers.append(_transition(channels))
            channels //= 2
        layers += [_unit(channels + index * growth, growth) for index in range(count)]
        channels += count * growth
    return initialise(nn.Sequential(*layers, *activation(channels), head(channels, classes)))


def _unit(inputs: int, growth: int) -> nn.Module:
    return Appended(
        nn.Sequential(
            *activation(inputs),
            convolution(inputs, 4 * growth, 1),
            *activation(4 * growth),
            convolution(4 * growth, growth),
        )
    )


def _transition(channels: int) -> nn.Module:
    return nn.Sequential(
        *activation(channels), convolution(channels, channels // 2, 1), nn.AvgPool2d(2)
    )

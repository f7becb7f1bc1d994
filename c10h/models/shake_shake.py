"""Shake-Shake, S-S-I: Gastaldi (2017), Shake-Shake regularization, arXiv 1705.07485.

A unit adds two branches in random shares (equation 2): alpha and 1 - alpha in the forward pass,
beta and 1 - beta in the backward pass (Shake-Shake), drawn for each image (Image); equal shares in
evaluation. Where the width changes, the shortcut joins two 1 x 1 convolutions, one of the input
shifted by a pixel, so that a stride of 2 loses fewer pixels. As in the author's code
(xgastaldi/shake-shake), the first convolution has 16 channels and no ReLU, and one comes before
the last pooling. Initial weights: He et al. (2015).

Names with the suffix _2019 are pytorch_image_classification by hysts as it was in January 2019: its
first convolution has as many channels as the first stage, and a ReLU, and no ReLU comes before the
last pooling.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from c10h.models.layers import convolution, head, initialise, stages, units_per_stage
from c10h.models.resnet_preact import activation

STEM = 16


class Shaken(torch.autograd.Function):
    """alpha first + (1 - alpha) second, differentiated as if alpha were beta.

    first, second: features (n, channels, h, w). alpha, beta: (n, 1, 1, 1) in their dtype.
    """

    @staticmethod
    def forward(ctx: Any, first: Tensor, second: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
        """The mixture."""
        ctx.save_for_backward(beta)
        return torch.lerp(second, first, alpha)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None, None]:
        """Gradients for the two branches, none for the shares."""
        (gradient,), (beta,) = gradients, ctx.saved_tensors
        of_first = gradient * beta
        return of_first, gradient - of_first, None, None


def draw_shares(features: Tensor) -> tuple[Tensor, Tensor]:
    """alpha and beta of each image, uniform in [0, 1), (n, 1, 1, 1), from the device's generator.

    They are drawn in float32 whatever the features are in, which get them rounded.
    """
    shares = torch.rand(2, len(features), 1, 1, 1, device=features.device).to(features.dtype)
    return shares[0], shares[1]


class ShakeShake(nn.Module):
    """shortcut(x) + the two branches of relu(x), shaken in training."""

    def __init__(self, first: nn.Module, second: nn.Module, shortcut: nn.Module) -> None:
        super().__init__()
        self.first = first
        self.second = second
        self.shortcut = shortcut

    def forward(self, features: Tensor) -> Tensor:
        """Features of the branches' shape."""
        activated = functional.relu(features)
        first, second = self.first(activated), self.second(activated)
        if self.training:
            mixed: Tensor = Shaken.apply(first, second, *draw_shares(first))
        else:
            mixed = (first + second) / 2
        shortcut: Tensor = self.shortcut(features)
        return shortcut + mixed


class ShiftedShortcut(nn.Module):
    """Two 1 x 1 convolutions of relu(x), the second one's shifted a pixel up and left, joined."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.straight = convolution(inputs, outputs - outputs // 2, 1, stride)
        self.shifted = convolution(inputs, outputs // 2, 1, stride)
        self.normalisation = nn.BatchNorm2d(outputs)

    def forward(self, features: Tensor) -> Tensor:
        """Features (n, inputs, h, w) to (n, outputs, h / stride, w / stride), rounded up."""
        activated = functional.relu(features)
        moved = functional.pad(activated[:, :, 1:, 1:], (0, 1, 0, 1))
        joined = torch.cat([self.straight(activated), self.shifted(moved)], dim=1)
        normalised: Tensor = self.normalisation(joined)
        return normalised


def build(classes: int, depth: int, width: int, state: int | None = None) -> nn.Sequential:
    """The network. width: channels of the first stage. state: 2019, or None for the author's."""
    count = units_per_stage(depth, 6, 2)
    if state is not None:
        return _build_2019(classes, width, count)
    widths = (STEM, width, 2 * width, 4 * width)
    return initialise(
        nn.Sequential(
            convolution(3, STEM),
            nn.BatchNorm2d(STEM),
            *stages(_unit, _unit, widths, count),
            nn.ReLU(inplace=True),
            head(widths[-1], classes),
        )
    )


def _build_2019(classes: int, width: int, count: int) -> nn.Sequential:
    widths = (width, width, 2 * width, 4 * width)
    return initialise(
        nn.Sequential(
            convolution(3, width),
            *activation(width),
            *stages(_unit, _unit, widths, count),
            head(widths[-1], classes),
        )
    )


def _unit(inputs: int, outputs: int, stride: int) -> nn.Module:
    keeps = inputs == outputs and stride == 1
    shortcut = nn.Identity() if keeps else ShiftedShortcut(inputs, outputs, stride)
    return ShakeShake(_branch(inputs, outputs, stride), _branch(inputs, outputs, stride), shortcut)


def _branch(inputs: int, outputs: int, stride: int) -> nn.Module:
    return nn.Sequential(
        convolution(inputs, outputs, 3, stride),
        *activation(outputs),
        convolution(outputs, outputs),
        nn.BatchNorm2d(outputs),
    )

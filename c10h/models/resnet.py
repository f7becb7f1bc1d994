"""ResNet: He, Zhang, Ren & Sun (2016), Deep residual learning for image recognition, CVPR,
section 4.2.

Of the paper's shortcuts these are the projections (its option B), with batch normalisation, where
the width changes. Bottlenecks widen by 4 from the second stage on: the first keeps the width of
the first convolution, as in pytorch_image_classification by hysts. Initial weights: He et al.
(2015).
"""

from __future__ import annotations

from torch import nn

from c10h.models.layers import Residual, convolution, head, initialise, stages, units_per_stage


def build(classes: int, block: str, depth: int, width: int = 16) -> nn.Sequential:
    """The network. block: "basic" or "bottleneck". width: channels of the first convolution."""
    unit, layers, expansion = {"basic": (basic, 6, 1), "bottleneck": (bottleneck, 9, 4)}[block]
    count = units_per_stage(depth, layers, 2)
    widths = (width, width, 2 * width * expansion, 4 * width * expansion)
    return initialise(
        nn.Sequential(
            convolution(3, width),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            *stages(unit, unit, widths, count),
            head(widths[-1], classes),
        )
    )


def basic(inputs: int, outputs: int, stride: int) -> nn.Module:
    """Two 3 x 3 convolutions: figure 5, left."""
    branch = nn.Sequential(
        convolution(inputs, outputs, 3, stride),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
        convolution(outputs, outputs),
        nn.BatchNorm2d(outputs),
    )
    return nn.Sequential(
        Residual(branch, projection(inputs, outputs, stride)), nn.ReLU(inplace=True)
    )


def bottleneck(inputs: int, outputs: int, stride: int) -> nn.Module:
    """Convolutions of 1 x 1, 3 x 3 and 1 x 1: figure 5, right. The 3 x 3 one has the stride."""
    return bottleneck_of(inputs, outputs, stride, outputs // 4, 1)


def bottleneck_of(inputs: int, outputs: int, stride: int, inner: int, groups: int) -> nn.Module:
    """A bottleneck whose 3 x 3 convolution has ``inner`` channels in ``groups`` groups."""
    branch = nn.Sequential(
        convolution(inputs, inner, 1),
        nn.BatchNorm2d(inner),
        nn.ReLU(inplace=True),
        convolution(inner, inner, 3, stride, groups),
        nn.BatchNorm2d(inner),
        nn.ReLU(inplace=True),
        convolution(inner, outputs, 1),
        nn.BatchNorm2d(outputs),
    )
    return nn.Sequential(
        Residual(branch, projection(inputs, outputs, stride)), nn.ReLU(inplace=True)
    )


def projection(inputs: int, outputs: int, stride: int) -> nn.Module:
    """The shortcut: the identity where the shape stays, else a 1 x 1 convolution."""
    if inputs == outputs and stride == 1:
        return nn.Identity()
    return nn.Sequential(convolution(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs))

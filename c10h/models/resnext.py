"""ResNeXt: Xie, Girshick, Dollár, Tu & He (2017), Aggregated residual transformations for deep
neural networks, CVPR, section 5.3.

A ResNet of bottlenecks, 256, 512 and 1,024 channels wide, whose 3 x 3 convolutions are grouped
(their figure 3c). ``resnext_29_8x64d``: 8 groups, of 64, 128 and 256 channels in the three stages.
Initial weights: He et al. (2015).
"""

from __future__ import annotations

from torch import nn

from c10h.models.layers import convolution, head, initialise, stages, units_per_stage
from c10h.models.resnet import bottleneck_of

STEM = 64
WIDTHS = (STEM, 256, 512, 1024)


def build(classes: int, depth: int, cardinality: int, width: int) -> nn.Sequential:
    """The network. cardinality: groups of a convolution. width: channels of a first-stage group."""

    def unit(inputs: int, outputs: int, stride: int) -> nn.Module:
        inner = cardinality * width * outputs // WIDTHS[1]
        return bottleneck_of(inputs, outputs, stride, inner, cardinality)

    count = units_per_stage(depth, 9, 2)
    return initialise(
        nn.Sequential(
            convolution(3, STEM),
            nn.BatchNorm2d(STEM),
            nn.ReLU(inplace=True),
            *stages(unit, unit, WIDTHS, count),
            head(WIDTHS[-1], classes),
        )
    )

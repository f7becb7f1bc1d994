"""VGG for small images: 3 x 3 convolutions with batch normalisation, five poolings, one linear
layer.

Simonyan & Zisserman (2015), Very deep convolutional networks for large-scale image recognition,
ICLR, table 1, columns A, B, D and E, without their two hidden linear layers, as in
pytorch_image_classification by hysts, where vgg_15 is column D (16 layers with weights there): the
number in a name is one less than in the paper. Batch normalisation follows each convolution,
which keeps its bias. Initial weights: He et al. (2015).

Names with the suffix _2019 are that code as it was in January 2019: the ReLUs of a stage had one
name, so that each took the place of the one before, and a stage kept a single one, after its first
convolution. Scales of batch normalisation began as random numbers of [0, 1).
"""

from __future__ import annotations

from torch import nn

from c10h.errors import InputError
from c10h.models.layers import draw_scales, head, initialise

# Convolutions before each pooling.
CONVOLUTIONS = {10: (1, 1, 2, 2, 2), 12: (2, 2, 2, 2, 2), 15: (2, 2, 3, 3, 3), 18: (2, 2, 4, 4, 4)}


def build(classes: int, depth: int, width: int, state: int | None = None) -> nn.Sequential:
    """The network. width: channels of the first convolution. state: 2019, None for the last one."""
    if depth not in CONVOLUTIONS:
        raise InputError(f"depth {depth}: expected one of {', '.join(map(str, CONVOLUTIONS))}")
    widths = (width, 2 * width, 4 * width, 8 * width, 8 * width)
    make_stage = _stage if state is None else _stage_of_2019
    stages = [
        make_stage(inputs, outputs, count)
        for inputs, outputs, count in zip(
            (3, *widths[:-1]), widths, CONVOLUTIONS[depth], strict=True
        )
    ]
    network = initialise(nn.Sequential(*stages, head(widths[-1], classes)))
    return network if state is None else draw_scales(network)


def _stage(inputs: int, outputs: int, count: int) -> nn.Sequential:
    layers = [*_convolution(inputs, outputs), nn.ReLU(inplace=True)]
    for _ in range(count - 1):
        layers += [*_convolution(outputs, outputs), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, nn.MaxPool2d(2))


def _stage_of_2019(inputs: int, outputs: int, count: int) -> nn.Sequential:
    layers = [*_convolution(inputs, outputs), nn.ReLU(inplace=True)]
    for _ in range(count - 1):
        layers += _convolution(outputs, outputs)
    return nn.Sequential(*layers, nn.MaxPool2d(2))


def _convolution(inputs: int, outputs: int) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs)]

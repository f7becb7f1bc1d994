"""VGG for small images: 3 x 3 convolutions with batch normalisation, five poolings, one linear
layer.

Simonyan & Zisserman (2015), Very deep convolutional networks for large-scale image recognition,
ICLR, table 1, columns A, B, D and E, without their two hidden linear layers, as in
pytorch_image_classification by hysts, where vgg_15 is column D (16 layers with weights there): the
number in a name is one less than in the paper. Batch normalisation follows each convolution,
which keeps its bias. Initial weights: He et al. (2015).
"""

from __future__ import annotations

from torch import nn

from c10h.errors import InputError
from c10h.models.layers import head, initialise

# Convolutions before each pooling.
CONVOLUTIONS = {10: (1, 1, 2, 2, 2), 12: (2, 2, 2, 2, 2), 15: (2, 2, 3, 3, 3), 18: (2, 2, 4, 4, 4)}


def build(classes: int, depth: int, width: int) -> nn.Sequential:
    """The network. width: channels of the first convolution."""
    if depth not in CONVOLUTIONS:
        raise InputError(f"depth {depth}: expected one of {', '.join(map(str, CONVOLUTIONS))}")
    widths = (width, 2 * width, 4 * width, 8 * width, 8 * width)
    stages = [
        _stage(inputs, outputs, count)
        for inputs, outputs, count in zip(
            (3, *widths[:-1]), widths, CONVOLUTIONS[depth], strict=True
        )
    ]
    return initialise(nn.Sequential(*stages, head(widths[-1], classes)))


def _stage(inputs: int, outputs: int, count: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for index in range(count):
        layers += [
            nn.Conv2d(outputs if index else inputs, outputs, 3, padding=1),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        ]
    return nn.Sequential(*layers, nn.MaxPool2d(2))

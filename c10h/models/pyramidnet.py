"""PyramidNet: Han, Kim & Kim (2017), Deep pyramidal residual networks, CVPR, figure 6d.

Every unit is a little wider than the one before, by alpha channels over the whole network, in
equal steps rounded to whole channels (equation 2). A branch begins with batch normalisation but no
ReLU, and ends with one more; shortcuts are the identity padded with channels of zeros, averaged
2 x 2 where the size halves. Bottlenecks are 4 times as wide as their narrow part, the first
convolution with them, as in pytorch_image_classification by hysts. Initial weights: He et al.
(2015).
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional

from c10h.models.layers import Residual, convolution, head, initialise, units_per_stage
from c10h.models.resnet_preact import activation

STEM = 16


class PaddedShortcut(nn.Module):
    """The input, averaged 2 x 2 where it is strided, with ``extra`` channels of zeros after it."""

    def __init__(self, extra: int, stride: int) -> None:
        super().__init__()
        self.extra = extra
        # Rounded up, as the strided convolution beside it rounds an odd size.
        self.pool = nn.AvgPool2d(2, ceil_mode=True) if stride == 2 else nn.Identity()

    def forward(self, features: Tensor) -> Tensor:
        """Features with ``extra`` channels more."""
        return functional.pad(self.pool(features), (0, 0, 0, 0, 0, self.extra))


def build(classes: int, block: str, depth: int, alpha: int) -> nn.Sequential:
    """The network. block: "basic" or "bottleneck". alpha: how many channels it widens by."""
    branch, layers, expansion = {"basic": (_basic, 6, 1), "bottleneck": (_bottleneck, 9, 4)}[block]
    count = units_per_stage(depth, layers, 2)
    widths = [expansion * round(STEM + alpha * unit / (3 * count)) for unit in range(3 * count + 1)]
    units = []
    for index, (inputs, outputs) in enumerate(pairwise(widths)):
        stride = 2 if index in (count, 2 * count) else 1
        units.append(
            Residual(branch(inputs, outputs, stride), PaddedShortcut(outputs - inputs, stride))
        )
    return initialise(
        nn.Sequential(
            convolution(3, widths[0]),
            nn.BatchNorm2d(widths[0]),
            *units,
            *activation(widths[-1]),
            head(widths[-1], classes),
        )
    )


def _basic(inputs: int, outputs: int, stride: int) -> nn.Module:
    return nn.Sequential(
        nn.BatchNorm2d(inputs),
        convolution(inputs, outputs, 3, stride),
        *activation(outputs),
        convolution(outputs, outputs),
        nn.BatchNorm2d(outputs),
    )


def _bottleneck(inputs: int, outputs: int, stride: int) -> nn.Module:
    inner = outputs // 4
    return nn.Sequential(
        nn.BatchNorm2d(inputs),
        convolution(inputs, inner, 1),
        *activation(inner),
        convolution(inner, inner, 3, stride),
        *activation(inner),
        convolution(inner, outputs, 1),
        nn.BatchNorm2d(outputs),
    )

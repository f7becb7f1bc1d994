"""Pre-activation ResNet: He, Zhang, Ren & Sun (2016), Identity mappings in deep residual networks,
ECCV, figure 1b and appendix.

Batch normalisation and ReLU come before each convolution. A stage's first unit activates its input
once for both the branch and the shortcut, which is a 1 x 1 convolution where the width changes.
Bottlenecks widen by 4 from the second stage on: the first keeps the width of the first
convolution, as in pytorch_image_classification by hysts. Initial weights: He et al. (2015).
"""

from __future__ import annotations

from torch import nn

from c10h.models.layers import (
    Residual,
    Unit,
    convolution,
    head,
    initialise,
    stages,
    units_per_stage,
)


def build(classes: int, block: str, depth: int, width: int = 16) -> nn.Sequential:
    """The network. block: "basic" or "bottleneck". width: channels of the first convolution."""
    branch, layers, expansion = {"basic": (basic, 6, 1), "bottleneck": (bottleneck, 9, 4)}[block]
    count = units_per_stage(depth, layers, 2)
    widths = (width, width, 2 * width * expansion, 4 * width * expansion)
    return assemble(classes, widths, count, branch, first=shared_activation(branch))


def assemble(
    classes: int, widths: tuple[int, int, int, int], count: int, branch: Unit, first: Unit
) -> nn.Sequential:
    """A network of three stages whose units activate their inputs.

    widths: of the first convolution and the stages. branch: see :func:`basic`. first: makes the
    first unit of a stage.
    """
    return initialise(
        nn.Sequential(
            convolution(3, widths[0]),
            *stages(own_activation(branch), first, widths, count),
            *activation(widths[-1]),
            head(widths[-1], classes),
        )
    )


def activation(channels: int) -> tuple[nn.Module, nn.Module]:
    """Batch normalisation and ReLU."""
    return nn.BatchNorm2d(channels), nn.ReLU(inplace=True)


def own_activation(branch: Unit) -> Unit:
    """Units that keep the shape and activate the input of the branch alone: figure 1b."""

    def unit(inputs: int, outputs: int, stride: int) -> nn.Module:
        return Residual(
            nn.Sequential(*activation(inputs), branch(inputs, outputs, stride)), nn.Identity()
        )

    return unit


def shared_activation(branch: Unit) -> Unit:
    """Units that activate their input for the branch and the shortcut."""

    def unit(inputs: int, outputs: int, stride: int) -> nn.Module:
        changes = inputs != outputs or stride != 1
        shortcut = convolution(inputs, outputs, 1, stride) if changes else nn.Identity()
        return nn.Sequential(
            *activation(inputs), Residual(branch(inputs, outputs, stride), shortcut)
        )

    return unit


def basic(inputs: int, outputs: int, stride: int) -> nn.Module:
    """Two 3 x 3 convolutions, of an input that is already activated."""
    return nn.Sequential(
        convolution(inputs, outputs, 3, stride),
        *activation(outputs),
        convolution(outputs, outputs),
    )


def bottleneck(inputs: int, outputs: int, stride: int) -> nn.Module:
    """Convolutions of 1 x 1, 3 x 3 and 1 x 1, of an input that is already activated."""
    inner = outputs // 4
    return nn.Sequential(
        convolution(inputs, inner, 1),
        *activation(inner),
        convolution(inner, inner, 3, stride),
        *activation(inner),
        convolution(inner, outputs, 1),
    )

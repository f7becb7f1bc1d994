"""What the families share: convolutions, residual units, stages, the head and initial weights.

Features are (n, channels, height, width). Networks end in pooling over all positions, so that one
network takes images of any size, square or not, that its poolings leave a pixel of.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from c10h.errors import InputError

# Makes a unit of given input channels, output channels and stride.
Unit = Callable[[int, int, int], nn.Module]


class Residual(nn.Module):
    """branch(x) + shortcut(x): He, Zhang, Ren & Sun (2016), Deep residual learning for image
    recognition, CVPR, equation 1.
    """

    def __init__(self, branch: nn.Module, shortcut: nn.Module) -> None:
        super().__init__()
        self.branch = branch
        self.shortcut = shortcut

    def forward(self, features: Tensor) -> Tensor:
        """Features of the branch's shape."""
        total: Tensor = self.branch(features)
        # In place: no branch ends in a layer whose gradient needs what it returned.
        total += self.shortcut(features)
        return total


def convolution(
    inputs: int, outputs: int, size: int = 3, stride: int = 1, groups: int = 1
) -> nn.Conv2d:
    """A convolution that pads to keep the height and width, without a bias."""
    return nn.Conv2d(inputs, outputs, size, stride, padding=size // 2, groups=groups, bias=False)


def stages(
    unit: Unit, first: Unit, widths: tuple[int, int, int, int], count: int
) -> list[nn.Sequential]:
    """Three stages of ``count`` units on maps of the full, half and a quarter of the size.

    first: makes the first unit of a stage, which changes the width from one to the next.
    """
    return [
        nn.Sequential(
            first(inputs, outputs, stride), *(unit(outputs, outputs, 1) for _ in range(count - 1))
        )
        for inputs, outputs, stride in zip(widths[:3], widths[1:], (1, 2, 2), strict=True)
    ]


def head(channels: int, classes: int) -> nn.Sequential:
    """Features (n, channels, h, w) averaged over positions and weighed to logits (n, classes)."""
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes))


def initialise(network: nn.Sequential) -> nn.Sequential:
    """The network with the weights that its training starts from.

    Convolutions: normal, of variance 2 / (outputs x kernel area): He, Zhang, Ren & Sun (2015),
    Delving deep into rectifiers, ICCV, equation 14. Biases: 0. Batch normalisation: scale 1, shift
    0. The last layer's weights: torch's default, uniform within ±1 / sqrt(inputs).
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        if isinstance(module, nn.Conv2d | nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)
    return network


def draw_scales(network: nn.Sequential) -> nn.Sequential:
    """The network with scales of batch normalisation that are uniform in [0, 1)."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight)
    return network


def units_per_stage(depth: int, step: int, rest: int) -> int:
    """How many units each of three stages has in a network of ``step`` n + ``rest`` layers.

    Raises InputError for any other depth.
    """
    count, left_over = divmod(depth - rest, step)
    if count >= 1 and not left_over:
        return count
    below = max(count, 1) * step + rest
    nearest = f"{below}" if depth < below else f"{below} and {below + step}"
    verb = "are" if " " in nearest else "is"
    raise InputError(f"depth {depth}: expected {step} n + {rest}: nearest {verb} {nearest}")

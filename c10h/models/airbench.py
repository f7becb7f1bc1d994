"""airbench94, a network made for speed: Jordan (2024), 94% on CIFAR-10 in 3.29 seconds on a single
GPU, arXiv 2404.00498, section 3 and appendix A.

The first convolution, 2 x 2, whitens: its weights are the principal directions of the 2 x 2
patches of training images, each and its negative, divided by their standard deviations; they stay
fixed, its bias is trained for a few epochs. Three blocks follow, whose convolutions begin as the
identity as far as their inputs go and with torch's default beyond. Batch normalisation has no
scale to learn. Its recipe is in :mod:`c10h.training.recipes`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from c10h.models.layers import convolution
from c10h.models.normalised import NeedsImages

PATCH = 2
DIRECTIONS = 3 * PATCH * PATCH
# Added to the variances, so that directions that hardly vary are not blown up (whitening, 3.2).
EPSILON = 5e-4
# The share of the running statistics that stays at each step. torch's momentum is what is new.
KEPT = 0.6
LOGIT_SCALE = 1 / 9

# Images whose patches are taken at once: about 100 MB in float64.
IMAGES_AT_ONCE = 1000


class Airbench(NeedsImages):
    """The network. width: channels of the first block; the others have 4 times as many."""

    wanted_images = 5000

    def __init__(self, classes: int, width: int) -> None:
        super().__init__()
        self.whitening = nn.Conv2d(3, 2 * DIRECTIONS, PATCH)
        self.whitening.weight.requires_grad_(False)
        nn.init.zeros_(self.whitening.bias)  # type: ignore[arg-type]
        self.blocks = nn.Sequential(
            _block(2 * DIRECTIONS, width), _block(width, 4 * width), _block(4 * width, 4 * width)
        )
        self.last = nn.Linear(4 * width, classes, bias=False)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (n, classes) of normalised images (n, 3, h, w)."""
        features = self.blocks(functional.gelu(self.whitening(images)))
        # Over all positions; of 32 x 32 images, 3 x 3 are left.
        strongest = functional.max_pool2d(features, features.shape[-2:]).flatten(1)
        logits: Tensor = self.last(strongest)
        return logits * LOGIT_SCALE

    @torch.no_grad()
    def prepare(self, images: Tensor) -> None:
        """Set the whitening convolution from normalised training images (n, 3, h, w)."""
        self.whitening.weight.copy_(whitening_filters(images))


def whitening_filters(images: Tensor) -> Tensor:
    """Filters (24, 3, 2, 2) whose responses to the images' patches are uncorrelated and of equal
    size, and their negatives: v / sqrt(λ + ε), by falling λ, v and λ being the eigenvectors and
    eigenvalues of the patches' second moments.

    images: (n, 3, h, w), normalised.
    """
    moments = torch.zeros(DIRECTIONS, DIRECTIONS, dtype=torch.float64, device=images.device)
    count = 0
    for block in torch.split(images, IMAGES_AT_ONCE):
        patches = functional.unfold(block.double(), PATCH)
        moments += torch.einsum("nip,njp->ij", patches, patches)
        count += len(patches) * patches.shape[-1]
    values, vectors = torch.linalg.eigh(moments / count)
    filters = (vectors / (values + EPSILON).sqrt()).T.flip(0).view(-1, 3, PATCH, PATCH)
    return torch.cat([filters, -filters]).float()


def build(classes: int, width: int = 64) -> Airbench:
    """The network. width: channels of the first block."""
    return Airbench(classes, width)


def _block(inputs: int, outputs: int) -> nn.Module:
    return nn.Sequential(
        _identity_convolution(inputs, outputs),
        nn.MaxPool2d(2),
        _shift(outputs),
        nn.GELU(),
        _identity_convolution(outputs, outputs),
        _shift(outputs),
        nn.GELU(),
    )


def _identity_convolution(inputs: int, outputs: int) -> nn.Module:
    layer = convolution(inputs, outputs)
    with torch.no_grad():
        nn.init.dirac_(layer.weight[: min(inputs, outputs)])
    return layer


def _shift(channels: int) -> nn.Module:
    """Batch normalisation that learns a shift and no scale."""
    layer = nn.BatchNorm2d(channels, eps=1e-12, momentum=1 - KEPT)
    layer.weight.requires_grad_(False)
    return layer

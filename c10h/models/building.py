"""Networks by name, ready for pixels.

Every network that :func:`build` makes takes pixels in [0, 1], (n, 3, h, w), and gives logits
(n, classes) on the scale of natural logarithms: normalisation is a part of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import Tensor, nn

from c10h.errors import InputError
from c10h.models import external_networks
from c10h.models.architectures import ARCHITECTURES, parse_name
from c10h.models.network_libraries import build_of_library, is_of_library
from c10h.models.normalised import Normalised

# Mean and standard deviation of each channel over the pixels, in [0, 1], of the 50,000 training
# images of CIFAR-10 (Krizhevsky 2009), as the networks' training codes have them.
CIFAR10 = ((0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616))
# The same for pixels that stay as they are.
PIXELS = ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
# What a name may say of depths and widths. Published networks have hundreds of layers.
LARGEST = 10_000


def build(
    name: str,
    classes: int = 10,
    image_size: int | tuple[int, int] = 32,
    *,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    probs: bool = False,
) -> Normalised:
    """A network by its name, with new weights from torch's generator.

    name: of a family's form, ``package.module:callable`` (from the current folder too),
    ``torchvision:NAME`` or ``timm:NAME``. image_size: pixels on each side, or height and width; the
    network is checked to take them. mean, std: of each channel, in [0, 1], to normalise by; by
    default CIFAR-10's, for networks of libraries what their weights expect, and for a user's own
    nothing: it gets pixels in [0, 1]. probs: a user's own returns probabilities, of
    which the model gives the logarithm, clipped at that of the smallest normal float32.
    Raises InputError for a name, a depth, a number of classes or a size that cannot be, and for a
    network that returns probabilities unless ``probs`` says so, or does not where it says so.
    """
    if classes < 2:
        raise InputError(f"{name}: expected at least 2 classes, found {classes}")
    height, width = (image_size, image_size) if isinstance(image_size, int) else image_size
    if probs and ":" not in name:
        raise InputError(f"--probs applies only to a network of your own; {name} returns logits")
    size = (height, width)
    default_mean: Sequence[float]
    default_std: Sequence[float]
    if is_of_library(name):
        library = build_of_library(name, classes, size)
        network, default_mean, default_std = library.network, library.mean, library.std
    elif ":" in name:
        network, (default_mean, default_std) = external_networks.build(name, classes, size), PIXELS
    else:
        network, default_mean, default_std = _build_named(name, classes, size), *CIFAR10
    mean, std = mean or default_mean, std or default_std
    _check_statistics(mean, std)
    model = Normalised(network, mean, std, probs=probs)
    if ":" in name:
        external_networks.check(name, model, classes, (height, width))
    return model


def prepare(model: nn.Module, images: Tensor) -> None:
    """Let a network that sets weights from training images see some, before its first step.

    images: pixels in [0, 1], (n, 3, h, w), on the model's device; the first 5,000 do. Networks
    that need none, all but airbench94, stay as they are.
    """
    if isinstance(model, Normalised):
        model.prepare(images)


def _build_named(name: str, classes: int, size: tuple[int, int]) -> nn.Module:
    family, options = parse_name(name)
    smallest = ARCHITECTURES[family].smallest
    if min(size) < smallest:
        raise InputError(
            f"{name}: needs images of at least {smallest} x {smallest} pixels, "
            f"found {size[0]} x {size[1]}"
        )
    if any(isinstance(number, int) and number > LARGEST for number in options.values()):
        raise InputError(f"{name}: expected a depth and a width of at most {LARGEST:,}")
    try:
        return ARCHITECTURES[family].build(classes, **options)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    except (RuntimeError, MemoryError) as error:
        if isinstance(error, RuntimeError) and "allocate" not in str(error):
            raise
        raise InputError(f"{name}: there is not enough memory for a network so large") from None


def _check_statistics(mean: Sequence[float], std: Sequence[float]) -> None:
    for what, values in (("mean", mean), ("std", std)):
        if len(values) != 3 or not all(math.isfinite(value) for value in values):
            raise InputError(f"{what}: expected three numbers, found {list(values)}")
    if min(std) <= 0:
        raise InputError(f"std: expected three numbers above 0, found {list(std)}")

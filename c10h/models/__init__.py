"""Networks: the paper's eight families, a fast one, torchvision's, and a user's own.

To add a family, write a file with a function ``build(classes, ...) -> nn.Module`` whose other
arguments are the named groups of its pattern, and add one row to ARCHITECTURES: names, help,
checks and the parametrised tests follow. A row's file, and torch with it, is imported when one of
its networks is built.

Every network that :func:`build` makes takes pixels in [0, 1], (n, 3, h, w), and gives logits
(n, classes) on the scale of natural logarithms: normalisation is a part of it.
"""

from __future__ import annotations

import importlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from c10h.errors import InputError, nearest
from c10h.models.weights import load_weights

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor, nn

    from c10h.models.normalised import Normalised

__all__ = ["ARCHITECTURES", "Architecture", "build", "family_of", "load_weights", "prepare"]

# Mean and standard deviation of each channel over the pixels, in [0, 1], of the 50,000 training
# images of CIFAR-10 (Krizhevsky 2009), as the networks' training codes have them.
CIFAR10_MEAN = (0.4914, 0.4822, 0.4465)
CIFAR10_STD = (0.2470, 0.2435, 0.2616)


@dataclass(frozen=True)
class Architecture:
    """A family of networks.

    form: how a name is made, for people. pattern: the same as a regular expression, whose named
    groups, those of digits as numbers, are arguments of the builder. module: where its ``build``
    is. smallest: pixels that an image has to have on each side. examples: names that exist, the
    paper's own network first.
    """

    summary: str
    form: str
    pattern: str
    module: str
    smallest: int
    examples: tuple[str, ...]
    citation: str

    def options(self, name: str) -> dict[str, int | str] | None:
        """The builder's arguments that a name stands for; None for no name of this family."""
        match = re.fullmatch(self.pattern, name, re.ASCII)
        if match is None:
            return None
        given = {key: text for key, text in match.groupdict().items() if text is not None}
        return {key: int(text) if text.isdigit() else text for key, text in given.items()}


def _number(group: str) -> str:
    """A pattern of a positive number."""
    return rf"(?P<{group}>[1-9]\d{{0,4}})"


_BLOCK = "(?P<block>basic|bottleneck)"
_FIRST_WIDTH = f"(_w{_number('width')})?"

ARCHITECTURES: Mapping[str, Architecture] = {
    "vgg": Architecture(
        "VGG with batch normalisation and one linear layer",
        "vgg_DEPTH_BN_WIDTH",
        f"vgg_{_number('depth')}_BN_{_number('width')}",
        "c10h.models.vgg",
        32,
        ("vgg_15_BN_64", "vgg_10_BN_16"),
        "Simonyan & Zisserman (2015), Very deep convolutional networks for large-scale image "
        "recognition, ICLR, arXiv 1409.1556",
    ),
    "resnet": Architecture(
        "residual network",
        "resnet_{basic|bottleneck}_DEPTH[_wWIDTH]",
        f"resnet_{_BLOCK}_{_number('depth')}{_FIRST_WIDTH}",
        "c10h.models.resnet",
        4,
        ("resnet_basic_110", "resnet_basic_20", "resnet_basic_8_w32", "resnet_bottleneck_29"),
        "He, Zhang, Ren & Sun (2016), Deep residual learning for image recognition, CVPR, "
        "arXiv 1512.03385",
    ),
    "wrn": Architecture(
        "wide residual network",
        "wrn_DEPTH_WIDENING",
        f"wrn_{_number('depth')}_{_number('widening')}",
        "c10h.models.wide_resnet",
        4,
        ("wrn_28_10", "wrn_16_4", "wrn_10_2"),
        "Zagoruyko & Komodakis (2016), Wide residual networks, BMVC, arXiv 1605.07146",
    ),
    "resnet_preact": Architecture(
        "residual network with activations before the convolutions",
        "resnet_preact_{basic|bottleneck}_DEPTH[_wWIDTH]",
        f"resnet_preact_{_BLOCK}_{_number('depth')}{_FIRST_WIDTH}",
        "c10h.models.resnet_preact",
        4,
        ("resnet_preact_bottleneck_164", "resnet_preact_basic_110", "resnet_preact_basic_20"),
        "He, Zhang, Ren & Sun (2016), Identity mappings in deep residual networks, ECCV, "
        "arXiv 1603.05027",
    ),
    "resnext": Architecture(
        "residual network of grouped convolutions",
        "resnext_DEPTH_CARDINALITYxWIDTHd",
        f"resnext_{_number('depth')}_{_number('cardinality')}x{_number('width')}d",
        "c10h.models.resnext",
        4,
        ("resnext_29_8x64d", "resnext_29_4x64d", "resnext_11_2x16d"),
        "Xie, Girshick, Dollár, Tu & He (2017), Aggregated residual transformations for deep "
        "neural networks, CVPR, arXiv 1611.05431",
    ),
    "densenet": Architecture(
        "densely connected network with bottlenecks and compression",
        "densenet_BC_DEPTH_GROWTH",
        f"densenet_BC_{_number('depth')}_{_number('growth')}",
        "c10h.models.densenet",
        4,
        ("densenet_BC_100_12", "densenet_BC_40_12"),
        "Huang, Liu, van der Maaten & Weinberger (2017), Densely connected convolutional "
        "networks, CVPR, arXiv 1608.06993",
    ),
    "pyramidnet": Architecture(
        "residual network that widens with every unit",
        "pyramidnet_{basic|bottleneck}_DEPTH_ALPHA",
        f"pyramidnet_{_BLOCK}_{_number('depth')}_{_number('alpha')}",
        "c10h.models.pyramidnet",
        4,
        ("pyramidnet_basic_110_270", "pyramidnet_basic_110_84", "pyramidnet_basic_20_48"),
        "Han, Kim & Kim (2017), Deep pyramidal residual networks, CVPR, arXiv 1610.02915",
    ),
    "shake_shake": Architecture(
        "residual network of two branches in random shares for each image",
        "shake_shake_DEPTH_2xWIDTHd_SSI",
        f"shake_shake_{_number('depth')}_2x{_number('width')}d_SSI",
        "c10h.models.shake_shake",
        4,
        ("shake_shake_26_2x64d_SSI", "shake_shake_26_2x16d_SSI"),
        "Gastaldi (2017), Shake-Shake regularization, arXiv 1705.07485",
    ),
    "airbench94": Architecture(
        "network made for speed, with a whitening first layer",
        "airbench94[_wWIDTH]",
        f"airbench94{_FIRST_WIDTH}",
        "c10h.models.airbench",
        9,
        ("airbench94", "airbench94_w16"),
        "Jordan (2024), 94% on CIFAR-10 in 3.29 seconds on a single GPU, arXiv 2404.00498",
    ),
}


def family_of(name: str) -> str | None:
    """The family, a key of ARCHITECTURES, that has a name; None for a network of a user's own.

    Raises InputError for a name that no family has.
    """
    return None if ":" in name else _parse(name)[0]


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

    name: of a family's form, or ``package.module:callable`` (from the current folder too), or
    ``torchvision:NAME``. image_size: pixels on each side, or height and width; the network takes
    other sizes as well, and this is checked to be one that it can take. mean, std: of each channel,
    in [0, 1], to normalise by: CIFAR-10's by default, ImageNet's for torchvision's networks; a
    user's own gets pixels in [0, 1] as they are. probs: a user's own returns probabilities, of
    which the model gives the logarithm, clipped at that of the smallest normal float32.
    Raises InputError for a name, a depth, a number of classes or a size that cannot be, and for a
    network that returns probabilities unless ``probs`` says so, or does not where it says so.
    """
    if classes < 2:
        raise InputError(f"{name}: expected at least 2 classes, found {classes}")
    height, width = (image_size, image_size) if isinstance(image_size, int) else image_size
    if probs and ":" not in name:
        raise InputError(f"--probs: is for a network of your own; {name} returns logits")
    if ":" in name:
        from c10h.models import external_networks

        network = external_networks.build(name, classes, (height, width))
        default_mean, default_std = external_networks.statistics(name)
    else:
        network = _build_named(name, classes, (height, width))
        default_mean, default_std = CIFAR10_MEAN, CIFAR10_STD
    from c10h.models.normalised import Normalised

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
    from c10h.models.normalised import Normalised

    if isinstance(model, Normalised):
        model.prepare(images)


def _build_named(name: str, classes: int, size: tuple[int, int]) -> nn.Module:
    family, options = _parse(name)
    smallest = ARCHITECTURES[family].smallest
    if min(size) < smallest:
        raise InputError(
            f"{name}: takes images of at least {smallest} x {smallest} pixels, "
            f"found {size[0]} x {size[1]}"
        )
    builder: Callable[..., nn.Module] = importlib.import_module(ARCHITECTURES[family].module).build
    try:
        return builder(classes, **options)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None


def _parse(name: str) -> tuple[str, dict[str, int | str]]:
    """The family that has a name, and its builder's arguments."""
    for family, row in ARCHITECTURES.items():
        options = row.options(name)
        if options is not None:
            return family, options
    # The longest family that the name begins with: resnet_preact before resnet.
    near = max((key for key in ARCHITECTURES if name.startswith(key)), key=len, default=None)
    if near is not None:
        row = ARCHITECTURES[near]
        raise InputError(f"{name}: expected {row.form}, such as {', '.join(row.examples)}")
    near = nearest(name, [one for row in ARCHITECTURES.values() for one in row.examples])
    meant = f"did you mean {near}? " if near else ""
    examples = ", ".join(row.examples[-1] for row in ARCHITECTURES.values())
    raise InputError(
        f"unknown network {name!r}: {meant}expected one such as {examples}, torchvision:resnet18 "
        "or package.module:callable"
    )


def _check_statistics(mean: Sequence[float], std: Sequence[float]) -> None:
    for what, values in (("mean", mean), ("std", std)):
        if len(values) != 3 or not all(math.isfinite(value) for value in values):
            raise InputError(f"{what}: expected three numbers, found {list(values)}")
    if min(std) <= 0:
        raise InputError(f"std: expected three numbers above 0, found {list(std)}")

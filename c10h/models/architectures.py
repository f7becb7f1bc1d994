"""Families of networks by name: the paper's eight, and a fast one. Nothing here imports torch.

A family is a file with a function ``build(classes, ...) -> nn.Module``, whose other arguments are
the named groups of its pattern, and a row of ARCHITECTURES.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from c10h.deferred import Deferred
from c10h.errors import InputError, nearest

if TYPE_CHECKING:
    from torch import nn

# Callables of a user's own file that an error names.
MOST_CALLABLES = 3


@dataclass(frozen=True)
class Architecture:
    """A family of networks.

    form: how a name is made, for people. pattern: the same as a regular expression, whose named
    groups, those of digits as numbers, are arguments of ``build``, besides the number of classes.
    smallest: pixels that an image has to have on each side. examples: names that exist, the paper's
    own network first.
    """

    summary: str
    form: str
    pattern: str
    build: Callable[..., nn.Module]
    smallest: int
    examples: tuple[str, ...]
    citation: str

    def options(self, name: str) -> dict[str, int | str] | None:
        """The builder's arguments that a name stands for; None for no name of this family."""
        match = re.fullmatch(self.pattern, name, re.ASCII)
        if match is None:
            return None
        groups = {key: text for key, text in match.groupdict().items() if text is not None}
        return {key: int(text) if text.isdigit() else text for key, text in groups.items()}


def _number(group: str) -> str:
    """A pattern of a positive number."""
    return rf"(?P<{group}>[1-9]\d{{0,4}})"


_BLOCK = "(?P<block>basic|bottleneck)"
_FIRST_WIDTH = f"(_w{_number('width')})?"
# Of networks that were different in the code that the paper adapted, of January 2019.
_STATE = "(_(?P<state>2019))?"

ARCHITECTURES: Mapping[str, Architecture] = {
    "vgg": Architecture(
        "VGG with batch normalisation and one linear layer",
        "vgg_DEPTH_BN_WIDTH[_2019]",
        f"vgg_{_number('depth')}_BN_{_number('width')}{_STATE}",
        Deferred("c10h.models.vgg:build"),
        32,
        ("vgg_15_BN_64", "vgg_15_BN_64_2019", "vgg_10_BN_16"),
        "Simonyan & Zisserman (2015), Very deep convolutional networks for large-scale image "
        "recognition, ICLR, arXiv 1409.1556",
    ),
    "resnet": Architecture(
        "residual network",
        "resnet_{basic|bottleneck}_DEPTH[_wWIDTH]",
        f"resnet_{_BLOCK}_{_number('depth')}{_FIRST_WIDTH}",
        Deferred("c10h.models.resnet:build"),
        4,
        ("resnet_basic_110", "resnet_basic_20", "resnet_basic_8_w32", "resnet_bottleneck_29"),
        "He, Zhang, Ren & Sun (2016), Deep residual learning for image recognition, CVPR, "
        "arXiv 1512.03385",
    ),
    "wrn": Architecture(
        "wide residual network",
        "wrn_DEPTH_WIDENING",
        f"wrn_{_number('depth')}_{_number('widening')}",
        Deferred("c10h.models.wide_resnet:build"),
        4,
        ("wrn_28_10", "wrn_16_4", "wrn_10_2"),
        "Zagoruyko & Komodakis (2016), Wide residual networks, BMVC, arXiv 1605.07146",
    ),
    "resnet_preact": Architecture(
        "residual network with activations before the convolutions",
        "resnet_preact_{basic|bottleneck}_DEPTH[_wWIDTH]",
        f"resnet_preact_{_BLOCK}_{_number('depth')}{_FIRST_WIDTH}",
        Deferred("c10h.models.resnet_preact:build"),
        4,
        ("resnet_preact_bottleneck_164", "resnet_preact_basic_110", "resnet_preact_basic_20"),
        "He, Zhang, Ren & Sun (2016), Identity mappings in deep residual networks, ECCV, "
        "arXiv 1603.05027",
    ),
    "resnext": Architecture(
        "residual network of grouped convolutions",
        "resnext_DEPTH_CARDINALITYxWIDTHd",
        f"resnext_{_number('depth')}_{_number('cardinality')}x{_number('width')}d",
        Deferred("c10h.models.resnext:build"),
        4,
        ("resnext_29_8x64d", "resnext_29_4x64d", "resnext_11_2x16d"),
        "Xie, Girshick, Dollár, Tu & He (2017), Aggregated residual transformations for deep "
        "neural networks, CVPR, arXiv 1611.05431",
    ),
    "densenet": Architecture(
        "densely connected network with bottlenecks and compression",
        "densenet_BC_DEPTH_GROWTH",
        f"densenet_BC_{_number('depth')}_{_number('growth')}",
        Deferred("c10h.models.densenet:build"),
        4,
        ("densenet_BC_100_12", "densenet_BC_40_12"),
        "Huang, Liu, van der Maaten & Weinberger (2017), Densely connected convolutional "
        "networks, CVPR, arXiv 1608.06993",
    ),
    "pyramidnet": Architecture(
        "residual network that widens with every unit",
        "pyramidnet_{basic|bottleneck}_DEPTH_ALPHA",
        f"pyramidnet_{_BLOCK}_{_number('depth')}_{_number('alpha')}",
        Deferred("c10h.models.pyramidnet:build"),
        4,
        ("pyramidnet_basic_110_270", "pyramidnet_basic_110_84", "pyramidnet_basic_20_48"),
        "Han, Kim & Kim (2017), Deep pyramidal residual networks, CVPR, arXiv 1610.02915",
    ),
    "shake_shake": Architecture(
        "residual network whose two branches are mixed in random proportions for each image",
        "shake_shake_DEPTH_2xWIDTHd_SSI[_2019]",
        f"shake_shake_{_number('depth')}_2x{_number('width')}d_SSI{_STATE}",
        Deferred("c10h.models.shake_shake:build"),
        4,
        ("shake_shake_26_2x64d_SSI", "shake_shake_26_2x64d_SSI_2019", "shake_shake_26_2x16d_SSI"),
        "Gastaldi (2017), Shake-Shake regularization, arXiv 1705.07485",
    ),
    "airbench94": Architecture(
        "network built for speed, with a whitening first layer",
        "airbench94[_wWIDTH]",
        f"airbench94{_FIRST_WIDTH}",
        Deferred("c10h.models.airbench:build"),
        9,
        ("airbench94", "airbench94_w16"),
        "Jordan (2024), 94% on CIFAR-10 in 3.29 seconds on a single GPU, arXiv 2404.00498",
    ),
}


def family_of(name: str) -> str | None:
    """The family, a key of ARCHITECTURES, that has a name; None for a network of a user's own.

    Raises InputError for a name that no family has.
    """
    return None if ":" in name else parse_name(name)[0]


def parse_name(name: str) -> tuple[str, dict[str, int | str]]:
    """The family that has a name, and its builder's arguments.

    Raises InputError for a name that no family has.
    """
    for family, row in ARCHITECTURES.items():
        options = row.options(name)
        if options is not None:
            return family, options
    if names := _callables_of(name):
        raise InputError(f"{name}: expected module:callable, such as {' or '.join(names)}")
    # The longest family that the name begins with: resnet_preact before resnet.
    near = max((key for key in ARCHITECTURES if name.startswith(key)), key=len, default=None)
    if near is not None:
        row = ARCHITECTURES[near]
        raise InputError(f"{name}: expected {row.form}, such as {', '.join(row.examples)}")
    near = nearest(name, [name for row in ARCHITECTURES.values() for name in row.examples])
    meant = f"did you mean {near}? " if near else ""
    examples = ", ".join(row.examples[-1] for row in ARCHITECTURES.values())
    raise InputError(
        f"unknown network {name!r}: {meant}expected one such as {examples}, torchvision:resnet18, "
        "timm:resnet18 or package.module:callable"
    )


def _callables_of(name: str) -> list[str]:
    """What a file of Python in this folder defines, as ``module:name``; nothing of it is run."""
    import ast

    path = name.removesuffix(".py").removeprefix("./")
    try:
        statements = ast.parse(Path(f"{path}.py").read_bytes()).body
    except (OSError, SyntaxError, ValueError):
        return []
    classes = [node.name for node in statements if isinstance(node, ast.ClassDef)]
    functions = [node.name for node in statements if isinstance(node, ast.FunctionDef)]
    module = path.replace("/", ".")
    return [f"{module}:{callable_}" for callable_ in (*classes, *functions)][:MOST_CALLABLES]

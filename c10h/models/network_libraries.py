"""Networks of installed libraries: ``torchvision:NAME`` and ``timm:NAME``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn

from c10h.errors import InputError, unknown_name
from c10h.run_folder import LIBRARIES, TIMM, TORCHVISION

# Mean and standard deviation of ImageNet's pixels, by which torchvision's weights expect images to
# be normalised (the transforms of its weights).
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))

# In training these would give the logits of auxiliary classifiers as well.
_ONE_OUTPUT = {"aux_logits": False, "init_weights": True}
SETTINGS: Mapping[str, Mapping[str, Any]] = {"googlenet": _ONE_OUTPUT, "inception_v3": _ONE_OUTPUT}


@dataclass(frozen=True)
class LibraryNetwork:
    """A network of a library, and what its weights expect images to be normalised by.

    mean, std: of each channel of pixels in [0, 1].
    """

    network: nn.Module
    mean: tuple[float, ...]
    std: tuple[float, ...]


def is_of_library(name: str) -> bool:
    """Whether a name is one of a library's networks."""
    return name.partition(":")[0] in LIBRARIES


def build_of_library(name: str, classes: int, size: tuple[int, int]) -> LibraryNetwork:
    """The network, with new weights. size: height and width of the images.

    Raises InputError for a library that is not installed, and a network that it does not have or
    cannot make.
    """
    library, _, network = name.partition(":")
    return _BUILDERS[library](network, classes, size)


def _of_torchvision(name: str, classes: int, size: tuple[int, int]) -> LibraryNetwork:
    from torchvision import models

    names = models.list_models(module=models)
    if name not in names:
        raise InputError(unknown_name("network from torchvision", name, names))
    settings = SETTINGS.get(name, {})
    network = models.get_model(name, weights=None, num_classes=classes, **settings)
    return LibraryNetwork(network, *IMAGENET)


def _of_timm(name: str, classes: int, size: tuple[int, int]) -> LibraryNetwork:
    """A network of timm (Wightman 2019, PyTorch image models). No weights are downloaded."""
    try:
        import timm
    except ModuleNotFoundError as error:
        raise InputError(f"{TIMM}:{name} needs timm: pip install 'c10h[timm]'") from error

    if not timm.is_model(name):
        raise InputError(unknown_name("network from timm", name, timm.list_models()))
    try:
        published = timm.get_pretrained_cfg(name)
        # Networks that cut images into patches are made for one size.
        is_of_one_size = published is not None and published.fixed_input_size
        settings: dict[str, Any] = {"img_size": size} if is_of_one_size else {}
        network = timm.create_model(name, pretrained=False, num_classes=classes, **settings)
    except Exception as error:
        why = (str(error).strip().splitlines() or [""])[0]
        raise InputError(f"{TIMM}:{name}: failed: {type(error).__name__}: {why}") from error
    mean, std = IMAGENET if published is None else (published.mean, published.std)
    return LibraryNetwork(network, tuple(mean), tuple(std))


_BUILDERS: Mapping[str, Callable[[str, int, tuple[int, int]], LibraryNetwork]] = {
    TORCHVISION: _of_torchvision,
    TIMM: _of_timm,
}

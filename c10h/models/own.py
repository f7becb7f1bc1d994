"""A user's own networks, ``package.module:callable``, and torchvision's, ``torchvision:NAME``."""

from __future__ import annotations

import difflib
import importlib
import inspect
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn

from c10h.errors import InputError

TORCHVISION = "torchvision"

# Mean and standard deviation of ImageNet's pixels, by which torchvision's weights expect images to
# be normalised (the transforms of its weights).
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
AS_THEY_ARE = ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))

# In training these would give the logits of auxiliary classifiers as well.
_ONE_OUTPUT = {"aux_logits": False, "init_weights": True}
SETTINGS: Mapping[str, Mapping[str, Any]] = {"googlenet": _ONE_OUTPUT, "inception_v3": _ONE_OUTPUT}

# Arguments that a callable may have, by what they are told.
CLASSES = ("classes", "num_classes", "n_classes")


def statistics(name: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and std to normalise by where none are given: a user's own network gets pixels."""
    return IMAGENET if name.partition(":")[0] == TORCHVISION else AS_THEY_ARE


def build(name: str, classes: int, size: tuple[int, int]) -> nn.Module:
    """The network. size: height and width, told to a callable that has an argument image_size.

    Raises InputError for what cannot be imported, called, or is no network.
    """
    module, _, attribute = name.partition(":")
    if module == TORCHVISION:
        return _from_torchvision(name, attribute, classes)
    if not module or not attribute:
        raise InputError(f"{name}: expected package.module:callable")
    make = _import(name, module, attribute)
    try:
        network = make(**_arguments(make, classes, size))
    except Exception as error:
        raise InputError(f"{name}: failed: {_first_line(error)}") from error
    if not isinstance(network, nn.Module):
        raise InputError(f"{name}: expected a torch.nn.Module, found {type(network).__name__}")
    return network


def check(name: str, model: nn.Module, classes: int, size: tuple[int, int]) -> None:
    """Raise InputError unless the model takes two images of that size and gives their logits."""
    height, width = size
    training = model.training
    model.eval()  # so that no running statistics change
    try:
        with torch.no_grad():
            logits = model(torch.zeros(2, 3, height, width))
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    except Exception as error:
        raise InputError(
            f"{name}: cannot take images of {height} x {width} pixels: {_first_line(error)}"
        ) from error
    finally:
        model.train(training)
    if tuple(logits.shape) != (2, classes):
        raise InputError(
            f"{name}: expected logits (2, {classes}) of 2 images, found {tuple(logits.shape)}"
        )


def _from_torchvision(name: str, network: str, classes: int) -> nn.Module:
    from torchvision import models  # type: ignore[import-untyped]

    names = models.list_models(module=models)
    if network not in names:
        near = difflib.get_close_matches(network, names, n=3) or names[:3]
        raise InputError(f"{name}: expected a network of torchvision's, such as {', '.join(near)}")
    built: nn.Module = models.get_model(
        network, weights=None, num_classes=classes, **SETTINGS.get(network, {})
    )
    return built


def _import(name: str, module: str, attribute: str) -> Callable[..., Any]:
    if os.getcwd() not in sys.path and "" not in sys.path:
        sys.path.append(os.getcwd())  # last, so that no file in it hides an installed package
    importlib.invalidate_caches()
    try:
        found: object = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise InputError(f"{name}: importing {module} failed: {error}") from error
        raise InputError(
            f"{name}: no module {module} in the current folder or among the installed packages"
        ) from None
    except Exception as error:
        raise InputError(f"{name}: importing {module} failed: {_first_line(error)}") from error
    for part in attribute.split("."):
        found = getattr(found, part, None)
    if not callable(found):
        raise InputError(f"{name}: {module} has no callable {attribute!r}")
    return found


def _arguments(
    make: Callable[..., Any], classes: int, size: tuple[int, int]
) -> dict[str, int | tuple[int, int]]:
    """What a callable is told: the classes and the size, under its own names for them."""
    try:
        parameters = inspect.signature(make).parameters
    except (TypeError, ValueError):  # some callables in C have none
        return {}
    arguments: dict[str, int | tuple[int, int]] = {}
    takes_any = any(value.kind is value.VAR_KEYWORD for value in parameters.values())
    known = next((key for key in CLASSES if key in parameters), None)
    if known or takes_any:
        arguments[known or "num_classes"] = classes
    if "image_size" in parameters:
        arguments["image_size"] = size[0] if size[0] == size[1] else size
    return arguments


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__

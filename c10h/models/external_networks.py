"""A user's own networks, ``package.module:callable``, and the check of all foreign ones."""

from __future__ import annotations

import importlib
import inspect
import os
import sys
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from c10h.errors import InputError, nearest
from c10h.formats.lazy_rows import SUM_TOLERANCE
from c10h.models.normalised import Normalised

# Arguments that a callable may have, by what they are told.
CLASSES = ("classes", "num_classes", "n_classes")


def build(name: str, classes: int, size: tuple[int, int]) -> nn.Module:
    """The network. size: height and width, told to a callable that has an argument image_size.

    Raises InputError for what cannot be imported, called, or is no network.
    """
    make = find_callable(name)
    try:
        network = make(**_arguments(make, classes, size))
    except Exception as error:
        raise InputError(f"{name}: failed: {_first_line(error)}") from error
    if not isinstance(network, nn.Module):
        raise InputError(f"{name}: expected a torch.nn.Module, found {type(network).__name__}")
    return network


def find_callable(name: str) -> Callable[..., Any]:
    """What makes the network. Raises InputError for what cannot be imported or called."""
    module, _, attribute = name.partition(":")
    if not module or not attribute:
        raise InputError(f"{name}: expected package.module:callable")
    if "/" in module:
        folder, _, file = module.rpartition("/")
        raise InputError(
            f"{name}: expected package.module:callable: PYTHONPATH={folder or '/'} before the "
            f"command and --arch {file.removesuffix('.py')}:{attribute}"
        )
    return _import(name, module, attribute)


def check(
    name: str, model: Normalised, classes: int, size: tuple[int, int], *, in_training: bool = False
) -> None:
    """Raise InputError unless the model takes two images of that size and returns what it should.

    That is logits, or probabilities where the model is told that its network returns them.
    in_training: as in training, which changes running statistics; else as in evaluation.
    """
    height, width = size
    generator = torch.Generator().manual_seed(0)  # torch's own goes on as if nothing were drawn
    pixels = torch.rand(2, 3, height, width, generator=generator)
    training = model.training
    model.train(in_training)
    try:
        with torch.no_grad():
            returned = model.returned(pixels)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    except Exception as error:
        raise InputError(
            f"{name}: cannot take images of {height} x {width} pixels: {_first_line(error)}"
        ) from error
    finally:
        model.train(training)
    if tuple(returned.shape) != (2, classes):
        raise InputError(
            f"{name}: expected logits (2, {classes}) of 2 images, found {tuple(returned.shape)}"
        )
    if _are_probabilities(returned) and not model.probs:
        raise InputError(
            f"{name}: expected logits, found probabilities (rows in [0, 1] that sum to 1): return "
            "what comes before the softmax; --probs of c10h predict and train takes their "
            "logarithm, but an attack has no gradient where probabilities are rounded"
        )
    if model.probs and not _are_probabilities(returned):
        low, high = float(returned.min()), float(returned.max())
        raise InputError(
            f"{name}: --probs: expected probabilities (rows in [0, 1] that sum to 1), found "
            f"values from {low:.4g} to {high:.4g}{' in training' if in_training else ''}"
        )


def _are_probabilities(returned: Tensor) -> bool:
    """Whether rows (n, classes) are in [0, 1] and sum to 1."""
    shares = returned.double()
    sums = shares.sum(dim=1)
    return bool(((shares >= 0) & (shares <= 1)).all() and ((sums - 1).abs() <= SUM_TOLERANCE).all())


def _import(name: str, module: str, attribute: str) -> Callable[..., Any]:
    if os.getcwd() not in sys.path and "" not in sys.path:
        sys.path.append(os.getcwd())  # last, so that no file in it hides an installed package
    importlib.invalidate_caches()
    try:
        target: object = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise InputError(f"{name}: importing {module} failed: {error}") from error
        meant = f" ({module[:-3]}:{attribute}?)" if module.endswith(".py") else ""
        raise InputError(
            f"{name}: no module {module} in the current folder or among the installed packages"
            f"{meant or ' (PYTHONPATH=FOLDER before the command, for that of another folder)'}"
        ) from None
    except Exception as error:
        raise InputError(f"{name}: importing {module} failed: {_first_line(error)}") from error
    for part in attribute.split("."):
        target = getattr(target, part, None)
    if not callable(target):
        near = nearest(attribute, vars(importlib.import_module(module)))
        raise InputError(
            f"{name}: {module} has no callable {attribute!r}{f' ({near}?)' if near else ''}"
        )
    return target


def _arguments(
    make: Callable[..., Any], classes: int, size: tuple[int, int]
) -> dict[str, int | tuple[int, int]]:
    """What a callable is told: the classes and the size, under its own names for them."""
    if getattr(make, "__init__", None) is nn.Module.__init__:
        return {}  # which seems to take anything, and refuses it
    try:
        parameters = inspect.signature(make).parameters
    except (TypeError, ValueError):  # some callables in C have none
        return {}
    arguments: dict[str, int | tuple[int, int]] = {}
    takes_any = any(value.kind is value.VAR_KEYWORD for value in parameters.values())
    parameter = next((key for key in CLASSES if key in parameters), None)
    if parameter or takes_any:
        arguments[parameter or "num_classes"] = classes
    if "image_size" in parameters:
        arguments["image_size"] = size[0] if size[0] == size[1] else size
    return arguments


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__

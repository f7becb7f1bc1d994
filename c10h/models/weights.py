"""Weights from a file: a state dict, and nothing that runs."""

from __future__ import annotations

import os
import pickle
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from c10h.errors import FileError, MismatchError

if TYPE_CHECKING:
    from torch import Tensor, nn

# Where checkpoints keep a state dict, and what wrappers put before its keys.
PLACES = ("state_dict", "model_state_dict", "model")
PREFIXES = ("module.", "_orig_mod.")

# Counts of steps, which no result depends on; files from before torch 0.4.1 have none.
OPTIONAL = "num_batches_tracked"

# Keys that an error names before it only counts them.
SHOWN = 3


def load_weights(model: nn.Module, path: str | os.PathLike[str]) -> None:
    """Fill a model with the weights of a file that torch wrote, all of them or none.

    The file holds a state dict, or one under state_dict, model_state_dict or model; the prefixes
    that DistributedDataParallel and torch.compile put before keys are taken off. A state dict of
    the bare network goes below the model's normalisation, which stays.
    Raises FileError for a file that cannot be read or that holds more than weights, MismatchError
    for keys that are missing, unexpected or of another shape.
    """
    from c10h.models.normalised import Normalised

    name = Path(path).name
    found = _read_state(Path(path))
    target = model
    if isinstance(model, Normalised) and not _has_normalisation(found):
        target = model.network
    expected = target.state_dict()
    state = {_strip(key, expected): value for key, value in found.items()}
    _check(name, expected, state)
    target.load_state_dict(state, strict=False)


def _read_state(path: Path) -> Mapping[str, Tensor]:
    """The state dict in a file."""
    content = _read(path)
    if isinstance(content, Mapping):
        inner = (content[place] for place in PLACES if isinstance(content.get(place), Mapping))
        content = next(inner, content)
    if not isinstance(content, Mapping) or not all(
        isinstance(key, str) and _is_plain(value) for key, value in content.items()
    ):
        raise FileError(f"{path.name}: expected a state dict, found {_describe(content)}")
    if not content:
        raise FileError(f"{path.name}: expected a state dict, found an empty one")
    return content


def _read(path: Path) -> object:
    import torch

    try:
        content: object = torch.load(path, weights_only=True, map_location="cpu")
    except OSError as error:
        raise FileError(f"{path.name}: cannot be read: {error.strerror or error}") from None
    except pickle.UnpicklingError as error:
        if re.search("GLOBAL|Can only", str(error)):
            raise FileError(
                f"{path.name}: holds objects other than weights, which are never loaded"
            ) from None
        raise FileError(f"{path.name}: no file of weights that torch wrote") from None
    except Exception:  # a damaged file raises almost anything
        raise FileError(f"{path.name}: no file of weights that torch wrote, or damaged") from None
    return content


def _is_plain(value: object) -> bool:
    """Whether a value is a tensor that can be copied into a parameter."""
    import torch

    return (
        isinstance(value, torch.Tensor)
        and value.layout == torch.strided
        and value.device.type == "cpu"
        and not value.is_quantized
        and not value.is_complex()
    )


def _has_normalisation(state: Mapping[str, Tensor]) -> bool:
    return any(_strip(key, {}).startswith("network.") for key in state) and any(
        _strip(key, {}) == "mean" for key in state
    )


def _strip(key: str, expected: Mapping[str, Tensor]) -> str:
    """The key without the prefixes of wrappers, unless the network itself has it with them."""
    while key not in expected and key.startswith(PREFIXES):
        key = key.partition(".")[2]
    return key


def _check(name: str, expected: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> None:
    """Raise MismatchError unless the state has the expected keys and shapes."""
    faults = {
        "missing": [
            key for key in expected if key not in state and not key.endswith(f".{OPTIONAL}")
        ],
        "unexpected": [key for key in state if key not in expected],
        "of another shape": [
            f"{key} {tuple(value.shape)}, not {tuple(expected[key].shape)}"
            for key, value in state.items()
            if key in expected and value.shape != expected[key].shape
        ],
    }
    told = [f"{what}: {_enumerate(keys)}" for what, keys in faults.items() if keys]
    if told:
        raise MismatchError(f"{name}: not the weights of this network: {'; '.join(told)}")


def _enumerate(keys: Sequence[str]) -> str:
    more = f" and {len(keys) - SHOWN} more" if len(keys) > SHOWN else ""
    # A stranger's keys may hold anything: what would break the line is escaped.
    return ", ".join(key if key.isprintable() else repr(key) for key in keys[:SHOWN]) + more


def _describe(content: object) -> str:
    if not isinstance(content, Mapping):
        return type(content).__name__
    keys = [str(key) for key in content]
    return f"a dictionary of {_enumerate(keys)}"

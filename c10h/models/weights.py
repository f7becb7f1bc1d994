"""Weights from a file: a state dict, and nothing that runs."""

from __future__ import annotations

import os
import pickle
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypeGuard

from c10h.errors import AmbiguousError, FileError, MismatchError
from c10h.formats.archives import check_torch_zip

if TYPE_CHECKING:
    from torch import Tensor, nn

    State: TypeAlias = Mapping[str, Tensor]

# Where checkpoints keep a state dict besides others, such as averaged weights: the first counts.
PLACES = ("state_dict", "model_state_dict", "model")
# Counts of steps, which no result depends on: of batch normalisations, which files from before
# torch 0.4.1 do not have, and of averaged weights (torch.optim.swa_utils), which no network has.
OPTIONAL = "num_batches_tracked"
AVERAGED = "n_averaged"

# Names in a row that are taken off keys, which a stranger's may have any number of.
MOST_NAMES = 8
# Keys that an error names before it only counts them, and letters that it has of each.
SHOWN, LONGEST = 3, 100
# A safetensors file begins with the length of its header in so many bytes, and then an object.
LENGTH_BYTES = 8
NEITHER = "not a file of weights written by torch or safetensors"


@dataclass(frozen=True)
class _Fit:
    """A state dict as a module takes it.

    place: the key of the file that it is under, prefix: what was taken off all of its keys; both
    are empty where there is none. faults: keys of the module that are missing in it, keys that the
    module does not have, and those of a different shape, by these words.
    """

    module: nn.Module
    state: State
    place: str
    prefix: str
    faults: Mapping[str, Sequence[str]]

    @property
    def faulty(self) -> int:
        return sum(map(len, self.faults.values()))


def load_weights(model: nn.Module, path: str | os.PathLike[str]) -> str:
    """Fill a model with the weights of a file of torch's or safetensors, all of them or none.

    Returns what was taken, in words, where the file holds more than a state dict with the model's
    own keys: the dictionary that it was under, and the prefix that all keys share, which is taken
    off. A state dict of the bare network goes below the model's normalisation, which stays.
    Raises FileError for a file that cannot be read or that holds more than weights, AmbiguousError
    for several dictionaries that fit, MismatchError for keys that are missing, unexpected or of
    another shape.
    """
    path = Path(path)
    fit = _chosen(model, _states(_read(path), path.name), path.name)
    faults = [f"{what}: {_enumerate(keys)}" for what, keys in fit.faults.items() if keys]
    if faults:
        raise MismatchError(f"{path.name}: not the weights of this network: {'; '.join(faults)}")
    fit.module.load_state_dict(fit.state, strict=False)
    taken = [f"under {_printable(fit.place)}"] if fit.place else []
    taken += [f"without the prefix {_printable(fit.prefix)}"] if fit.prefix else []
    return f"{path.name}: the weights {', '.join(taken)}" if taken else ""


def _read(path: Path) -> object:
    """What is in a file, of which nothing was run."""
    import torch
    from safetensors.torch import load_file

    try:
        content: object
        if _is_safetensors(path):
            content = load_file(path)
        else:
            check_torch_zip(path, path.name)
            content = torch.load(path, weights_only=True, map_location="cpu")
    except FileError:
        raise
    except OSError as error:
        raise FileError(f"{path.name}: cannot be read: {error.strerror or error}") from None
    except pickle.UnpicklingError as error:
        raise FileError(f"{path.name}: {_refusal(str(error))}") from None
    except Exception:  # a damaged file raises almost anything
        raise FileError(f"{path.name}: {NEITHER}, or damaged") from None
    return content


def _is_safetensors(path: Path) -> bool:
    with path.open("rb") as stream:
        length = int.from_bytes(stream.read(LENGTH_BYTES), "little")
        return LENGTH_BYTES + length <= path.stat().st_size and stream.read(1) == b"{"


def _refusal(said: str) -> str:
    """Why torch refuses to unpickle a file, and what to do where it holds something else."""
    named = re.search(r"GLOBAL (\S+)", said)
    if named is None and "Can only" not in said:
        return NEITHER
    what = _printable(named[1]) if named else "objects other than weights"
    return (
        f"holds {what}, which is never loaded: save the state_dict alone, "
        "torch.save(model.state_dict(), …)"
    )


def _states(content: object, name: str) -> Mapping[str, State]:
    """The state dicts in a file by the key that they are under, "" for the whole of it."""
    if _is_state(content):
        states = {"": content}
    elif isinstance(content, Mapping):
        states = {str(place): value for place, value in content.items() if _is_state(value)}
    else:
        states = {}
    if not states:
        raise FileError(f"{name}: expected a state dict, found {_describe(content)}")
    return states


def _chosen(model: nn.Module, states: Mapping[str, State], name: str) -> _Fit:
    """The one that fits, or that has a known name; where none fits, the one that nearly does."""
    fits = [_best_fit(model, state, place) for place, state in states.items()]
    fits = [fit for fit in fits if not fit.faulty] or fits
    named = [fit for place in PLACES for fit in fits if fit.place == place]
    if named or len(fits) == 1:
        return (named or fits)[0]
    if any(fit.faulty for fit in fits):
        return min(fits, key=lambda fit: fit.faulty)
    raise AmbiguousError(
        f"{name}: holds several state dicts of this network, "
        f"{_enumerate([fit.place for fit in fits])}: save only the one you want"
    )


def _best_fit(model: nn.Module, state: State, place: str) -> _Fit:
    """Whole or below the normalisation, with or without a prefix: what has the fewest faults."""
    from c10h.models.normalised import Normalised

    modules = [model, model.network] if isinstance(model, Normalised) else [model]
    if len(state) > 1:
        state = {key: value for key, value in state.items() if key != AVERAGED}
    fits = []
    for module in modules:
        expected = module.state_dict()
        fits += [
            _Fit(module, shorter, place, prefix, _faults(expected, shorter))
            for prefix, shorter in _without_prefixes(state)
        ]
    return min(fits, key=lambda fit: fit.faulty)


def _without_prefixes(state: State) -> Iterator[tuple[str, State]]:
    """A state dict as it is, and without as many of the names that all keys begin with."""
    prefix = ""
    for _ in range(MOST_NAMES):
        shorter = {key[len(prefix) :]: value for key, value in state.items()}
        yield prefix, shorter
        first = {key.partition(".")[:2] for key in shorter}
        name, dot = next(iter(first))
        if len(first) > 1 or not dot:
            return
        prefix += name + dot


def _faults(expected: State, state: State) -> Mapping[str, Sequence[str]]:
    """What keeps a state from being one of the expected keys and shapes."""
    return {
        "missing": [
            key for key in expected if key not in state and not key.endswith(f".{OPTIONAL}")
        ],
        "unexpected": [key for key in state if key not in expected],
        "of a different shape": [
            f"{key} {tuple(value.shape)}, not {tuple(expected[key].shape)}"
            for key, value in state.items()
            if key in expected and value.shape != expected[key].shape
        ],
    }


def _is_state(value: object) -> TypeGuard[State]:
    """Whether a value is a dictionary of tensors by name, and not an empty one."""
    return (
        isinstance(value, Mapping)
        and bool(value)
        and all(isinstance(key, str) and _is_plain(entry) for key, entry in value.items())
    )


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


def _printable(text: str) -> str:
    """A stranger's text, which may hold anything: cut, and escaped where it breaks the line."""
    text = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    return text if text.isprintable() else repr(text)


def _enumerate(keys: Sequence[str]) -> str:
    more = f" and {len(keys) - SHOWN} more" if len(keys) > SHOWN else ""
    return ", ".join(map(_printable, keys[:SHOWN])) + more


def _describe(content: object) -> str:
    if not isinstance(content, Mapping):
        return type(content).__name__
    if not content:
        return "an empty dictionary"
    return f"a dictionary of {_enumerate([str(key) for key in content])}"

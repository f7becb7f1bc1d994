"""Write the networks of a run for other programs, as safetensors."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from c10h import __version__
from c10h.errors import InputError, OutputError
from c10h.files import atomic_output, check_output, reason, write_all
from c10h.run_folder import Run, name_of
from c10h.training import checkpoint as checkpoints

if TYPE_CHECKING:
    from torch import Tensor


def export_weights(run: Run, folder: str, *, force: bool = False) -> list[Path]:
    """Write ``fold-K.safetensors`` of each network into a folder. Returns the files.

    A file has the weights, and the mean and standard deviation that pixels in [0, 1] are
    normalised by ("mean", "std"); names of weights begin with "network.". The entry "c10h" of its
    metadata is JSON: architecture, classes, and the version of c10h. ``--weights`` and ``--init``
    read it again.
    Raises InputError where a network is not trained to its end, OutputError where a file exists and
    there is no ``force``.
    """
    numbers = run.fold_numbers()
    networks = [_trained(run, number) for number in numbers]
    try:
        Path(folder).mkdir(exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: {reason(error)}") from error
    paths = [Path(folder) / f"{run.checkpoint(number).stem}.safetensors" for number in numbers]
    for path in paths:
        check_output(str(path), force=force)
    for path, network in zip(paths, networks, strict=True):
        with atomic_output(str(path)) as stream:
            write_all(stream, _as_safetensors(run, network()))
    return paths


def _trained(run: Run, number: int) -> Callable[[], Mapping[str, Tensor]]:
    """What reads the weights of a network again. Raises InputError where it is not done."""
    path = run.checkpoint(number)
    if not path.is_file():
        raise InputError(f"{run.name}: {name_of(number)} has not been trained yet")
    if not checkpoints.load(path).is_done:
        raise InputError(f"{run.name}: {name_of(number)} is not trained to its end")
    return lambda: checkpoints.load(path).network


def _as_safetensors(run: Run, weights: Mapping[str, Tensor]) -> bytes:
    from safetensors.torch import save

    about = {"architecture": run.architecture, "classes": list(run.classes), "c10h": __version__}
    # One entry, as safetensors writes several in another order each time.
    metadata = {"c10h": json.dumps(about, sort_keys=True)}
    # Tied weights are written twice, since --weights asks for every name.
    return save({name: value.clone().contiguous() for name, value in weights.items()}, metadata)

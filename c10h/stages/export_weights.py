"""Write the networks of a run for other programs, as safetensors."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

from c10h import __version__
from c10h.errors import InputError, OutputError
from c10h.files import atomic_output, check_output, reason, write_all
from c10h.run_folder import Run, name_of
from c10h.training import checkpoint as checkpoints


def export_weights(run: Run, folder: str, *, force: bool = False) -> list[Path]:
    """Write ``fold-K.safetensors`` of each network into a folder. Returns the files.

    A file has the weights, and the mean and standard deviation that pixels in [0, 1] are
    normalised by ("mean", "std"); its metadata have the architecture, the classes as a list in
    JSON, and the version of c10h. ``--weights`` and ``--init`` read it again.
    Raises InputError where a network is not trained to its end, OutputError where a file exists and
    there is no ``force``.
    """
    try:
        Path(folder).mkdir(exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: {reason(error)}") from error
    numbers = run.fold_numbers()
    paths = [Path(folder) / f"{run.checkpoint(number).stem}.safetensors" for number in numbers]
    try:
        for path in paths:
            check_output(str(path), force=force)
        for number, path in zip(numbers, paths, strict=True):
            _export(run, number, path)
    finally:
        with contextlib.suppress(OSError):
            Path(folder).rmdir()  # where nothing came of it
    return paths


def _export(run: Run, number: int, path: Path) -> None:
    from safetensors.torch import save

    if not run.checkpoint(number).is_file():
        raise InputError(f"{run.name}: {name_of(number)} has not been trained yet")
    checkpoint = checkpoints.load(run.checkpoint(number))
    if not checkpoint.is_done:
        raise InputError(f"{run.name}: {name_of(number)} is not trained to its end")
    metadata = {
        "format": "pt",
        "architecture": run.architecture,
        "classes": json.dumps(list(run.classes)),
        "c10h": __version__,
    }
    weights = {name: value.contiguous() for name, value in checkpoint.network.items()}
    with atomic_output(str(path)) as stream:
        write_all(stream, save(weights, metadata))

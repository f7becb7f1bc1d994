"""What an attack has computed so far: arrays in a folder, from which it resumes after a stop."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from c10h.errors import MismatchError, OutputError
from c10h.files import reason, write_text
from c10h.records import Array

PLAN = "plan.json"
DONE = "done"


class PartialResults:
    """Arrays that batches fill, one file each, and which batches are done.

    Arrays are memory maps: however large, they need not fit in memory.
    """

    def __init__(self, folder: Path, shapes: Mapping[str, tuple[str, tuple[int, ...]]]) -> None:
        """Open what is there, or begin. shapes: dtype and shape of each array by name."""
        self.folder = folder
        self.arrays: dict[str, Any] = {}
        try:
            for name, (dtype, shape) in shapes.items():
                path = folder / f"{name}.npy"
                mode: Any = "r+" if path.is_file() else "w+"
                self.arrays[name] = np.lib.format.open_memmap(path, mode, np.dtype(dtype), shape)
        except OSError as error:
            raise OutputError(f"{folder}: {reason(error)}") from error

    @property
    def done(self) -> Array:
        """Whether each batch is done, uint8."""
        return np.asarray(self.arrays[DONE])

    def finish(self, batch: int) -> None:
        """Note that a batch is done, when all its results are on the disk."""
        for name, array in self.arrays.items():
            if name != DONE:
                array.flush()
        self.arrays[DONE][batch] = 1
        self.arrays[DONE].flush()


def begin(folder: Path, plan: Mapping[str, Any]) -> None:
    """Make the folder, or check that what is in it belongs to the same plan.

    Raises MismatchError where it belongs to another, OutputError where it cannot be written.
    """
    text = json.dumps(plan, indent=2, sort_keys=True, default=str) + "\n"
    path = folder / PLAN
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if path.is_file():
            if path.read_text(encoding="utf-8") == text:
                return
            raise MismatchError(
                f"{folder}: holds the beginning of another attack: finish that with its own "
                "command, or remove the folder"
            )
        write_text(str(path), text)
    except OSError as error:
        raise OutputError(f"{folder}: {reason(error)}") from error


def remove(folder: Path) -> None:
    """Remove the folder, when the attack is in its file."""
    shutil.rmtree(folder, ignore_errors=True)

"""What an attack has computed so far: arrays in a folder, from which it resumes after a stop."""

from __future__ import annotations

import json
import math
import os
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
# Bytes that are written at a time where a file cannot be made large in another way.
ZEROS = 1 << 20


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
                if not path.is_file():
                    _reserve(path, np.dtype(dtype), shape)
                self.arrays[name] = np.lib.format.open_memmap(path, "r+", np.dtype(dtype), shape)
        except OSError as error:
            raise OutputError(f"{folder}: {reason(error)}") from error
        except ValueError as error:
            raise OutputError(
                f"{folder}: what is there of an unfinished attack is damaged ({error}): remove the "
                "folder"
            ) from error

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


def _reserve(path: Path, dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
    """Make an array of zeros whose whole size the disk has: a memory map of less ends the process.

    It gets its name when it is whole. Raises OSError.
    """
    temporary = path.with_name(f".{path.name}")
    header: dict[str, Any] = {
        "descr": np.lib.format.dtype_to_descr(dtype),
        "fortran_order": False,
        "shape": shape,
    }
    try:
        with temporary.open("wb") as stream:
            np.lib.format.write_array_header_1_0(stream, header)
            size = stream.tell() + math.prod(shape) * dtype.itemsize
            stream.flush()
            _allocate(stream.fileno(), size)
            os.fsync(stream.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _allocate(descriptor: int, size: int) -> None:
    """Let a file have a size, and the disk room for it. Raises OSError where there is none."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
        return
    written = os.lseek(descriptor, 0, os.SEEK_END)  # on macOS, zeros say it
    while written < size:
        written += os.write(descriptor, bytes(min(ZEROS, size - written)))


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
                f"{folder}: holds an unfinished attack with different arguments, inputs or code: "
                "finish it with its own command, or remove the folder"
            )
        write_text(str(path), text)
    except OSError as error:
        raise OutputError(f"{folder}: {reason(error)}") from error


def remove(folder: Path) -> None:
    """Remove the folder, when the attack is in its file."""
    shutil.rmtree(folder, ignore_errors=True)

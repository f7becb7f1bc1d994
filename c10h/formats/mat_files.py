"""MATLAB's .mat files of versions before 7.3.

scipy's reader ends the process on some damaged files, so it has a process of its own.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from typing import Any

import numpy as np

from c10h.errors import FileError
from c10h.files import Source
from c10h.formats.archives import temporary
from c10h.records import Array

KINDS = "fiubUS"


def read_mat(source: Source) -> dict[str, Array]:
    """The variables of numbers and of text. Raises FileError for a damaged file."""
    with temporary() as target:
        # With -P nothing is imported from the current folder, which may be a stranger's.
        line = [sys.executable, "-P", "-m", __name__, str(source.path.absolute()), target.name]
        done = subprocess.run(line, stdin=subprocess.DEVNULL, capture_output=True, check=False)  # noqa: S603
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        why = said[-1] if done.returncode > 0 and said else "its reader crashed"
        raise FileError(f"{source.name}: not a readable .mat file, damaged: {why}")
    with np.load(target.name, allow_pickle=False) as arrays:
        return dict(arrays)


def convert(path: str, target: str) -> None:
    """Write the variables of a .mat file as an .npz file, in the other process."""
    from scipy.io import loadmat

    content = loadmat(path, mat_dtype=False, chars_as_strings=True)
    with zipfile.ZipFile(target, "w") as archive:
        for name, variable in content.items():
            values = _words_in_cells(variable)
            if isinstance(values, np.ndarray) and values.dtype.kind in KINDS:
                with archive.open(f"{name}.npy", "w", force_zip64=True) as stream:
                    np.lib.format.write_array(stream, values, allow_pickle=False)


def _words_in_cells(values: Any) -> Any:
    """A cell array of words as an array of text; anything else as it is."""
    if not isinstance(values, np.ndarray) or values.dtype.kind != "O" or not values.size:
        return values
    if not all(isinstance(cell, np.ndarray) and cell.dtype.kind == "U" for cell in values.flat):
        return values
    words = ["".join(cell.ravel().tolist()) for cell in values.flat]
    return np.array(words, dtype=np.str_).reshape(values.shape)


if __name__ == "__main__":
    convert(*sys.argv[1:])

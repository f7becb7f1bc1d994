"""Files of c10h that a test changes, as another program would."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py

from c10h.h5_attributes import DIGEST


@contextmanager
def edited(path: str | Path) -> Iterator[h5py.File]:
    """An HDF5 file, open to be changed, which no longer claims to end with its digest."""
    with h5py.File(path, "a") as file:
        file.attrs.pop(DIGEST, None)
        yield file

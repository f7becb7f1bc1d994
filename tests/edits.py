"""Files of c10h that a test changes, as another program would."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import torch

from c10h.digests import DIGEST


@contextmanager
def edited(path: str | Path) -> Iterator[h5py.File]:
    """An HDF5 file, open to be changed, which no longer claims to end with its digest."""
    with h5py.File(path, "a") as file:
        file.attrs.pop(DIGEST, None)
        yield file


def state_of(path: str | Path) -> dict[str, Any]:
    """What a checkpoint holds, ready to be changed and saved without its digest."""
    content: dict[str, Any] = torch.load(path, weights_only=True)
    del content[DIGEST]
    return content

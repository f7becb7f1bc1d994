"""Pictures in one .npy array, as CIFAR-10.1 and many of people's own sets are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from c10h.errors import AmbiguousError, FileError, SchemaError
from c10h.files import Source
from c10h.records import Array, Rows

MAGIC = b"\x93NUMPY"


def open_pictures(source: Source) -> Rows:
    """A uint8 array of pictures as rows (n, h, w, 3), which stay in the file.

    Colour may be last or second (n, 3, h, w); grey pictures (n, h, w) or (n, h, w, 1) get three
    equal colours. Raises FileError for no such file, SchemaError for other numbers or dimensions,
    AmbiguousError where the place of colour is not clear.
    """
    try:
        array = np.load(source.path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise FileError(f"{source.name}: not a readable .npy array: {error}") from error
    if array.dtype != np.uint8:
        raise SchemaError(
            f"{source.name}: expected pixels as uint8 from 0 to 255, found {array.dtype}"
        )
    if not array.size:
        raise SchemaError(f"{source.name}: expected pictures, found shape {array.shape}")
    if array.ndim == 3:
        return _Grey(array)
    if array.ndim == 4 and array.shape[3] == 3:
        if array.shape[1] == 3:
            raise AmbiguousError(f"{source.name}: shape {array.shape}: colour is first or last?")
        return np.asarray(array)
    if array.ndim == 4 and array.shape[3] == 1:
        return _Grey(array[..., 0])
    if array.ndim == 4 and array.shape[1] == 3:
        return np.asarray(array.transpose(0, 2, 3, 1))
    raise SchemaError(
        f"{source.name}: expected pictures (n, h, w, 3), (n, 3, h, w) or (n, h, w), found shape "
        f"{array.shape}"
    )


@dataclass(frozen=True)
class _Grey:
    """Grey pictures (n, h, w) as colour."""

    rows: Array

    @property
    def shape(self) -> tuple[int, ...]:
        return (*self.rows.shape, 3)

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.rows.dtype

    def __getitem__(self, key: Any, /) -> Array:
        return np.repeat(self.rows[key][..., None], 3, axis=-1)

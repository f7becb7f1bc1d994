"""Pictures in one .npy array, as CIFAR-10.1 and many of people's own sets are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from c10h.errors import AmbiguousError, C10hError, FileError, SchemaError
from c10h.files import Source
from c10h.formats.arrays import npy_rows
from c10h.records import Array, Rows

MAGIC = b"\x93NUMPY"


def open_pictures(source: Source) -> Rows:
    """A uint8 array of pictures as rows (n, h, w, 3), which stay in the file.

    Colour may be last or second (n, 3, h, w). Grey pictures, (n, h, w) or with one colour in place
    of three, get three equal colours.
    Raises FileError for a damaged file, SchemaError for other numbers or dimensions, AmbiguousError
    where the place of colour is not clear.
    """
    rows = _rows(source)
    shape = rows.shape
    if rows.dtype != np.uint8:
        raise SchemaError(f"{source.name}: expected pixels as uint8, 0 to 255, found {rows.dtype}")
    if any(size < 1 for size in shape):
        raise SchemaError(f"{source.name}: expected pictures, found none: shape {shape}")
    if len(shape) == 4 and shape[1] == shape[3] == 3:
        raise AmbiguousError(
            f"{source.name}: shape {shape}: expected pictures of which it is clear whether colour "
            "is first or last"
        )
    if len(shape) == 4 and shape[3] == 3:
        return rows
    if len(shape) == 4 and shape[1] == 3:
        return _Changed(rows, (shape[0], *shape[2:], 3), lambda some: some.transpose(0, 2, 3, 1))
    if len(shape) == 4 and shape[3] == 1:
        return _Changed(rows, (*shape[:3], 3), lambda some: np.repeat(some, 3, axis=3))
    if len(shape) == 4 and shape[1] == 1:
        return _Changed(rows, (shape[0], *shape[2:], 3), lambda some: _coloured(some[:, 0]))
    if len(shape) == 3:
        return _Changed(rows, (*shape, 3), _coloured)
    raise SchemaError(
        f"{source.name}: expected pictures (n, h, w, 3), (n, 3, h, w) or (n, h, w), found {shape}"
    )


def _rows(source: Source) -> Rows:
    try:
        return npy_rows(source)
    except C10hError:
        raise
    # The header is an expression of Python's; a broken one leads to any exception at all.
    except Exception as error:
        raise FileError(f"{source.name}: a damaged .npy file: {error}") from error


@dataclass(frozen=True)
class _Changed:
    """Rows that are changed when they are read."""

    rows: Rows
    shape: tuple[int, ...]
    change: Callable[[Array], Array]

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.rows.dtype

    def __getitem__(self, key: Any, /) -> Array:
        return self.change(self.rows[key])


def _coloured(grey: Array) -> Array:
    return np.repeat(grey[..., None], 3, axis=-1)

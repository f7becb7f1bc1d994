"""Pictures in one array, as CIFAR-10.1 and many of people's own sets are."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from c10h.errors import AmbiguousError, SchemaError
from c10h.records import Array, Rows, View

MAGIC = b"\x93NUMPY"
# Rows of fewer pixels than 8 x 8 are votes, or anything else, rather than pictures.
SMALLEST_SIDE = 8
# How much is in memory at once while an alpha channel is checked.
BLOCK_BYTES = 1 << 24


def as_pictures(rows: Rows, name: str) -> tuple[Rows, str]:
    """A uint8 array of pictures as rows (n, h, w, 3), read when they are, and what was assumed.

    Colour may be last or second (n, 3, h, w). Grey pictures, (n, h, w) or with one colour in place
    of three, get three equal colours. (n, h, w, 4) has an alpha channel, which must be 255. Rows
    (n, 3 * side * side) have the order of CIFAR's: all red pixels, all green ones, all blue ones.
    Raises SchemaError for other numbers or dimensions and for pictures that are partly transparent,
    AmbiguousError where the place of colour is not clear.
    """
    shape = rows.shape
    if rows.dtype != np.uint8:
        advice = " (multiply values in [0, 1] by 255 and round them)"
        raise SchemaError(
            f"{name}: expected pixels as uint8, 0 to 255, found {rows.dtype}"
            f"{advice if rows.dtype.kind == 'f' else ''}"
        )
    if any(size < 1 for size in shape):
        raise SchemaError(f"{name}: expected pictures, found none: shape {shape}")
    if len(shape) == 2:
        return _from_lines(rows, name)
    if len(shape) == 4 and shape[1] == shape[3] in (3, 4):
        raise AmbiguousError(
            f"{name}: shape {shape}: expected pictures of which it is clear whether colour "
            "is first or last"
        )
    if len(shape) == 4 and shape[3] == 3:
        return rows, ""
    if len(shape) == 4 and shape[1] == 3:
        last = (shape[0], *shape[2:], 3)
        return _changed(rows, last, lambda block: block.transpose(0, 2, 3, 1)), ""
    if len(shape) == 4 and shape[3] == 1:
        return _changed(rows, (*shape[:3], 3), lambda block: np.repeat(block, 3, axis=3)), ""
    if len(shape) == 4 and shape[1] == 1:
        last = (shape[0], *shape[2:], 3)
        return _changed(rows, last, lambda block: _coloured(block[:, 0])), ""
    if len(shape) == 4 and shape[3] == 4:
        return _without_alpha(rows, name), f"{name}: an alpha channel, 255 everywhere, is left out"
    if len(shape) == 3:
        return _changed(rows, (*shape, 3), _coloured), ""
    raise _other_shape(shape, name)


def _from_lines(rows: Rows, name: str) -> tuple[Rows, str]:
    """Pictures of which each is one row of pixels."""
    count, width = rows.shape
    side = math.isqrt(width // 3)
    if width != 3 * side * side or side < SMALLEST_SIDE:
        raise _other_shape(rows.shape, name)
    pictures = _changed(
        rows,
        (count, side, side, 3),
        lambda block: block.reshape(-1, 3, side, side).transpose(0, 2, 3, 1),
    )
    assumed = (
        f"{name}: rows of {width:,} taken as 3 x {side} x {side}, colour first, as CIFAR's are"
    )
    return pictures, assumed


def _without_alpha(rows: Rows, name: str) -> View:
    """The colours of opaque pictures. Raises SchemaError for one that is partly transparent."""
    count, height, width, _ = rows.shape
    step = max(1, BLOCK_BYTES // (height * width * 4))
    for start in range(0, count, step):
        opaque = (rows[start : min(start + step, count)][..., 3] == 255).all(axis=(1, 2))
        if not opaque.all():
            raise SchemaError(
                f"{name}: row {start + int(np.argmin(opaque))}: expected an opaque picture, found "
                "one that is partly transparent"
            )
    return _changed(rows, (count, height, width, 3), lambda block: block[..., :3])


def _changed(rows: Rows, shape: tuple[int, ...], change: Callable[[Array], Array]) -> View:
    def read(key: Any) -> Array:
        return change(rows[key])

    return View(shape, rows.dtype, read)


def _coloured(grey: Array) -> Array:
    return np.repeat(grey[..., None], 3, axis=-1)


def _other_shape(shape: tuple[int, ...], name: str) -> SchemaError:
    return SchemaError(
        f"{name}: expected pictures (n, h, w, 3), (n, 3, h, w), (n, h, w), (n, h, w, 4) or rows "
        f"(n, 3 * side * side), found {shape}"
    )

"""Importing made-up pictures, and what came of them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from c10h.errors import InputError
from c10h.files import Source
from c10h.images.import_request import Choice, Imported, ImportRequest
from c10h.images.importing import import_images
from c10h.records import Array


def png(value: int, size: tuple[int, int] = (3, 2)) -> bytes:
    """A picture of one grey."""
    stream = io.BytesIO()
    Image.new("RGB", size, (value,) * 3).save(stream, "PNG")
    return stream.getvalue()


def png_of(pixels: Array) -> bytes:
    """A picture of pixels, uint8 (h, w, 3)."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def imported(path: Path, **options: Any) -> Imported:
    """What ``data import`` makes of a path. options: of the request and of its choice."""
    choice = {key: options.pop(key) for key in list(options) if hasattr(Choice(), key)}
    for key in ("labels", "ids_file"):
        if isinstance(options.get(key), str | Path):
            options[key] = Source.open(str(options[key]))
    request = ImportRequest(path=str(path), choice=Choice(**choice), **options)
    return import_images(request, path.parent, lambda _: lambda _: None)


def refused(path: Path, says: str, error: type[InputError] = InputError, **options: Any) -> None:
    with pytest.raises(error, match=says):
        imported(path, **options)


def ids(found: Imported) -> list[str]:
    assert found.images.ids is not None
    return [str(one) for one in found.images.ids]


def truth(found: Imported) -> list[int]:
    assert found.images.truth is not None
    return [int(one) for one in found.images.truth]


def greys(found: Imported) -> list[int]:
    """What tells pictures of :func:`png` apart: their first pixels."""
    images = found.images.images
    return [int(one) for one in images[0 : images.shape[0]][:, 0, 0, 0]]

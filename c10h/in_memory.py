"""Inputs that are no files: what a program hands over."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

ROWS = 1 << 12
ARRAY = "(array)"

Content = TypeVar("Content")


@dataclass(frozen=True)
class InMemory(Generic[Content]):
    """A record (or a truth) in the place of a file. name: what messages and lineages call it."""

    content: Content
    name: str = ARRAY

    @property
    def stem(self) -> str:
        """The name."""
        return self.name

    @property
    def whole_name(self) -> str:
        """The name."""
        return self.name

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the content's fields but for its lineage, in hexadecimal."""
        digest = hashlib.sha256()
        for chunk in _chunks(self.content):
            digest.update(chunk)
        return digest.hexdigest()


def _chunks(value: Any) -> Iterator[bytes]:
    """Bytes that are different for different values: dataclasses, arrays, rows, texts, numbers."""
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        yield f"{value.dtype}{value.shape}".encode()
        yield from _rows(value)
    elif is_dataclass(value):
        for one in fields(value):
            if one.name != "lineage":
                yield one.name.encode()
                yield from _chunks(getattr(value, one.name))
    elif isinstance(value, Mapping):
        for key in sorted(value):
            yield str(key).encode()
            yield from _chunks(value[key])
    else:
        yield repr(value).encode()


def _rows(rows: Any) -> Iterator[bytes]:
    """The values of an array, or of rows that are read slice by slice, member by member."""
    import numpy as np

    if len(rows.shape) > 2 and not isinstance(rows, np.ndarray):
        places = [
            (member, slice(start, start + ROWS))
            for member in range(rows.shape[0])
            for start in range(0, rows.shape[1], ROWS)
        ]
        blocks: Iterator[Any] = (rows[place] for place in places)
    else:
        blocks = (rows[start : start + ROWS] for start in range(0, rows.shape[0], ROWS))
    for block in blocks:
        yield (
            repr(block.tolist()).encode()
            if block.dtype.kind in "UO"
            else np.ascontiguousarray(block).tobytes()
        )

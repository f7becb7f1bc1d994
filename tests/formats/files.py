"""Writing the files that tests of formats read."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from c10h import h5
from c10h.files import Source
from c10h.formats.hints import Hints
from c10h.formats.wide_layout import Wide, read_wide
from c10h.records import Array, Labels, Record


def save_text(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def save_npy(path: Path, values: Any) -> Path:
    np.save(path, values)
    return path


def save_torch(path: Path, content: object, **options: Any) -> Path:
    import torch

    torch.save(content, path, **options)
    return path


def save_table(folder: Path, content: str | bytes, name: str = "t.csv") -> Source:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return source_of(path)


def zipped(*members: tuple[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return target.getvalue()


def parquet(**columns: object) -> bytes:
    import polars

    target = io.BytesIO()
    polars.DataFrame(columns).write_parquet(target)
    return target.getvalue()


def source_of(path: Path, member: str = "") -> Source:
    return Source.open(f"{path}:{member}" if member else str(path))


def saved(folder: Path, values: Any, name: str = "x.npy") -> Source:
    """A file of that name with the values: an array, a text, or a record."""
    path = folder / name
    if isinstance(values, str):
        save_text(path, values)
    elif isinstance(values, Record):
        h5.write(values, str(path))
    else:
        save_npy(path, values)
    return source_of(path)


def opened(path: Path, member: str = "", **hints: Any) -> Wide:
    return read_wide(source_of(path, member), Hints(**hints))


def everything(wide: Wide) -> Array:
    return np.asarray(wide.rows[0 : wide.rows.shape[0]])


def probs_of(labels: Labels) -> Array:
    return labels.probs[0 : labels.probs.shape[0]]


def counts_of(labels: Labels) -> Array:
    assert labels.counts is not None
    return np.asarray(labels.counts[0 : labels.counts.shape[0]])

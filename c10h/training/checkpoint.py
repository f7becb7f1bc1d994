"""Networks on disk, with all that is needed to resume their training. Read with weights_only."""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import IO, Any

import torch
from torch import Tensor

from c10h import __version__
from c10h.digests import DIGEST, sealed_zip
from c10h.errors import FileError, SchemaError
from c10h.files import Source, atomic_output, reason, write_all
from c10h.formats.archives import check_torch_zip

SCHEMA = 1


@dataclass
class Checkpoint:
    """One network after ``step`` steps.

    network: its state. trained: int64 (k), the items (see ``hashes_of``, as signed numbers) that
    it was ever trained on, those of its ancestors included. optimizer, slow: states needed to go
    on, empty when ``is_done``. running: sums of the epoch that has begun, of loss and of correct
    answers. history: a row an epoch: its number, loss, accuracy, learning rate. results: figures by
    name, of the held-out items. grid: the same of each setting that was tried before.
    """

    network: Mapping[str, Tensor]
    trained: Tensor
    step: int = 0
    is_done: bool = False
    optimizer: Mapping[str, Any] = field(default_factory=dict)
    slow: Mapping[str, Tensor] = field(default_factory=dict)
    running: list[float] = field(default_factory=lambda: [0.0, 0.0])
    history: list[list[float]] = field(default_factory=list)
    results: dict[str, float] = field(default_factory=dict)
    grid: list[dict[str, float]] = field(default_factory=list)


def save(checkpoint: Checkpoint, path: Path) -> None:
    """Write a checkpoint, atomically. Raises OutputError, and then the older one is untouched."""
    content = {
        attribute.name: getattr(checkpoint, attribute.name) for attribute in fields(checkpoint)
    }
    # pickle writes a string that it meets again as a reference: one object for each makes equal
    # content equal bytes, whether names were read from a file or not.
    content["results"] = _interned(checkpoint.results)
    content["grid"] = [_interned(setting) for setting in checkpoint.grid]
    buffer = io.BytesIO()  # since torch takes a short write to a full disk for an error of its own
    torch.save({"schema": SCHEMA, "c10h": __version__, DIGEST: "sha256", **content}, buffer)
    with atomic_output(str(path)) as stream:
        # The bytes themselves, not a copy; getbuffer() keeps a stream from being collected.
        for part in sealed_zip(memoryview(buffer.getvalue())):
            write_all(stream, part)


def load(path: Path) -> Checkpoint:
    """Read a checkpoint onto the CPU.

    Raises FileError for no such file, a damaged one, or one that holds anything but tensors,
    numbers and text; SchemaError for one of another version.
    """
    try:
        has_digest = Source(path, str(path)).check_digest()
        if not has_digest:  # by which torch's own checksums are looked at, too
            check_torch_zip(path, str(path))
        with path.open("rb") as stream:
            content = _content(stream, path)
    except OSError as error:
        raise FileError(f"{path}: {reason(error)}") from error
    if not isinstance(content, dict) or "schema" not in content:
        raise FileError(f"{path}: expected a checkpoint of c10h, found a different torch file")
    if DIGEST in content and not has_digest:
        raise FileError(f"{path}: cut off: expected a SHA-256 as its last line, found none")
    if not isinstance(content["schema"], int) or content["schema"] != SCHEMA:
        raise SchemaError(
            f"{path}: expected schema version {SCHEMA}, found {content['schema']} "
            f"(written by c10h {content.get('c10h')})"
        )
    try:
        checkpoint = Checkpoint(
            **{attribute.name: content[attribute.name] for attribute in fields(Checkpoint)}
        )
    except KeyError as error:
        raise SchemaError(f"{path}: expected {error} in the checkpoint, found none") from error
    if not _is_plain(checkpoint):
        raise SchemaError(f"{path}: not in the form that c10h writes")
    return checkpoint


def _interned(figures: Mapping[str, float]) -> dict[str, float]:
    return {sys.intern(name): value for name, value in figures.items()}


def _content(stream: IO[bytes], path: Path) -> object:
    try:
        content: object = torch.load(stream, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file raises almost anything
        why = "damaged, or holds more than weights, which is never loaded"
        raise FileError(f"{path}: {why}") from error
    return content


def _is_plain(checkpoint: Checkpoint) -> bool:
    """Whether the parts that others use have the types that they should have."""
    return (
        all(
            isinstance(value, Mapping)
            for value in (checkpoint.network, checkpoint.optimizer, checkpoint.slow)
        )
        and all(isinstance(value, Tensor) for value in checkpoint.network.values())
        and isinstance(checkpoint.trained, Tensor)
        and checkpoint.trained.dtype == torch.int64
        and checkpoint.trained.ndim == 1
        and isinstance(checkpoint.step, int)
        and _are_rows(checkpoint.history)
        and _are_figures(checkpoint.results)
        and isinstance(checkpoint.grid, list)
        and all(map(_are_figures, checkpoint.grid))
        and _are_rows([checkpoint.running])
    )


def _are_rows(rows: object) -> bool:
    """Whether these are lists of numbers."""
    return isinstance(rows, list) and all(
        isinstance(row, list) and all(isinstance(value, int | float) for value in row)
        for row in rows
    )


def _are_figures(figures: object) -> bool:
    """Whether these are numbers by name."""
    return isinstance(figures, dict) and all(
        isinstance(name, str) and isinstance(value, int | float) for name, value in figures.items()
    )

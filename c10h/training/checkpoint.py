"""Networks on disk, with all that is needed to go on training them. Read with weights_only."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from c10h import __version__
from c10h.errors import FileError, SchemaError
from c10h.files import atomic_output, reason

SCHEMA = 1


@dataclass
class Checkpoint:
    """One network after ``step`` steps.

    network: its state. trained: int64 (k), the items (see ``item_hashes``, as signed numbers) that
    it was ever trained on, those of its ancestors included. optimizer, slow: states needed to go
    on, empty when ``is_done``. running: sums of the epoch that has begun. history: a row an epoch,
    (loss, accuracy, learning rate). results: figures by name, of the held-out items.
    """

    network: Mapping[str, Tensor]
    trained: Tensor
    step: int = 0
    is_done: bool = False
    optimizer: Mapping[str, Any] = field(default_factory=dict)
    slow: Mapping[str, Tensor] = field(default_factory=dict)
    running: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    history: list[list[float]] = field(default_factory=list)
    results: dict[str, float] = field(default_factory=dict)


def save(checkpoint: Checkpoint, path: Path) -> None:
    """Write a checkpoint, atomically. Raises OutputError, and then the older one is untouched."""
    content = {one.name: getattr(checkpoint, one.name) for one in fields(checkpoint)}
    with atomic_output(str(path)) as stream:
        torch.save({"schema": SCHEMA, "c10h": __version__, **content}, stream)


def load(path: Path) -> Checkpoint:
    """Read a checkpoint onto the CPU.

    Raises FileError for no such file, a damaged one, or one that holds anything but tensors,
    numbers and text; SchemaError for one of another version.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise FileError(f"{path}: {reason(error)}") from error
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError) as error:
        why = str(error).splitlines()[0]
        raise FileError(f"{path}: damaged, or not a checkpoint of weights only: {why}") from error
    if not isinstance(content, dict) or "schema" not in content:
        raise FileError(f"{path}: expected a checkpoint of c10h, found other torch data")
    if content["schema"] != SCHEMA:
        raise SchemaError(
            f"{path}: expected schema version {SCHEMA}, found {content['schema']} "
            f"(written by c10h {content.get('c10h')})"
        )
    try:
        return Checkpoint(**{one.name: content[one.name] for one in fields(Checkpoint)})
    except KeyError as error:
        raise SchemaError(f"{path}: expected {error} in the checkpoint, found none") from error

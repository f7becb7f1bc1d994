"""From arguments to records, and from a command to the lineage of its result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from c10h import __version__
from c10h.cli.console import say
from c10h.data.matrix import Selection
from c10h.data.readers import Meaning
from c10h.errors import InputError
from c10h.files import Source
from c10h.records import Input, Labels, Lineage, Predictions, Record
from c10h.stages.join import taken_by_position


def selection(columns: str | None, h5_path: str | None) -> Selection:
    """What to take from foreign files."""
    return Selection.parse(columns, h5_path)


def meaning(logits: bool, probs: bool) -> Meaning | None:
    """What the user says foreign predictions are. Raises InputError when told both."""
    if logits and probs:
        raise InputError("--logits and --probs exclude each other")
    return "logits" if logits else "probs" if probs else None


def split_name(argument: str) -> tuple[str | None, str]:
    """NAME=FILE as its two parts; an existing file whose name has a = needs no NAME."""
    name, equals, path = argument.partition("=")
    if not equals or not name or Path(argument).exists():
        return None, argument
    return name, path


def tell_positions(
    inputs: Sequence[tuple[str, Labels | Predictions | None]], classes: tuple[str, ...]
) -> None:
    """Say which inputs have no class names of their own and take these, in order."""
    for what, record in inputs:
        if record is not None and taken_by_position(record, classes):
            shown = ", ".join(classes[:4]) + (", …" if len(classes) > 4 else "")
            say(f"{what}: has no class names; its columns are taken as {shown}, in order")


def lineage_of(
    command: str,
    options: Mapping[str, Any],
    inputs: Sequence[tuple[str, Source, Record | None]],
    seed: int | None = None,
    excluded: Mapping[str, Any] | None = None,
) -> Lineage:
    """The lineage of a result. options: those that shape it, without paths; None is left out."""
    return Lineage(
        command=f"c10h {command}",
        options={
            name: value
            for name, value in options.items()
            if value is not None and value is not False and value != []
        },
        seed=seed,
        inputs=tuple(
            Input(
                role=role,
                name=source.name,
                sha256=source.sha256,
                kind=record.kind if record is not None and record.lineage else None,
                lineage=record.lineage if record is not None else None,
            )
            for role, source, record in inputs
        ),
        excluded=excluded or {},
        version=__version__,
    )

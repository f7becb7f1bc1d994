"""What options mean, and what is said of inputs, in several commands."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from c10h.cli.console import say
from c10h.errors import InputError
from c10h.formats.arrays import Selection
from c10h.formats.readers import Meaning
from c10h.records import Labels, Predictions
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

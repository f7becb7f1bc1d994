"""What options mean, and what is said of inputs, in several commands."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from c10h.cli.console import say
from c10h.errors import InputError
from c10h.files import split_member
from c10h.formats.hints import Meaning

if TYPE_CHECKING:
    from c10h.records import Labels, Predictions


def meaning(logits: bool, probs: bool) -> Meaning | None:
    """What the user says foreign numbers are. Raises InputError when told both."""
    if logits and probs:
        raise InputError("--logits and --probs exclude each other")
    return "logits" if logits else "probs" if probs else None


def split_name(argument: str) -> tuple[str | None, str]:
    """NAME=FILE as its two parts; an existing file whose name has a = needs no NAME."""
    name, equals, path = argument.partition("=")
    if not equals or not name or Path(argument).exists():
        return None, argument
    return name, path


def name_array(argument: str, name: str | None) -> str:
    """FILE:NAME of a file, of which ``--h5-path`` names the array; the user's own NAME stays."""
    return argument if name is None or split_member(argument)[1] else f"{argument}:{name}"


def tell_classes(
    inputs: Sequence[tuple[str, Labels | Predictions | None]], classes: tuple[str, ...]
) -> None:
    """Say which inputs have other names of classes than these, or none of their own."""
    from c10h.stages.class_order import class_names_note

    for what, record in inputs:
        note = "" if record is None else class_names_note(record, classes)
        if note:
            say(f"{what}: {note}")

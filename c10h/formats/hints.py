"""What the user says of a foreign file, where the file does not say it itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from c10h.errors import InputError
from c10h.formats.whole_numbers import is_index
from c10h.request_fields import shaping, switch

Meaning: TypeAlias = Literal["logits", "probs"]
# Called with one line for people about what was taken of a file.
Tell: TypeAlias = Callable[[str], None]

AUTO, LONG, WIDE, MATRIX = "auto", "long", "wide", "matrix"
LAYOUTS = (AUTO, LONG, WIDE, MATRIX)
# What helps where people's labels are no table with a number a class, for messages.
OTHER_LAYOUTS = (
    "c10h labels build reads items by annotators with --layout matrix, judgments with --layout long"
)
EMPTY_CELLS = (
    "c10h labels build --layout matrix reads items by annotators, with empty cells where nobody "
    "was asked; --missing zero reads empty cells as 0 votes"
)
# What a table of true classes has, which no option says.
TRUTH = "truth"


def silent(_: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Hints:
    """Options about foreign files, each None or at its default where nothing was said.

    columns: which columns are classes, by position or by name. item: the column of item names.
    classes: names in order. header: whether the first line of a text names columns. layout: one of
    LAYOUTS. meaning: whether numbers are logits or probabilities. one_based: class numbers begin
    at 1. min_votes: items with fewer votes are left out; 0 refuses items without any. zero: whether
    empty cells of a wide table are 0.
    """

    columns: slice | tuple[str, ...] | None = shaping(
        "columns", None, recorded=lambda columns: columns_text(columns)
    )
    item: str | None = shaping("item", None)
    classes: tuple[str, ...] | None = shaping("classes", None, recorded=",".join)
    header: bool | None = switch(None, header=True, no_header=False)
    layout: str = shaping("layout", AUTO, unless=AUTO, among=LAYOUTS)
    meaning: Meaning | None = switch(None, logits="logits", probs="probs")
    one_based: bool = shaping("one-based", False)
    min_votes: int = shaping("min-votes", 0, unless=0)
    zero: bool = shaping("missing", False, recorded=lambda zero: "zero")


NO_HINTS = Hints()


def make_hints(
    *,
    columns: str | slice | Sequence[str] | None = None,
    item: str | None = None,
    classes: str | Sequence[str] | None = None,
    header: bool | None = None,
    layout: str = AUTO,
    logits: bool = False,
    probs: bool = False,
    one_based: bool = False,
    min_votes: int = 0,
    zero: bool = False,
) -> Hints:
    """What the options about foreign files say; columns and classes as text are parsed.

    Raises InputError for what cannot be meant.
    """
    from c10h.formats.class_names import parse_classes

    if logits and probs:
        raise InputError("--logits and --probs exclude each other")
    if columns is not None and not isinstance(columns, slice):
        columns = parse_columns(columns) if isinstance(columns, str) else tuple(columns)
    return Hints(
        columns=columns,
        item=item,
        classes=parse_classes(classes) if isinstance(classes, str) else fixed(classes),
        header=header,
        layout=layout,
        meaning="logits" if logits else "probs" if probs else None,
        one_based=one_based,
        min_votes=min_votes,
        zero=zero,
    )


def fixed(names: Sequence[str] | None) -> tuple[str, ...] | None:
    """Names as a tuple, where there are any."""
    return tuple(map(str, names)) if names else None


def parse_columns(argument: str | None) -> slice | tuple[str, ...] | None:
    """``--columns``: 11:21 (Python's half-open range, from 0), or names: cat,dog,bird.

    Raises InputError for anything else.
    """
    if argument is None:
        return None
    start, colon, stop = argument.partition(":")
    if colon and is_index(start) and is_index(stop) and int(start) < int(stop):
        return slice(int(start), int(stop))
    names = tuple(name.strip() for name in argument.split(","))
    if len(names) < 2 or len(set(names)) < len(names) or "" in names:
        raise InputError(
            f"--columns {argument}: expected START:STOP, such as 11:21 for columns 11 to 20, or "
            "the names of two or more columns, such as cat,dog,bird"
        )
    return names


def columns_text(columns: slice | tuple[str, ...]) -> str:
    """What :func:`parse_columns` makes these of."""
    if isinstance(columns, slice):
        return f"{columns.start}:{columns.stop}"
    return ",".join(columns)


def brief(words: Sequence[object], most: int = 8) -> str:
    """The first few words of many, for messages."""
    shown = ", ".join(str(word) for word in words[:most])
    return f"{shown}, …" if len(words) > most else shown

"""What the user says of a foreign file, where the file does not say it itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from c10h.errors import InputError
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
    "c10h labels build reads items by annotators, some of whom were not asked, with --layout "
    "matrix, and empty cells as 0 with --missing zero"
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
    layout: str = shaping("layout", AUTO, unless=AUTO)
    meaning: Meaning | None = switch(None, logits="logits", probs="probs")
    one_based: bool = shaping("one-based", False)
    min_votes: int = shaping("min-votes", 0, unless=0)
    zero: bool = shaping("missing", False, recorded=lambda zero: "zero")


NO_HINTS = Hints()


def parse_columns(argument: str | None) -> slice | tuple[str, ...] | None:
    """``--columns``: 11:21 (Python's half-open range, from 0), or names: cat,dog,bird.

    Raises InputError for anything else.
    """
    if argument is None:
        return None
    start, colon, stop = argument.partition(":")
    if colon and start.isdecimal() and stop.isdecimal() and int(start) < int(stop):
        return slice(int(start), int(stop))
    names = tuple(name.strip() for name in argument.split(","))
    if len(names) < 2 or len(set(names)) < len(names) or "" in names:
        raise InputError(
            f"--columns {argument}: expected START:STOP, as 11:21 for columns 11 to 20, or the "
            "names of two or more columns, as cat,dog,bird"
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

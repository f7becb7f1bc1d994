"""An answer: what a result says on one screen of a terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from c10h.views.table import MISSING, Cell, Table

MINUS = "\N{MINUS SIGN}"
# Names above columns are letters with a legend where a name is longer.
LONGEST_NAME = 12
DIGITS = 3
STAR = "*: the 95 % interval excludes 0"
MORE = "--detail shows everything."
# What is said of things that an answer leaves out, and how a note on values begins that it has not.
IN_DETAIL, BEYOND = "in --detail", "with --detail: "
LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Amount(Enum):
    """How much a terminal shows: the sentences and the table, one screen, or everything."""

    QUIET = "quiet"
    SCREEN = "screen"
    DETAIL = "detail"


@dataclass(frozen=True)
class Answer:
    """What a result says, in the order in which a terminal shows it.

    sentences: no more than numbers and their intervals carry. table: one, None for none. chart:
    text in lines of at most so many characters, where it says more than the table. notes: what must
    be known to use the numbers. source: what they were made of, in one line.
    """

    sentences: Sequence[str] = ()
    table: Table | None = None
    chart: Callable[[int], str] | None = None
    notes: Sequence[str] = ()
    source: str = ""


def compact(value: float | None, *, signed: bool = False) -> str:
    """A figure to three decimals, with a minus sign; "-" where there is none."""
    if value is None or value != value:
        return MISSING
    if value in (float("inf"), float("-inf")):
        return "inf" if value > 0 else f"{MINUS}inf"
    if not (rounded := round(value, DIGITS)):
        return f"{0:.{DIGITS}f}"
    return f"{rounded:{'+' if signed else ''}.{DIGITS}f}".replace("-", MINUS)


def compact_interval(low: float | None, high: float | None) -> str:
    """An interval as ".594–.628", or "−.016 to −.012" where an end is negative; "" for none."""
    ends = [compact(end) for end in (low, high)]
    if MISSING in ends:
        return ""
    first, second = (end.replace("0.", ".", 1) if _below_one(end) else end for end in ends)
    return f"{first} to {second}" if MINUS in first + second else f"{first}–{second}"


def _below_one(text: str) -> bool:
    return text.removeprefix(MINUS).startswith("0.")


def with_interval(
    value: float | None, low: float | None, high: float | None, *, signed: bool = False
) -> str:
    """A figure and its interval in running text: "0.611 (.594–.628)"."""
    ends = compact_interval(low, high)
    text = compact(value, signed=signed)
    return f"{text} ({ends})" if ends else text


def short_names(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """What runs are called above columns, and a line that says which is which, if one is needed."""
    if all(len(name) <= LONGEST_NAME for name in names) or len(names) > len(LETTERS):
        return list(names), []
    letters = list(LETTERS[: len(names)])
    return letters, [
        "; ".join(f"{letter}: {name}" for letter, name in zip(letters, names, strict=True))
    ]


def interval_columns(
    header: str,
    figures: Sequence[tuple[float | None, float | None, float | None]],
    *,
    signed: bool = False,
    marks: Sequence[bool] | None = None,
) -> list[tuple[str, list[Cell]]]:
    """A column of values and one of their intervals, where there are any.

    marks: which values can be told from what they are compared with: these have a star, before
    them so that numbers stay aligned.
    """
    flags = [False] * len(figures) if marks is None else marks
    values = [
        Cell("*" * mark + compact(value, signed=signed), best=mark)
        for (value, _, _), mark in zip(figures, flags, strict=True)
    ]
    ends = [Cell(compact_interval(low, high)) for _, low, high in figures]
    columns = [(header, values)]
    return [*columns, ("95 %", ends)] if any(cell.text for cell in ends) else columns

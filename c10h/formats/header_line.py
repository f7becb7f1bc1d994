"""What the first line of a text or of a sheet is: names of columns, or the first row."""

from __future__ import annotations

import re
from collections.abc import Sequence

from c10h.errors import AmbiguousError, FileError
from c10h.files import Source
from c10h.formats.known_column_names import is_known

# How far the sum of rounded shares may be from 1.
SHARES_OFF = 0.05
MISSING = ("", "na", "n/a", "nan", "null", "none")
THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", re.ASCII)


def column_names_of(
    rows: Sequence[Sequence[str]],
    header: bool | None,
    source: Source,
    *,
    decimal_comma: bool = False,
) -> tuple[str, ...] | None:
    """The names in the first line; None where it is the first row.

    Raises AmbiguousError where it may be either.
    """
    first, rest = rows[0], rows[1:]
    if header is None:
        header = first_line_names(first, rest, decimal_comma=decimal_comma)
    if header is None:
        raise AmbiguousError(
            f"{source.name}: the first line, {' | '.join(first)[:60]}, may be a header or the "
            "first row: use --header or --no-header"
        )
    wide = next((number for number, row in enumerate(rest) if len(row) > len(rest[0])), None)
    if wide is not None:
        raise FileError(
            f"{source.name}: not a readable table: row {wide + (not header)}: expected "
            f"{len(rest[0])} cells as in the row above, found {len(rest[wide])}"
        )
    if not header:
        return None
    names = tuple(cell.strip() for cell in first)
    # R writes no name above the names of rows.
    return ("", *names) if rest and len(first) == max(map(len, rest)) - 1 else names


def first_line_names(
    first: Sequence[str], rows: Sequence[Sequence[str]], *, decimal_comma: bool = False
) -> bool | None:
    """Whether the first line of a text names its columns; None where it may do so or not.

    It does where it has words above numbers, or counts 0, 1, … or 1, 2, … beside a word or an
    empty cell; it does not where all of it is of the kind that is below.
    """

    def numeric(cell: str) -> bool:
        return is_number(cell, decimal_comma=decimal_comma)

    cells = [cell.strip() for cell in first]
    numbers = [cell for cell in cells if cell and numeric(cell)]
    words = [position for position, cell in enumerate(cells) if cell and not numeric(cell)]
    columns = [
        [row[position].strip() for row in rows if position < len(row)]
        for position in range(len(cells))
    ]
    below = [[cell for cell in column if cell.lower() not in MISSING] for column in columns]
    above_numbers = [
        position for position in words if below[position] and all(map(numeric, below[position]))
    ]
    if not numbers and not words:
        return True
    if not words:
        return _are_numbers_names(cells, numbers, rows, below)
    if any(THOUSANDS.fullmatch(cells[position]) for position in words) and not decimal_comma:
        return None
    if numbers and not _count_in_some_order(numbers):
        return (
            None if above_numbers or any(is_known(cells[position]) for position in words) else False
        )
    if above_numbers or (numbers and len(numbers) > 1):
        return True
    if numbers:  # one number beside words, and words below words: a row like the others
        return False
    again = any(cells[position] in below[position] for position in words)
    if any(is_known(cells[position]) for position in words):
        return None if again else True
    if len(cells) == 1:
        return False
    return None if rows else True


def _are_numbers_names(
    cells: Sequence[str],
    numbers: Sequence[str],
    rows: Sequence[Sequence[str]],
    below: Sequence[Sequence[str]],
) -> bool | None:
    """Whether a first line without words names columns by number; None where it may or not.

    cells: of the line. numbers: those that are not empty. below: the cells of each column.
    """
    counts = _count(numbers)
    first_is_empty = cells[0] == "" and len(below[0]) == len(rows) > 0
    if counts and (len(numbers) > 1 or numbers == ["0"]) and first_is_empty:
        return True
    if not rows or len(numbers) < 2:
        return False
    is_row = _is_a_row_of_shares(cells, rows)
    if not counts and _count_in_some_order(numbers):
        return False if is_row else None
    if not counts:
        return None if _are_above_fractions(cells, below) else False
    whole = [cell.isdecimal() for column in below for cell in column]
    # pandas, which writes such names, writes no whole numbers among fractions.
    return None if all(whole) or (is_row and any(whole)) else True


def _count(numbers: Sequence[str]) -> bool:
    """Whether these are 0, 1, … or 1, 2, …"""
    return list(numbers) in ([str(n + start) for n in range(len(numbers))] for start in (0, 1))


def _count_in_some_order(numbers: Sequence[str]) -> bool:
    return all(map(str.isdecimal, numbers)) and _count(sorted(numbers, key=int))


def _are_above_fractions(cells: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether different whole numbers are above columns in which no cell is written as one."""
    return (
        all(cell.isdecimal() for cell in cells)
        and len(set(cells)) == len(cells)
        and not any(cell.isdecimal() for column in below for cell in column)
        and sum(map(int, cells)) != 1
    )


def _is_a_row_of_shares(cells: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether 0, 1 or 1, 0 may be the first of rows that all sum to 1, and not two names."""
    if sorted(cells) != ["0", "1"]:
        return False
    try:
        return all(abs(sum(map(float, row)) - 1) < SHARES_OFF for row in rows)
    except ValueError:
        return False


def is_number(cell: str, *, decimal_comma: bool = False) -> bool:
    """Whether a cell of a text is a number."""
    try:
        float(cell.replace(",", ".", 1) if decimal_comma else cell)
    except ValueError:
        return False
    return "_" not in cell

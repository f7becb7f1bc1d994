"""Tables: cells of finished text. Numbers are formatted where their meaning is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from textwrap import fill

from c10h.views.forms.column_packing import pack

MISSING = "-"
# What a column takes on a terminal besides its text.
GAP = 2


def one_line(text: str) -> str:
    """A text in one line without control characters, and with single spaces."""
    return inert(" ".join(text.split()))


def inert(text: str) -> str:
    """A text without line breaks and other control characters."""
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text
    )


def shortened(text: str, room: int) -> str:
    """A text with its middle left out where it is too long."""
    text = one_line(text)
    if len(text) <= room:
        return text
    return f"{text[: room - room // 2 - 1]}…{text[len(text) - room // 2 :]}"


@dataclass(frozen=True)
class Cell:
    """A value, an addition in small print (an interval), and whether it is the best of its kind."""

    text: str
    small: str = ""
    best: bool = False

    def __post_init__(self) -> None:
        """Take out what would break a row or command the terminal: names can have that."""
        if not self.text.isprintable():
            object.__setattr__(self, "text", one_line(self.text))

    def plain(self) -> str:
        """Value and addition in one line."""
        return f"{self.text} ({self.small})" if self.small else self.text


@dataclass(frozen=True)
class Table:
    """Rows under a header. The first ``labels`` columns are names, the others numbers.

    notes: lines below the table.
    """

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    labels: int = 1
    notes: Sequence[str] = field(default_factory=tuple)

    def __post_init__(self) -> None:
        """The same of title, header and notes as of cells, for these tell names, too."""
        object.__setattr__(self, "title", one_line(self.title))
        object.__setattr__(self, "header", [one_line(name) for name in self.header])
        object.__setattr__(self, "notes", [one_line(note) for note in self.notes])


@dataclass(frozen=True)
class HeaderGroup:
    """Columns under one title; without a title, a single column. first: of the columns."""

    title: str
    names: Sequence[str]
    first: int


def header_groups(table: Table) -> list[HeaderGroup]:
    """The columns of a table by what they share, as ``accuracy ↑`` over ``near`` and ``far``.

    Columns of numbers that stand side by side share the first word of their headers, and the arrow
    at the end.
    """
    groups = []
    for key, columns in groupby(range(len(table.header)), lambda column: _shared(table, column)):
        members = list(columns)
        if len(members) > 1:
            word, arrow = key[:2]
            names = [
                table.header[column][len(word) + 1 :].removesuffix(arrow) for column in members
            ]
            groups.append(HeaderGroup(word + arrow, names, members[0]))
        else:
            groups += [HeaderGroup("", [table.header[column]], column) for column in members]
    return groups


def _shared(table: Table, column: int) -> tuple[str, str, int]:
    """The first word of a header and its arrow, and a number of its own where there is no more."""
    name = table.header[column]
    arrow = name[-2:] if name.endswith((" ↑", " ↓")) else ""
    word, _, rest = name.removesuffix(arrow).partition(" ")
    is_alone = column < table.labels or not rest
    return (word, arrow, column if is_alone else -1)


def without_small_print(table: Table) -> Table:
    """A table without intervals and notes."""
    rows = [[replace(cell, small="") for cell in row] for row in table.rows]
    return replace(table, rows=rows, notes=())


def text_table(header: Sequence[str], rows: Sequence[Sequence[str]], title: str = "") -> Table:
    """A table of words alone."""
    return Table(title, header, [[Cell(text) for text in row] for row in rows], len(header))


def of_columns(
    title: str,
    names: Sequence[tuple[str, Sequence[str]]],
    columns: Sequence[tuple[str, Sequence[Cell]]],
    notes: Sequence[str] = (),
) -> Table:
    """A table from its columns, each with its header: those that name the rows, then the others."""
    every = [(header, [Cell(word) for word in words]) for header, words in names]
    every += [(header, list(cells)) for header, cells in columns]
    rows = list(zip(*(cells for _, cells in every), strict=True))
    return Table(title, [header for header, _ in every], rows, len(names), notes)


def number(value: float | None, digits: int = 4) -> str:
    """A figure to four decimals; "-" where there is none, "inf" where it is infinite."""
    if value is None or value != value:
        return MISSING
    if value in (float("inf"), float("-inf")):
        return "inf" if value > 0 else "-inf"
    return f"{value:.{digits}f}"


def interval(low: float | None, high: float | None) -> str:
    """An interval as "low to high"; empty where there is none."""
    ends = number(low), number(high)
    return "" if MISSING in ends else f"{ends[0]} to {ends[1]}"


def headings(table: Table) -> list[str]:
    """The name of each column below :func:`group_line`, in lines.

    Those of numbers are no wider than their cells where words allow, but for the last of a group
    whose title needs the room.
    """
    names = []
    for group in header_groups(table):
        columns = range(group.first, group.first + len(group.names))
        lines = [
            name if column < table.labels else _heading(name, _widest(table, column))
            for column, name in zip(columns, group.names, strict=True)
        ]
        if group.title:
            sizes = [
                max(_widest(table, column), *map(len, text.splitlines()))
                for column, text in zip(columns, lines, strict=True)
            ]
            room = len(group.title) - sum(sizes[:-1]) - GAP * (len(sizes) - 1)
            lines[-1] = lines[-1].rjust(room) if "\n" not in lines[-1] else lines[-1]
        names += lines
    return names


def group_line(table: Table, sizes: Sequence[int]) -> str:
    """The titles of groups of columns, each over the middle of its own; empty without groups."""
    line = ""
    for group in header_groups(table):
        last = group.first + len(group.names)
        room = sum(sizes[group.first : last]) + GAP * (len(group.names) - 1)
        line += group.title.center(room) + " " * GAP
    return line.rstrip()


def _widest(table: Table, column: int) -> int:
    cells = [row[column] for row in table.rows]
    return max((max(len(cell.text), len(cell.small)) for cell in cells), default=1)


def _heading(name: str, widest: int) -> str:
    """A name in lines of so many characters where words allow; an underscore ends one, too."""
    name = name.replace(" ↑", "\N{NO-BREAK SPACE}↑")
    name = name.replace(" ↓", "\N{NO-BREAK SPACE}↓")
    name = name.replace("_", "_ ")
    lines = fill(name, max(1, widest), break_long_words=False, break_on_hyphens=False)
    return lines.replace("_ ", "_")


def sizes_of(table: Table) -> list[int]:
    """The characters that each column needs."""
    sizes = [max(map(len, name.splitlines() or [""])) for name in headings(table)]
    return [max(size, _widest(table, column)) for column, size in enumerate(sizes)]


def split(table: Table, width: int) -> list[Table]:
    """The table as parts of at most ``width`` characters, each with the naming columns.

    A value and its small print count as two lines of one cell.
    """
    parts = pack([size + GAP for size in sizes_of(table)], table.labels, width)
    return [
        replace(
            table,
            title=table.title if number == 0 else "",
            header=[table.header[column] for column in part],
            rows=[[row[column] for column in part] for row in table.rows],
            notes=table.notes if number == len(parts) - 1 else (),
        )
        for number, part in enumerate(parts)
    ]

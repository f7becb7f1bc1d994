"""Tables, and the formats that they can be written in.

A table is cells of finished text; numbers are formatted where their meaning is known. FORMATS is
the table of formats.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from textwrap import fill
from typing import Any

from c10h.report.fitting import pack
from c10h.report.latex_table import to_latex

MISSING = "-"
# What a column takes on a terminal besides its text.
GAP = 3


def one_line(text: str) -> str:
    """A text in one line without control characters."""
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}"
        for letter in " ".join(text.split())
    )


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


def to_plain(tables: Sequence[Table]) -> str:
    """Aligned text without colour or lines, for pipes and files."""
    parts = []
    for table in tables:
        texts = [list(table.header), *([cell.plain() for cell in row] for row in table.rows)]
        widths = [max(len(row[column]) for row in texts) for column in range(len(table.header))]
        lines = [table.title, ""] if table.title else []
        for row in texts:
            aligned = (
                text.ljust(size) if column < table.labels else text.rjust(size)
                for column, (text, size) in enumerate(zip(row, widths, strict=True))
            )
            lines.append("  ".join(aligned).rstrip())
        if table.notes:
            lines += ["", *table.notes]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def to_markdown(tables: Sequence[Table]) -> str:
    """GitHub-flavoured Markdown; the best of each kind in bold."""
    parts = []
    for table in tables:
        lines = [f"### {escape_markdown(table.title)}", ""] if table.title else []
        lines.append(_markdown_row(map(escape_markdown, table.header)))
        lines.append(
            _markdown_row(
                ":---" if column < table.labels else "---:" for column in range(len(table.header))
            )
        )
        lines += [_markdown_row(_markdown_cell(cell) for cell in row) for row in table.rows]
        for note in table.notes:
            lines += ["", escape_markdown(note)]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def to_csv(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Comma-separated values with a header, numbers in full precision, nothing for None."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(["" if value is None else value for value in row] for row in rows)
    return stream.getvalue()


def to_json_text(value: Any) -> str:
    """JSON for people and programs: indented, and never the NaN that JSON does not have."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def heading(table: Table, column: int) -> str:
    """The name of a column, in lines that are no wider than its cells where words allow.

    An underscore ends a word, too.
    """
    cells = [row[column] for row in table.rows]
    widest = max((max(len(cell.text), len(cell.small)) for cell in cells), default=1)
    name = table.header[column].replace(" ↑", "\N{NO-BREAK SPACE}↑")
    name = name.replace(" ↓", "\N{NO-BREAK SPACE}↓")
    name = name.replace("_", "_ ")
    lines = fill(name, max(1, widest), break_long_words=False, break_on_hyphens=False)
    return lines.replace("_ ", "_")


def split(table: Table, width: int) -> list[Table]:
    """The table as parts of at most ``width`` characters, each with the naming columns.

    A value and its small print count as two lines of one cell.
    """
    sizes = [
        max(map(len, heading(table, column).splitlines() or [""]))
        if column >= table.labels
        else len(table.header[column])
        for column in range(len(table.header))
    ]
    for row in table.rows:
        for column, cell in enumerate(row):
            sizes[column] = max(sizes[column], len(cell.text), len(cell.small))
    parts = pack([size + GAP for size in sizes], table.labels, width)
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


FORMATS: Mapping[str, Callable[[Sequence[Table]], str]] = {
    "terminal": to_plain,
    "markdown": to_markdown,
    "latex": to_latex,
}


def render(
    form: str,
    tables: Sequence[Table],
    header: Sequence[str],
    rows: Sequence[Sequence[object]],
    value: Any,
) -> str:
    """One result in any form: ``tables`` for people, ``rows`` under ``header`` as CSV, or JSON."""
    if form == "json":
        return to_json_text(value)
    return to_csv(header, rows) if form == "csv" else FORMATS[form](tables)


def _markdown_row(texts: Iterable[str]) -> str:
    return "| " + " | ".join(texts) + " |"


def _markdown_cell(cell: Cell) -> str:
    text = escape_markdown(cell.text)
    text = f"**{text}**" if cell.best else text
    return f"{text} ({cell.small})" if cell.small else text


def escape_markdown(text: str) -> str:
    """A text in which Markdown finds nothing to do."""
    return "".join("\\" + letter if letter in "\\|*_`<[&~$" else letter for letter in text)

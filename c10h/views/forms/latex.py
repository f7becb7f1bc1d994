"""Tables as LaTeX for the booktabs package, no wider than the text of the article class.

A value and its interval stand on two lines. What is still too wide is turned, if it fits then, and
else comes in parts below each other, each with the naming columns; what is too long comes in parts
between which a page can end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from textwrap import wrap
from typing import TYPE_CHECKING

from c10h.views.forms.column_packing import pack
from c10h.views.forms.latex_text import escape, lost, paragraph
from c10h.views.forms.tables import FOOT
from c10h.views.table import one_line

if TYPE_CHECKING:
    from c10h.views.table import Cell, Table

PACKAGE = "% Needs \\usepackage{booktabs}.\n"
# What the text of the article class takes of \small letters, and the gap between two columns.
WIDTH, GAP = 72, 1.8
# An interval in \scriptsize beside a value in \small.
SCRIPT = 0.8
# Letters of one line in a naming column, as many as there is room for, and in others.
NAMES, VALUE = (60, 30, 20), 25
# Lines of a tabular at most.
LINES = 40
SPACE = "\N{NO-BREAK SPACE}"
ARROWS = ("↑", "↓")
STARRED = re.compile(r"[-+]?[\d.]+\*")
VERDICT = re.compile(r"(\S+) +(yes|NO|-)")
MINUS = re.compile(r"(?<!\S)-(?=\d|inf)")


@dataclass(frozen=True)
class Line:
    """A line of a cell, as plain text."""

    text: str
    is_best: bool = False
    is_small: bool = False

    @property
    def size(self) -> float:
        return len(self.text) * (SCRIPT if self.is_small else 1)

    def latex(self) -> str:
        """The line as LaTeX; what stands behind a number does not move its digits."""
        if checked := VERDICT.fullmatch(self.text):
            value, word = checked.groups()
            text = rf"{MINUS.sub('$-$', value)} \makebox[1.8em][r]{{{word}}}"
            return f"\\textbf{{{text}}}" if self.is_best else text
        star = r"\rlap{*}" if STARRED.fullmatch(self.text) else ""
        text = MINUS.sub("$-$", escape(self.text.removesuffix("*") if star else self.text))
        if self.is_small:
            return f"{{\\scriptsize {text}}}"
        return (f"\\textbf{{{text}}}" if self.is_best else text) + star


@dataclass(frozen=True)
class Sheet:
    """A table as it is set: names of columns, and of each row and column its lines."""

    heads: Sequence[str]
    rows: Sequence[Sequence[Sequence[Line]]]
    labels: int

    @property
    def sizes(self) -> list[float]:
        """What each column takes, with its gap."""
        return [
            max(self.cells(column), *map(len, self.head(column))) + GAP
            for column in range(len(self.heads))
        ]

    @property
    def width(self) -> float:
        return sum(self.sizes) - GAP

    def cells(self, column: int) -> float:
        """What the cells of a column take."""
        return max((line.size for row in self.rows for line in row[column]), default=0)

    def head(self, column: int, name: str | None = None) -> list[str]:
        """The name of a column in lines no wider than its cells, where words allow."""
        name = self.heads[column] if name is None else name
        for arrow in ARROWS:
            name = name.replace(f" {arrow}", f"{SPACE}{arrow}")
        width = max(1, round(self.cells(column)))
        lines = wrap(name, width, break_long_words=False, break_on_hyphens=False)
        return [line.replace(SPACE, " ") for line in lines] or [""]

    def turned(self) -> Sheet:
        """Columns down and rows across."""
        heads = [" ".join(line.text for cell in row[: self.labels] for line in cell)
                 for row in self.rows]  # fmt: skip
        columns = range(self.labels, len(self.heads))
        rows = [[[Line(self.heads[c])], *(row[c] for row in self.rows)] for c in columns]
        return Sheet(["", *heads], rows, 1)

    def part(self, columns: Sequence[int]) -> Sheet:
        """Some of the columns."""
        rows = [[row[column] for column in columns] for row in self.rows]
        return Sheet([self.heads[column] for column in columns], rows, self.labels)


def to_latex(tables: Sequence[Table]) -> str:
    """LaTeX tabulars for the booktabs package; the best of each kind in bold.

    The title of a table that is alone is a comment: its place is the caption.
    """
    return "\n".join(_block(table, has_title=len(tables) > 1) for table in tables)


def add_foot(text: str, lines: Sequence[str]) -> str:
    """A text with the package that it needs, and below it comments on how it was made."""
    foot = f"% {FOOT}:\n" if lines else ""
    return PACKAGE + text + foot + "".join(f"% {one_line(line)}\n" for line in lines)


def _block(table: Table, *, has_title: bool) -> str:
    lines = [f"% {escape(table.title)}"] if table.title else []
    lines += _losses(table)
    lines += [r"\begingroup\small\setlength{\tabcolsep}{4pt}"]
    if table.title and has_title:
        title = paragraph(table.title)
        lines.append(rf"{{\raggedright\noindent\textbf{{{title}}}\par}}\nopagebreak\smallskip")
    for sheet in _fitted(table):
        for part in _pages(sheet):
            lines += [r"\noindent", *_tabular(part), r"\par\smallskip"]
    if table.notes:
        lines.append(r"\footnotesize\raggedright")
        lines += [rf"\noindent {paragraph(note)}\par" for note in table.notes]
    lines += [r"\endgroup\medskip"]
    return "\n".join(lines) + "\n"


def _losses(table: Table) -> list[str]:
    """A comment on the letters that could not be written."""
    cells = (text for row in table.rows for cell in row for text in (cell.text, cell.small))
    unknown = lost("".join([table.title, *table.header, *cells, *table.notes]))
    letters = [letter if letter.isprintable() else f"U+{ord(letter):04X}" for letter in unknown]
    return [f"% Not in pdfLaTeX, and replaced: {' '.join(letters)}"] if letters else []


def _sheet(table: Table, name: int) -> Sheet:
    """The table with at most ``name`` letters in a line of a naming column."""
    rows = [
        [_lines(cell, name if column < table.labels else VALUE) for column, cell in enumerate(row)]
        for row in table.rows
    ]
    return Sheet(table.header, rows, table.labels)


def _lines(cell: Cell, width: int) -> list[Line]:
    """The lines of a cell: broken behind commas, else between words, else anywhere."""
    whole = wrap(
        re.sub(r"(?<!,) ", SPACE, cell.text), width, break_long_words=False, break_on_hyphens=False
    )
    texts = [
        piece
        for line in whole
        for piece in wrap(line.replace(SPACE, " "), width, break_on_hyphens=False)
    ] or [""]
    small = [Line(cell.small, is_small=True)] if cell.small else []
    return [*(Line(text, is_best=cell.best) for text in texts), *small]


def _fitted(table: Table) -> list[Sheet]:
    """The table as it is where it fits, turned if that fits, or parts of it."""
    sheets = [_sheet(table, name) for name in NAMES]
    for sheet in (*sheets, *(sheet.turned() for sheet in sheets)):
        if sheet.width <= WIDTH:
            return [sheet]
    cut = next(
        (sheet for sheet in sheets if sum(sheet.sizes[: sheet.labels]) < WIDTH / 2), sheets[-1]
    )
    return [cut.part(columns) for columns in pack(cut.sizes, cut.labels, WIDTH + GAP)]


def _pages(sheet: Sheet) -> Iterator[Sheet]:
    """Parts of at most LINES lines, or of one row."""
    rows: list[Sequence[Sequence[Line]]] = []
    used = 0
    for row in sheet.rows:
        depth = max(map(len, row))
        if rows and used + depth > LINES:
            yield Sheet(sheet.heads, rows, sheet.labels)
            rows, used = [], 0
        rows.append(row)
        used += depth
    yield Sheet(sheet.heads, rows, sheet.labels)


def _tabular(sheet: Sheet) -> Iterator[str]:
    columns = "l" * sheet.labels + "r" * (len(sheet.heads) - sheet.labels)
    yield f"\\begin{{tabular}}{{@{{}}{columns}@{{}}}}"
    yield r"\toprule"
    yield from _header(sheet)
    yield r"\midrule"
    for row in sheet.rows:
        yield from _row([[line.latex() for line in cell] for cell in row])
    yield r"\bottomrule"
    yield r"\end{tabular}"


def _header(sheet: Sheet) -> Iterator[str]:
    """Names of columns; what columns side by side have in common stands above all of them."""
    grouped = [("", name) for name in sheet.heads[: sheet.labels]]
    grouped += _grouped(sheet.heads[sheet.labels :])
    if any(group for group, _ in grouped):
        texts, rules, start = [], [], 1
        for group, alike in groupby(grouped, key=lambda pair: pair[0]):
            size = len(list(alike))
            if group:
                texts.append(f"\\multicolumn{{{size}}}{{c}}{{{escape(group)}}}")
                rules.append(f"\\cmidrule(lr){{{start}-{start + size - 1}}}")
            else:
                texts += [""] * size
            start += size
        yield from _row([[text] for text in texts])
        yield "".join(rules)
    heads = [sheet.head(column, name) for column, (_, name) in enumerate(grouped)]
    depth = max(map(len, heads))
    yield from _row([[""] * (depth - len(head)) + [*map(escape, head)] for head in heads], "")


def _grouped(names: Sequence[str]) -> list[tuple[str, str]]:
    """The first word of names side by side that share it, and what is left of each."""
    found = []
    for first, alike in groupby(names, key=lambda name: name.partition(" ")[0]):
        rests = [name.partition(" ")[2] for name in alike]
        arrows = {rest[-2:] for rest in rests}
        if len(rests) == 1 or any(rest in ("", *ARROWS) for rest in rests):
            found += [("", f"{first} {rest}".strip()) for rest in rests]
        elif len(arrows) == 1 and (arrow := arrows.pop()).strip() in ARROWS:
            found += [(first + arrow, rest.removesuffix(arrow)) for rest in rests]
        else:
            found += [(first, rest) for rest in rests]
    return found


def _row(cells: Sequence[Sequence[str]], gap: str = "[2pt]") -> Iterator[str]:
    """A row in as many lines as its longest cell has, and below several of them a gap."""
    depth = max(map(len, cells))
    for line in range(depth):
        text = " & ".join(cell[line] if line < len(cell) else "" for cell in cells)
        # Behind the end of a row these would be an option of it.
        guard = "{}" if text.startswith(("[", "*")) else ""
        yield f"{guard}{text} \\\\{gap if depth > 1 and line == depth - 1 else ''}"

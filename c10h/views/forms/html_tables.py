"""Tables as plain HTML without style or script, as notebooks show them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

from c10h.views.table import Cell, Table


def to_html_tables(tables: Sequence[Table]) -> str:
    """One <table> each, with its title as caption, and its notes below; names are escaped."""
    return str(Markup("\n").join(map(_table, tables)))


def _table(table: Table) -> Markup:
    caption = Markup("<caption>{}</caption>\n").format(table.title) if table.title else Markup("")
    header = _row(Markup('<th scope="col">{}</th>').format(name) for name in table.header)
    rows = Markup("\n").join(_row(map(_cell, row)) for row in table.rows)
    notes = Markup("").join(Markup("\n<p>{}</p>").format(note) for note in table.notes)
    return Markup("<table>\n{}<thead>\n{}\n</thead>\n<tbody>\n{}\n</tbody>\n</table>{}").format(
        caption, header, rows, notes
    )


def _row(cells: Iterable[Markup]) -> Markup:
    return Markup("<tr>{}</tr>").format(Markup("").join(cells))


def _cell(cell: Cell) -> Markup:
    text = Markup("<strong>{}</strong>").format(cell.text) if cell.best else escape(cell.text)
    small = Markup("<br><small>{}</small>").format(cell.small) if cell.small else Markup("")
    return Markup("<td>{}{}</td>").format(text, small)

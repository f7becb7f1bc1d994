"""What a result looks like: its parts, of which every form is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from c10h.views.forms.csv_rows import rows_to_csv
from c10h.views.forms.json_text import to_json_text
from c10h.views.forms.tables import TABLE_FORMS, render_with_foot
from c10h.views.table import Table

# Characters a line of a chart that no terminal shows.
WIDTH = 80


@dataclass(frozen=True)
class Display:
    """A result as it is shown. Each part is a function, so that only what a form needs is made.

    tables: for people. json: what becomes JSON by :func:`~c10h.views.forms.json_text.plain`. rows:
    values by column, for CSV, where a result has this form. charts: text below the tables in a
    terminal, in lines of at most so many characters, where there is any. in_terminal: the tables of
    a terminal, where these are different ones. foot: lines on how the result was made, below the
    tables of forms that have a foot.
    """

    tables: Callable[[], Sequence[Table]]
    json: Callable[[], Any]
    rows: Callable[[], Sequence[Mapping[str, object]]] | None = None
    charts: Callable[[int], str] | None = None
    in_terminal: Callable[[], Sequence[Table]] | None = None
    foot: Callable[[], Sequence[str]] | None = None

    def text(self, form: str) -> str:
        """The result in one of TABLE_FORMS, as csv or as json."""
        if form == "json":
            return to_json_text(self.json())
        if form == "csv":
            assert self.rows is not None, "a command has only the forms of its result"
            return rows_to_csv(self.rows())
        if form == "terminal":
            tables = self.terminal_tables()
            return TABLE_FORMS[form].write(tables) + self.below(tables, WIDTH)
        if self.foot is not None:
            return render_with_foot(form, self.tables(), self.foot())
        return TABLE_FORMS[form].write(self.tables())

    def terminal_tables(self) -> Sequence[Table]:
        """The tables that a terminal shows."""
        return self.tables() if self.in_terminal is None else self.in_terminal()

    def below(self, tables: Sequence[Table], width: int) -> str:
        """The charts, with an empty line between the tables and them."""
        gap = "\n" if tables else ""
        return "" if self.charts is None else gap + self.charts(width)

"""What a result looks like: its parts, of which every form is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from c10h.views.forms.csv_rows import rows_to_csv
from c10h.views.forms.json_text import to_json_text
from c10h.views.forms.tables import TABLE_FORMS
from c10h.views.table import Table

# Characters a line of a chart that no terminal shows.
WIDTH = 80


@dataclass(frozen=True)
class Display:
    """A result as it is shown. Each part is a function, so that only what a form needs is made.

    tables: for people. json: what becomes JSON by :func:`~c10h.views.forms.json_text.plain`. rows:
    values by column, for CSV, where a result has this form. charts: text below the tables in a
    terminal, in lines of at most so many characters, where there is any.
    """

    tables: Callable[[], Sequence[Table]]
    json: Callable[[], Any]
    rows: Callable[[], Sequence[Mapping[str, object]]] | None = None
    charts: Callable[[int], str] | None = None

    def text(self, form: str) -> str:
        """The result in one of TABLE_FORMS, as csv or as json."""
        if form == "json":
            return to_json_text(self.json())
        if form == "csv":
            assert self.rows is not None, "a command has only the forms of its result"
            return rows_to_csv(self.rows())
        tables = self.tables()
        text = TABLE_FORMS[form].write(tables)
        return text + self.below(tables, WIDTH) if form == "terminal" else text

    def below(self, tables: Sequence[Table], width: int) -> str:
        """The charts, with an empty line between the tables and them."""
        gap = "\n" if tables else ""
        return "" if self.charts is None else gap + self.charts(width)

"""What a result looks like: its parts, of which every form is made."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from c10h.views.answer import Amount, Answer
from c10h.views.forms.csv_rows import rows_to_csv
from c10h.views.forms.json_text import to_json_text
from c10h.views.forms.plain import answers_to_plain
from c10h.views.forms.tables import TABLE_FORMS, render_with_foot
from c10h.views.table import Table

# Characters a line of what no terminal shows, unless COLUMNS says otherwise.
WIDTH = 80


def plain_width() -> int:
    """Characters a line of a text that is not for a terminal: what COLUMNS says, or 80."""
    return shutil.get_terminal_size((WIDTH, 24)).columns


@dataclass(frozen=True)
class Display:
    """A result as it is shown. Each part is a function, so that only what a form needs is made.

    tables: for people. json: what becomes JSON by :func:`~c10h.views.forms.json_text.plain`. rows:
    values by column, for CSV, where a result has this form. charts: text below the tables in a
    terminal, in lines of at most so many characters, where there is any. in_terminal: the tables of
    a terminal, where these are different ones. foot: lines on how the result was made, below the
    tables of forms that have a foot. answers: what a terminal shows in place of all that, unless
    the ``amount`` is everything.
    """

    tables: Callable[[], Sequence[Table]]
    json: Callable[[], Any]
    rows: Callable[[], Sequence[Mapping[str, object]]] | None = None
    charts: Callable[[int], str] | None = None
    in_terminal: Callable[[], Sequence[Table]] | None = None
    foot: Callable[[], Sequence[str]] | None = None
    answers: Callable[[], Sequence[Answer]] | None = None
    amount: Amount = Amount.SCREEN

    def text(self, form: str) -> str:
        """The result in one of TABLE_FORMS, as csv or as json."""
        if form == "json":
            return to_json_text(self.json())
        if form == "csv":
            assert self.rows is not None, "a command has only the forms of its result"
            return rows_to_csv(self.rows())
        if form == "terminal" and (answers := self.shown_answers()) is not None:
            return answers_to_plain(answers, self.amount, plain_width())
        if form == "terminal":
            tables = self.terminal_tables()
            return TABLE_FORMS[form].write(tables) + self.below(tables, plain_width())
        if self.foot is not None:
            return render_with_foot(form, self.tables(), self.foot())
        return TABLE_FORMS[form].write(self.tables())

    def shown_answers(self) -> Sequence[Answer] | None:
        """What a terminal shows in place of tables and charts; None where it shows these."""
        if self.answers is None or self.amount is Amount.DETAIL:
            return None
        return self.answers()

    def terminal_tables(self) -> Sequence[Table]:
        """The tables that a terminal shows."""
        return self.tables() if self.in_terminal is None else self.in_terminal()

    def below(self, tables: Sequence[Table], width: int) -> str:
        """The charts, with an empty line between the tables and them."""
        gap = "\n" if tables else ""
        return "" if self.charts is None else gap + self.charts(width)

"""The forms that tables are written in, a row each.

Nothing that its import runs imports more than help texts need.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from c10h.deferred import Deferred

if TYPE_CHECKING:
    from c10h.views.table import Table


class TableForm(NamedTuple):
    """A form that tables are written in. write: tables as text. suffixes: of such files.

    add_foot: a text, and below it lines on how it was made; None for a form that has no foot.
    """

    write: Callable[[Sequence[Table]], str]
    suffixes: tuple[str, ...]
    add_foot: Callable[[str, Sequence[str]], str] | None = None


# What a foot is headed by.
FOOT = "How the files were made, inputs first"

TABLE_FORMS: Mapping[str, TableForm] = {
    "terminal": TableForm(Deferred("c10h.views.forms.plain:to_plain"), (".txt",)),
    "markdown": TableForm(
        Deferred("c10h.views.forms.markdown:to_markdown"),
        (".md", ".markdown"),
        Deferred("c10h.views.forms.markdown:add_foot"),
    ),
    "latex": TableForm(
        Deferred("c10h.views.forms.latex:to_latex"),
        (".tex",),
        Deferred("c10h.views.forms.latex:add_foot"),
    ),
}


def render_with_foot(form: str, tables: Sequence[Table], lines: Sequence[str]) -> str:
    """Tables in one of TABLE_FORMS; lines: on how they were made, for the foot."""
    row = TABLE_FORMS[form]
    text = row.write(tables)
    return text if row.add_foot is None else row.add_foot(text, lines)

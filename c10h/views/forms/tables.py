"""The forms that tables are written in, a row each, and one result in any of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from c10h.views.forms.csv_rows import to_csv
from c10h.views.forms.json_text import to_json_text
from c10h.views.forms.latex import to_latex
from c10h.views.forms.markdown import to_markdown
from c10h.views.forms.plain import to_plain
from c10h.views.table import Table

TABLE_FORMS: Mapping[str, Callable[[Sequence[Table]], str]] = {
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
    return to_csv(header, rows) if form == "csv" else TABLE_FORMS[form](tables)

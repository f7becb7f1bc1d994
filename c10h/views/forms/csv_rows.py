"""Rows as comma-separated values."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from c10h.views.forms.json_text import plain
from c10h.views.table import inert

# How a cell begins that a spreadsheet computes.
FORMULAS = ("=", "+", "-", "@")


def to_csv(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Comma-separated values with a header, numbers in full precision, nothing for None.

    Names may be a stranger's: control characters are replaced, and what a spreadsheet would compute
    has an apostrophe before it.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerows([_cell(value) for value in row] for row in [header, *rows])
    return stream.getvalue()


def _cell(value: object) -> object:
    if value is None:
        return ""
    if not isinstance(value, str):
        return value
    text = inert(value)
    return f"'{text}" if text.startswith(FORMULAS) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def rows_to_csv(rows: Sequence[Mapping[str, object]]) -> str:
    """The same of rows by column, where a column that a row lacks is empty.

    Columns are in the order in which rows first have them. Infinities are "inf", NaN is nothing.
    """
    header = list(dict.fromkeys(name for row in rows for name in row))
    return to_csv(header, [[plain(row.get(name)) for name in header] for row in rows])

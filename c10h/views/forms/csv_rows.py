"""Rows as comma-separated values."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from c10h.views.forms.json_text import plain


def to_csv(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Comma-separated values with a header, numbers in full precision, nothing for None."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(["" if value is None else value for value in row] for row in rows)
    return stream.getvalue()


def rows_to_csv(rows: Sequence[Mapping[str, object]]) -> str:
    """The same of rows by column, where a column that a row lacks is empty.

    Columns are in the order in which rows first have them. Infinities are "inf", NaN is nothing.
    """
    header = list(dict.fromkeys(name for row in rows for name in row))
    return to_csv(header, [[plain(row.get(name)) for name in header] for row in rows])

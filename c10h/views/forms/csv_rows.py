"""Rows as comma-separated values."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from c10h.views.forms.json_text import plain


def to_csv(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Comma-separated values with a header, numbers in full precision.

    Nothing stands for None and NaN, "inf" and "-inf" for infinities.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(["" if value is None else value for value in plain(row)] for row in rows)
    return stream.getvalue()

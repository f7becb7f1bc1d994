"""Rows as comma-separated values."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence


def to_csv(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Comma-separated values with a header, numbers in full precision, nothing for None."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(["" if value is None else value for value in row] for row in rows)
    return stream.getvalue()

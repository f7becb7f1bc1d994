"""Tables of items as files for other programs."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from c10h.files import atomic_output, write_all
from c10h.views.forms.csv_rows import rows_to_csv

if TYPE_CHECKING:
    import polars

ITEM_FORMS = ("parquet", "csv")


def write_items(table: polars.DataFrame, output: str, form: str) -> None:
    """Write a table in one of ITEM_FORMS, atomically. Raises OutputError."""
    content = io.BytesIO()
    if form == "parquet":
        table.write_parquet(content)
    else:
        content.write(rows_to_csv(table.rows(named=True)).encode())
    with atomic_output(output) as stream:
        write_all(stream, content.getvalue())

"""CSV that a spreadsheet may open."""

from __future__ import annotations

import csv
import io
import math

import pytest

from c10h.views.forms.csv_rows import rows_to_csv, to_csv


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-cat", "'-cat"),
        ("+cat", "'+cat"),
        ("-1.5", "-1.5"),
        ("+1e3", "+1e3"),
        ("a\x1b[31m", "a\ufffd[31m"),
        ("cat", "cat"),
        (-1.5, "-1.5"),
        (None, ""),
    ],
)
def test_cells_are_inert_and_numbers_stay(cell: object, shown: str) -> None:
    rows = list(csv.reader(io.StringIO(to_csv(["name", "other"], [[cell, 1]]))))
    assert rows == [["name", "other"], [shown, "1"]]


def test_columns_are_those_of_all_rows() -> None:
    text = rows_to_csv([{"a": 1}, {"b": math.inf, "a": math.nan}])
    assert list(csv.reader(io.StringIO(text))) == [["a", "b"], ["1", ""], ["", "inf"]]

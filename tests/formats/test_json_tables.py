"""Tables in JSON: what becomes a row in each of the forms that people write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from c10h.errors import AmbiguousError, FileError
from c10h.files import Source
from c10h.formats.hints import AUTO, LONG, TRUTH, WIDE
from c10h.formats.json_tables import json_lines_table, json_table

Rows = list[dict[str, Any]]
JUDGMENTS: Rows = [
    {"annotator": "ann", "item": "x", "label": "cat"},
    {"annotator": "bob", "item": "x", "label": "dog"},
    {"annotator": "ann", "item": "y", "label": "dog"},
]


def table_in(folder: Path, content: object, layout: str = AUTO) -> Rows:
    """The rows of a JSON text. content: a text, or what is to be written as one."""
    path = folder / "t.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    frame, _ = json_table(Source(path, path.name), layout)
    return frame.collect().to_dicts()


@pytest.mark.parametrize(
    ("content", "layout", "rows"),
    [
        ([{"a": 1, "b": 2}, {"a": 3, "b": 4}], AUTO, [{"a": 1, "b": 2}, {"a": 3, "b": 4}]),
        ([[1, 2], [3, 4]], AUTO, [{"0": 1, "1": 2}, {"0": 3, "1": 4}]),
        ([1, 2], AUTO, [{"0": 1}, {"0": 2}]),
        ({"a": 1, "b": 2}, AUTO, [{"a": 1, "b": 2}]),
        ({"x": "cat", "y": "dog"}, TRUTH,
         [{"item": "x", "truth": "cat"}, {"item": "y", "truth": "dog"}]),
        # By column, as many values in each.
        ({name: [row[name] for row in JUDGMENTS] for name in JUDGMENTS[0]}, AUTO, JUDGMENTS),
        # By column and row, as pandas writes them.
        (json.loads(pd.DataFrame(JUDGMENTS).to_json()), AUTO, JUDGMENTS),
        # By item and annotator.
        ({"x": {"ann": "cat", "bob": "dog"}, "y": {"ann": "dog"}}, AUTO, JUDGMENTS),
        ({"x": {"ann": 0}, "y": {"bob": 1}}, LONG,
         [{"annotator": "ann", "item": "x", "label": 0},
          {"annotator": "bob", "item": "y", "label": 1}]),
        # By item and class; what an item does not have is 0, but for logits.
        ({"x": {"cat": 3, "dog": 1}, "y": {"dog": 4}}, WIDE,
         [{"item": "x", "cat": 3, "dog": 1}, {"item": "y", "cat": 0, "dog": 4}]),
        ({"x": {"cat": -3.5, "dog": 1}, "y": {"dog": 4}}, WIDE,
         [{"item": "x", "cat": -3.5, "dog": 1}, {"item": "y", "cat": None, "dog": 4}]),
        ({"x": [3, 1], "y": [0, 4]}, WIDE,
         [{"item": "x", "numbers": [3, 1]}, {"item": "y", "numbers": [0, 4]}]),
        # Items with all classes that can be right.
        ({"x": ["cat"], "y": ["cat", "dog"]}, AUTO,
         [{"item": "x", "valid": ["cat"]}, {"item": "y", "valid": ["cat", "dog"]}]),
        # A record on each line, whatever the file is called.
        ('{"a": 1}\n{"a": 2}\n', AUTO, [{"a": 1}, {"a": 2}]),
    ],
)  # fmt: skip
def test_rows(tmp_path: Path, content: object, layout: str, rows: Rows) -> None:
    found = table_in(tmp_path, content, layout)
    if rows is JUDGMENTS:  # of which only the names of the columns have an order
        found = sorted(
            ({key: row[key] for key in JUDGMENTS[0]} for row in found), key=JUDGMENTS.index
        )
    assert found == rows


@pytest.mark.parametrize(
    ("content", "says", "error"),
    [
        ([{"a": 1}, [2]], "expected rows of the same kind, found record and list", FileError),
        ([], "expected a list or a dictionary", FileError),
        ("3", "expected a list or a dictionary, found 3", FileError),
        ('{"a": 1}\n{"a": ', "not readable as JSON", FileError),
        ("{", "not readable as JSON", FileError),
        ({"x": {"cat": 1, "dog": 2}}, "--layout long reads it as", AmbiguousError),
        ({"x": [1, 2], "y": [3, 4]}, "--layout long reads it as", AmbiguousError),
    ],
)
def test_no_table(tmp_path: Path, content: object, says: str, error: type[Exception]) -> None:
    with pytest.raises(error, match=says) as caught:
        table_in(tmp_path, content)
    assert "\n" not in str(caught.value)


def test_columns_of_pandas_are_no_items(tmp_path: Path) -> None:
    by_column = json.loads(pd.DataFrame({"cat": [3, 1], "dog": [0, 4]}).to_json())
    with pytest.raises(AmbiguousError, match=r"orient='records'"):
        table_in(tmp_path, by_column, WIDE)


def test_one_record_in_json_lines_is_a_row(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text('{"a": 1, "b": 2}\n')
    frame, named = json_lines_table(Source(path, path.name), AUTO)
    assert named
    assert frame.collect().to_dicts() == [{"a": 1, "b": 2}]

"""Tables in .json and .jsonl: records, rows, columns, and what crowds' data sets are written in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from c10h.errors import AmbiguousError, FileError
from c10h.files import Source
from c10h.formats.hints import AUTO, LONG, TRUTH, WIDE, brief
from c10h.formats.known_column_names import recognise
from c10h.formats.polars_failures import polars_failures

if TYPE_CHECKING:
    import polars

Value: TypeAlias = Any
# What the columns of judgments are called that are written as {item: {annotator: label}}.
JUDGMENT_COLUMNS = ("annotator", "item", "label")


def json_table(source: Source, layout: str) -> tuple[polars.LazyFrame, bool]:
    """The table in a JSON text: see :func:`_table`."""
    return _table(source, False, layout)


def json_lines_table(source: Source, layout: str) -> tuple[polars.LazyFrame, bool]:
    """The table in a text with a value in JSON on each line: see :func:`_table`."""
    return _table(source, True, layout)


def _table(source: Source, lines: bool, layout: str) -> tuple[polars.LazyFrame, bool]:
    """The table in a JSON text, and whether its columns have names.

    A list of records, of rows or of single values; a record a line; {column: [value, …]}; or
    {item: {annotator: label}}, which becomes a table of judgments. layout: LONG, WIDE (items with
    {class: number} or a list of numbers each), TRUTH (items with a class each) or AUTO for
    dictionaries.
    Raises FileError for other texts, AmbiguousError for a dictionary with two readings.
    """
    import polars

    content = _parse(source, lines)
    named = True
    if isinstance(content, Mapping):
        rows: Sequence[Value] = _rows_of_dictionary(content, source, layout)
    else:
        rows = content
        named = isinstance(rows[0], Mapping)
    kinds = {_kind(row) for row in rows}
    if len(kinds) > 1 and kinds != {"list", "missing"}:
        shown = " and ".join(dict.fromkeys(map(_kind, rows)))  # a set has no order
        raise FileError(f"{source.name}: expected rows of the same kind, found {shown}")
    if kinds == {"list"} and _are_rows(rows):
        rows = [{str(position): value for position, value in enumerate(row)} for row in rows]
    elif not named:
        rows = [{"0": row} for row in rows]
    try:
        frame = polars.DataFrame(rows, infer_schema_length=None, strict=False)
    except polars_failures(TypeError, ValueError, OverflowError) as error:
        raise FileError(f"{source.name}: not a table: {str(error).splitlines()[0]}") from error
    return frame.lazy(), named


def _parse(source: Source, lines: bool) -> Mapping[str, Value] | Sequence[Value]:
    try:
        text = source.path.read_text(encoding="utf-8-sig")
        try:
            content = json.loads(text)
        except json.JSONDecodeError:
            if not lines and "\n" not in text.strip():
                raise
            content = [json.loads(line) for line in text.splitlines() if line.strip()]
        if lines and isinstance(content, Mapping):
            content = [content]
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FileError(f"{source.name}: not readable as JSON: {error}") from error
    if not isinstance(content, Mapping | list) or not content:
        raise FileError(f"{source.name}: expected a list or a dictionary, found {content!r:.40}")
    return content


def _kind(row: Value) -> str:
    if row is None:
        return "missing"
    if isinstance(row, Mapping):
        return "record"
    return "list" if isinstance(row, list) else "value"


def _are_rows(rows: Sequence[Sequence[Value]]) -> bool:
    """Whether lists are rows of a table: two or more values each, as many in each."""
    widths = {len(row) for row in rows}
    nested = any(isinstance(value, list | Mapping) for row in rows for value in row)
    return len(widths) == 1 and widths != {0} and widths != {1} and not nested


def _rows_of_dictionary(
    content: Mapping[str, Value], source: Source, layout: str
) -> Sequence[Mapping[str, Value]]:
    """Records of {column: [value, …]}, {item: {annotator: label}} and {item: {class: number}}."""
    inner = list(content.values())
    kinds = {_kind(value) for value in inner}
    if kinds == {"value"} and layout == TRUTH:
        return [{"item": item, "truth": value} for item, value in content.items()]
    if kinds == {"value"}:
        return [content]
    is_table = not recognise(list(content)).lacking
    if kinds == {"list"} and (is_table or len({len(value) for value in inner}) > 1):
        if is_table and len({len(value) for value in inner}) == 1:
            return [dict(zip(content, row, strict=True)) for row in zip(*inner, strict=True)]
        return [{"item": item, "valid": value} for item, value in content.items()]
    if kinds == {"record"} and is_table:
        keys = list(inner[0])
        return [{name: column.get(key) for name, column in content.items()} for key in keys]
    words = all(isinstance(label, str) for value in inner for label in _values(value))
    if kinds == {"record"} and (layout == LONG or (layout == AUTO and words)):
        return [
            dict(zip(JUDGMENT_COLUMNS, (annotator, item, label), strict=True))
            for item, labels in content.items()
            for annotator, label in labels.items()
        ]
    if layout == WIDE and kinds == {"record"}:
        return _numbers_of_items(content, source)
    if layout == WIDE and kinds == {"list"}:
        return [{"item": item, "numbers": numbers} for item, numbers in content.items()]
    raise AmbiguousError(
        f"{source.name}: a dictionary by {brief(list(content), 3)}: --layout long reads it as "
        "{item: {annotator: label}}, --layout wide as items with a number for each class"
    )


def _numbers_of_items(
    content: Mapping[str, Mapping[str, Value]], source: Source
) -> Sequence[Mapping[str, Value]]:
    """Records of {item: {class: number}}, where a class that an item does not have is 0.

    Raises AmbiguousError for what pandas writes, {column: {row: number}}.
    """
    classes = list(dict.fromkeys(name for numbers in content.values() for name in numbers))
    rows = [str(number) for number in range(len(classes))]
    if len(rows) >= len(content) and all(list(numbers) == rows for numbers in content.values()):
        raise AmbiguousError(
            f"{source.name}: {brief(list(content), 3)} each have a number for 0 to "
            f"{len(rows) - 1}, like columns written by pandas: use to_json(orient='records') to "
            "write rows"
        )
    values = [value for numbers in content.values() for value in numbers.values()]
    if not all(isinstance(value, int | float) and value >= 0 for value in values):
        return [{"item": item, **numbers} for item, numbers in content.items()]
    absent = dict.fromkeys(classes, 0)
    return [{"item": item, **absent, **numbers} for item, numbers in content.items()]


def _values(value: Value) -> Sequence[Value]:
    if isinstance(value, Mapping):
        return list(value.values())
    return value if isinstance(value, list) else [value]

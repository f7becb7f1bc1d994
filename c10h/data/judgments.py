"""Judgments of people, one row each: who chose which label for which item.

The trial file of CIFAR-10H and two plain layouts are recognised by their columns (LAYOUTS); the
columns of any other table are named by options.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np

from c10h import h5
from c10h.data import tables
from c10h.errors import FileError, InputError, SchemaError
from c10h.files import Source
from c10h.records import Array

if TYPE_CHECKING:
    import polars

SUFFIXES = (".csv", ".tsv", ".csv.gz", ".tsv.gz", ".zip", ".parquet")
TRUE, FALSE = ("1", "true", "1.0"), ("0", "false", "0.0")
NO_NUMBER = ("", "na", "nan", "null", "none")


@dataclass(frozen=True)
class Columns:
    """Which column of a table holds what. ``name`` is the class name of the label."""

    annotator: str | None = None
    item: str | None = None
    label: str | None = None
    check: str | None = None
    correct: str | None = None
    rt: str | None = None
    true_label: str | None = None
    name: str | None = None

    def named(self) -> dict[str, str]:
        """The columns that are known, by their part."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {part: column for part, column in values.items() if column is not None}

    def over(self, other: Columns) -> Columns:
        """These columns, and those of ``other`` where these are not known."""
        return replace(other, **self.named())


# The README of CIFAR-10H and its trial file spell the index column in two ways.
_TRIALS = Columns(
    annotator="annotator_id",
    label="chosen_label",
    check="is_attn_check",
    correct="correct_guess",
    rt="reaction_time",
    true_label="true_label",
    name="chosen_category",
)
LAYOUTS = (
    replace(_TRIALS, item="cifar10_test_test_idx"),
    replace(_TRIALS, item="cifar10_test_set_idx"),
    Columns(annotator="annotator", item="item", label="label"),
    Columns(annotator="worker", item="task", label="label"),
)


REQUIRED = ("annotator", "item", "label")


@dataclass(frozen=True)
class Codes:
    """A column of words: the word of row t is ``words[row[t]]``.

    words: sorted by code points.
    row: uint32 (t); len(words) where a row has none.
    """

    words: Array
    row: Array


@dataclass(frozen=True)
class Judgments:
    """t rows of a table of judgments, attention checks included.

    check: whether a row is an attention check; correct: whether its answer was right. None where
        the table does not tell.
    rt: reaction time in the table's unit, NaN where missing. true_label, name: words of the true
        class and of the label's class.
    """

    source: str
    annotator: Codes
    item: Codes
    label: Codes
    check: Array | None = None
    correct: Array | None = None
    rt: Array | None = None
    true_label: Codes | None = None
    name: Codes | None = None

    def __len__(self) -> int:
        return len(self.annotator.row)


def recognise(source: Source) -> Columns | None:
    """The columns of a table in one of the LAYOUTS; None for any other file.

    Raises FileError for an archive or parquet file that is damaged or refused.
    """
    if source.name != "stdin" and not source.name.lower().endswith(SUFFIXES):
        return None
    names = set(tables.header_of(source) or ())
    return next((layout for layout in LAYOUTS if set(layout.named().values()) <= names), None)


def holds_judgments(source: Source, columns: Columns) -> bool:
    """Whether a file is to be read as judgments.

    It is where its columns are named or recognised, or where it is a compressed table, which
    nothing else that is read as labels can be. Raises FileError for a damaged archive.
    """
    compressed = source.name.lower().endswith((".csv.gz", ".tsv.gz", ".zip"))
    return bool(columns.named()) or compressed or recognise(source) is not None


def open_judgments(source: Source, columns: Columns) -> Judgments:
    """Read a table of judgments. ``columns`` come before those of a recognised layout.

    Raises FileError for a broken table, InputError for a column that is not known or not there,
    SchemaError for values that are missing or senseless.
    """
    columns = columns.over(recognise(source) or Columns())
    named = columns.named()
    found = tables.header_of(source)
    if found is None:
        tables.refuse_encoding(source)
        raise FileError(f"{source.name}: expected a table, found {h5.describe_head(source)}")
    shown = ", ".join(found[:20]) + (", ..." if len(found) > 20 else "")
    for part in (*REQUIRED, *named):
        option = "--" + part.replace("_", "-")
        if part not in named:
            raise InputError(
                f"{source.name}: which column is the {part}? {option} names it; found {shown}"
            )
        if named[part] not in found:
            raise InputError(
                f"{source.name}: expected a column {named[part]!r} ({option}), found {shown}"
            )
    table = tables.collect(tables.scan(source).select(_expressions(named)), source)
    if not table.height:
        raise SchemaError(f"{source.name}: expected judgments, found a header only")
    judgments = Judgments(
        source=source.name,
        annotator=_codes(table["annotator"]),
        item=_codes(table["item"]),
        label=_codes(table["label"]),
        check=_flags(table["check"], "check", source) if columns.check else None,
        correct=_flags(table["correct"], "correct", source) if columns.correct else None,
        rt=_numbers(table, source) if columns.rt else None,
        true_label=_codes(table["true_label"]) if columns.true_label else None,
        name=_codes(table["name"]) if columns.name else None,
    )
    _refuse_missing(judgments)
    return judgments


def whole_numbers(words: Array) -> Array | None:
    """Words as different numbers of 0 or more, int64; None where they are not all that.

    "4.0" counts as 4: other programs write it where a column of numbers has gaps. "007" is a name.
    """
    matches = [re.fullmatch(r"(0|[1-9]\d{0,17})(\.0)?", str(word)) for word in words]
    plain = [match[1] for match in matches if match is not None]
    if len(plain) != len(words):
        return None
    numbers = np.array(plain, dtype=np.int64)
    return numbers if len(np.unique(numbers)) == len(numbers) else None


def _expressions(named: Mapping[str, str]) -> list[polars.Expr]:
    """Words as codes, which take little memory; reaction times as numbers."""
    import polars

    # Categories that nobody else uses: codes of one column do not grow by another's words.
    words = [
        polars.col(column)
        .cast(polars.String)
        .cast(polars.Categorical(polars.Categories.random(part)))
        .alias(part)
        for part, column in named.items()
        if part != "rt"
    ]
    if "rt" not in named:
        return words
    text = polars.col(named["rt"]).cast(polars.String).str.strip_chars()
    number = text.cast(polars.Float64, strict=False)
    unreadable = number.is_null() & ~text.str.to_lowercase().is_in(NO_NUMBER)
    return [*words, number.alias("rt"), unreadable.fill_null(False).alias("unreadable")]


def _codes(column: polars.Series) -> Codes:
    """Codes in the order of the sorted words, whatever order polars met them in."""
    present = column.drop_nulls().unique()
    words = np.array([word.strip() for word in present.cast(str).to_list()], dtype=np.str_)
    ordered, rank = np.unique(words, return_inverse=True)
    physical = present.to_physical().to_numpy()
    rows = column.to_physical()
    highest = int(physical.max()) + 1 if len(physical) else 0
    lookup = np.full(highest + 1, len(ordered), dtype=np.uint32)
    lookup[physical] = rank
    return Codes(ordered, lookup[rows.fill_null(highest).to_numpy()])


def _flags(column: polars.Series, part: str, source: Source) -> Array:
    """Yes and no as booleans. A missing ``correct`` is no: it matters for checks alone."""
    codes = _codes(column)
    lowered = [str(word).lower() for word in codes.words]
    for word in lowered:
        if word not in TRUE + FALSE + NO_NUMBER:
            raise SchemaError(f"{source.name}: --{part}: expected 0 or 1, found {word!r}")
    if part == "check":
        missing = [word in NO_NUMBER for word in lowered] + [True]
        row = _first(np.array(missing)[codes.row])
        if row is not None:
            raise SchemaError(f"{source.name}: row {row}: --check: expected 0 or 1, found nothing")
    return np.array([word in TRUE for word in lowered] + [False])[codes.row]


def _numbers(table: polars.DataFrame, source: Source) -> Array:
    row = _first(table["unreadable"].to_numpy())
    if row is not None:
        raise SchemaError(f"{source.name}: row {row}: --rt: expected a number of time units")
    return table["rt"].fill_null(float("nan")).to_numpy()


def _refuse_missing(judgments: Judgments) -> None:
    """Raise SchemaError for a row without annotator, or a judgment without item or label."""
    judged = None if judgments.check is None else ~judgments.check
    for part in REQUIRED:
        codes: Codes = getattr(judgments, part)
        missing = codes.row == len(codes.words)
        if len(codes.words) and codes.words[0] == "":
            missing |= codes.row == 0
        if judged is not None and part != "annotator":
            missing &= judged
        row = _first(missing)
        if row is not None:
            raise SchemaError(f"{judgments.source}: row {row}: expected the {part}, found nothing")


def _first(wrong: Array) -> int | None:
    return int(np.argmax(wrong)) if wrong.any() else None

"""Which columns of a table hold judgments, and reading them.

The trial file of CIFAR-10H and two plain layouts are recognised by their columns (LAYOUTS); the
columns of any other table are named by options. Nothing here needs numpy, so that a table can be
read while that is imported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from c10h.errors import FileError, InputError
from c10h.files import Source
from c10h.formats import tables
from c10h.parallel import Later

if TYPE_CHECKING:
    import polars

SUFFIXES = (".csv", ".tsv", ".csv.gz", ".tsv.gz", ".zip", ".parquet")
NO_NUMBER = ("", "na", "nan", "null", "none")


@dataclass(frozen=True)
class Columns:
    """Which column of a table holds what; "" where none shall. ``name``: class of the label."""

    annotator: str | None = None
    item: str | None = None
    label: str | None = None
    check: str | None = None
    correct: str | None = None
    rt: str | None = None
    true_label: str | None = None
    name: str | None = None
    # Whether everything but names is known to be whole numbers, which are faster to read.
    whole: bool = False

    def named(self) -> dict[str, str]:
        """The columns that are known, by their part."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {part: one for part, one in values.items() if isinstance(one, str) and one}

    def over(self, other: Columns) -> Columns:
        """These columns, and those of ``other`` where these are not known."""
        known = {field.name: getattr(self, field.name) for field in fields(self)}
        told = {part: one for part, one in known.items() if isinstance(one, str)}
        return replace(other, **told, whole=other.whole and not self.named())


# The README of CIFAR-10H and its trial file spell the index column in two ways.
_TRIALS = Columns(
    annotator="annotator_id",
    label="chosen_label",
    check="is_attn_check",
    correct="correct_guess",
    rt="reaction_time",
    true_label="true_label",
    name="chosen_category",
    whole=True,
)
_PLAIN = Columns(
    "annotator", "item", "label", "check", "correct", "rt", "true_label", name="label_name"
)
# A table is recognised by annotator, item and label; it may lack the others.
LAYOUTS = (
    replace(_TRIALS, item="cifar10_test_test_idx"),
    replace(_TRIALS, item="cifar10_test_set_idx"),
    _PLAIN,
    replace(_PLAIN, annotator="worker", item="task"),
)
NOTHING = Columns()
# Name of a column that only makes polars read whole lines.
WHOLE_LINE = "whole line"
REQUIRED = ("annotator", "item", "label")


def recognise(source: Source) -> Columns | None:
    """The columns of a table in one of the LAYOUTS, as far as it has them; None for other files.

    Raises FileError for an archive or parquet file that is damaged or refused.
    """
    if source.name != "stdin" and not source.name.lower().endswith(SUFFIXES):
        return None
    names = tables.header_of(source) or ()
    for layout in LAYOUTS:
        if {layout.annotator, layout.item, layout.label} <= set(names):
            lacking: dict[str, Any] = {
                part: None for part, column in layout.named().items() if column not in names
            }
            return replace(layout, **lacking)
    return None


def holds_judgments(source: Source, columns: Columns) -> bool:
    """Whether a file is to be read as judgments.

    It is where its columns are named or recognised, or where it is a compressed table, which
    nothing else that is read as labels can be. Raises FileError for a damaged archive.
    """
    compressed = source.name.lower().endswith((".csv.gz", ".tsv.gz", ".zip"))
    return bool(columns.named()) or compressed or recognise(source) is not None


@dataclass(frozen=True)
class Reading:
    """A table of judgments that is being read: its columns, and the table once it is there."""

    source: Source
    columns: Columns
    table: Later[polars.DataFrame]


def begin_reading(source: Source, columns: Columns, *, times: bool = True) -> Reading:
    """Find the columns of a table and begin to read them.

    ``columns`` come before those of a recognised layout, of which reaction times are read only
    where ``times`` are of use. Raises FileError for what is no table,
    InputError for a column that is not known or not there.
    """
    layout = recognise(source) or NOTHING
    columns = columns.over(layout if times else replace(layout, rt=None))
    named = columns.named()
    found = tables.header_of(source)
    if found is None:
        from c10h.h5 import describe_head

        if source.name.lower().endswith(SUFFIXES):
            tables.refuse_encoding(source)
        raise FileError(f"{source.name}: expected a table, found {describe_head(source)}")
    if not any(found):
        raise FileError(f"{source.name}: expected a table, found an empty one")
    shown = ", ".join(found[:20]) + (", ..." if len(found) > 20 else "")
    for part in (*REQUIRED, *named):
        option = "--" + part.replace("_", "-")
        if part not in named:
            raise InputError(
                f"{source.name}: which column is the {part}? {option} names it; found {shown}"
            )
        if found.count(named[part]) != 1:
            count = "one" if named[part] in found else "a"
            raise InputError(
                f"{source.name}: expected {count} column {named[part]!r} ({option}), found {shown}"
            )

    import polars  # noqa: F401 - here and not in the thread, since imports wait for each other

    def read() -> polars.DataFrame:
        if columns.whole and not source.head(4).startswith(b"PAR1"):
            with suppress(FileError):  # what is no whole number is found again as text
                return _read_numbers(source, named)
        places = {part: found.index(column) for part, column in named.items()}
        return tables.collect(tables.scan(source).select(_expressions(places)), source)

    return Reading(source, columns, Later(read))


def hash_ahead(reading: Reading) -> None:
    """Hash the file for a lineage once it is read, while other work goes on."""

    def hash_file() -> str:
        reading.table.result()  # reading has the processors first
        return reading.source.sha256  # which the source keeps

    Later(hash_file)


def _read_numbers(source: Source, named: Mapping[str, str]) -> polars.DataFrame:
    import polars

    numbers = {column: polars.Int32 for part, column in named.items() if part != "name"}
    columns = [
        (
            polars.col(column) if column in numbers else polars.col(column).cast(polars.Categorical)
        ).alias(part)
        for part, column in named.items()
    ]
    columns.append(_whole_line())
    return tables.collect(tables.scan(source, numbers).select(columns), source)


def _expressions(places: Mapping[str, int]) -> list[polars.Expr]:
    """Words as codes, which take little memory; reaction times as numbers.

    places: the number of each part's column, since two readers can quote its name differently.
    """
    import polars

    words = [
        polars.nth(place).cast(polars.String).cast(polars.Categorical).alias(part)
        for part, place in places.items()
        if part != "rt"
    ]
    if "rt" not in places:
        return [*words, _whole_line()]
    text = polars.nth(places["rt"]).cast(polars.String).str.strip_chars()
    number = text.cast(polars.Float64, strict=False)
    unreadable = number.is_null() & ~text.str.to_lowercase().is_in(NO_NUMBER)
    return [
        *words,
        number.alias("rt"),
        unreadable.fill_null(False).alias("unreadable"),
        _whole_line(),
    ]


def _whole_line() -> polars.Expr:
    """Something of every column: polars finds a line with too many fields only if all are read."""
    import polars

    return polars.any_horizontal(polars.all().is_null()).alias(WHOLE_LINE)


def is_judgment_table(names: list[str]) -> bool:
    return {"annotator", "item", "label"} <= set(names)


def names_suggest_matrix(names: Sequence[str]) -> bool:
    import re

    return all(
        re.fullmatch(r"(?i)(annotator|worker|rater|label|a|user)[ _-]?\d+", n) for n in names
    )

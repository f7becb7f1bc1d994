"""Judgments of people, one row each: who chose which label for which item."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from c10h.errors import InputError, SchemaError, counted
from c10h.files import Source
from c10h.formats.judgment_columns import (
    NO_NUMBER,
    UNUSED,
    WHOLE_LINE,
    Reading,
    begin_reading,
    is_cell,
    settle_first_line,
)
from c10h.formats.known_column_names import NOTHING, REQUIRED, Columns
from c10h.formats.row_conditions import Condition
from c10h.formats.separating_column import condition_between, rows_of_another_kind
from c10h.items import whole_numbers
from c10h.records import Array

if TYPE_CHECKING:
    import polars

# Names are kept in arrays in which each takes as much room as the longest.
LONGEST = 1000
# The widest range of whole numbers that is counted rather than sorted.
NARROW = 1 << 24
TRUE, FALSE = ("1", "true", "1.0"), ("0", "false", "0.0")
# Words for an answer that is not there, in lower case; -1 is one more where labels are numbers.
NO_LABEL = ("", "na", "n/a", "nan", "null", "none")
NO_NUMBERED_LABEL = ("-1", "-1.0")


@dataclass(frozen=True)
class Codes:
    """A column of words: the word of row t is ``words[row[t]]``.

    words: different, by code points or by number.
    row: uint32 (t); len(words) where a row has none.
    """

    words: Array
    row: Array


@dataclass(frozen=True)
class Judgments:
    """t rows of a table of judgments, attention checks included.

    check: whether a row is an attention check; correct: whether its answer was right. None where
        the table does not tell. by_majority: whether what most chose is to be right.
    rt: reaction time in the table's unit, NaN where missing. true_label, name: words of the true
        class and of the label's class.
    cell: where the table is a matrix of items by annotators, the number of each row's cell, line
        by line. What has no label was not asked then, and all words of the items are items.
    numbers: where conditions left rows out, the numbers that the others have in the table.
    taken: what was taken for what, in one line. chosen: which rows conditions chose, in another.
    between: what is said of a condition that tells some rows, bool (t), from the others; "" where
        there is none. other_rows: what is said of rows that a column which is not used calls
        checks, practice or the like; "" where there are none.
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
    cell: Array | None = None
    numbers: Array | None = None
    by_majority: bool = False
    taken: str = ""
    chosen: str = ""
    between: Callable[[Array], str] = lambda rows: ""
    other_rows: Callable[[], str] = lambda: ""

    def __len__(self) -> int:
        return len(self.annotator.row)

    def numbered(self, rows: Array) -> Array:
        """The numbers in the table of the ``rows``, bool (t)."""
        return np.flatnonzero(rows) if self.numbers is None else self.numbers[rows]

    def place(self, row: int) -> str:
        """Where a row is in the table, from 0: "3", or "3, column a1" in a matrix."""
        if self.cell is None:
            return str(row if self.numbers is None else self.numbers[row])
        line = int(self.cell[row]) // len(self.annotator.words)
        return f"{line}, column {self.annotator.words[self.annotator.row[row]]}"


def open_judgments(source: Source | Reading, columns: Columns = NOTHING) -> Judgments:
    """Read a table of judgments, which may have been begun.

    Raises FileError for a broken table, InputError for a column that is not known or not there, or
    a first line that has no names, SchemaError for values that are missing or senseless.
    """
    reading = source if isinstance(source, Reading) else begin_reading(source, columns)
    source, columns = reading.source, reading.columns
    has_names = True
    if reading.undecided:
        table, has_names = settle_first_line(reading)
    else:
        table = reading.table.result()
    table = _without_blank_end(table)
    if not table.height:
        raise SchemaError(f"{source.name}: expected judgments, found only a header")
    height, numbers = table.height, _numbers_where(table, reading)
    if numbers is not None:
        table = table[numbers]
    judgments = Judgments(
        source=source.name,
        annotator=codes_of(table["annotator"], source.name),
        item=codes_of(table["item"], source.name),
        label=codes_of(table["label"], source.name),
        check=_checks(table["check"], reading, numbers) if columns.check else None,
        correct=flags(table["correct"], "correct", source, numbers, columns.correct)
        if columns.correct
        else None,
        rt=_times(table, source, numbers) if columns.rt else None,
        true_label=codes_of(table["true_label"], source.name) if columns.true_label else None,
        name=codes_of(table["name"], source.name) if columns.name else None,
        numbers=numbers,
        by_majority=reading.by_majority,
        taken=_what_was_taken(reading, has_names),
        chosen=_what_was_chosen(reading, table.height, height),
        between=lambda rows: condition_between(reading, height, rows, numbers),
        other_rows=lambda: rows_of_another_kind(reading, height, numbers),
    )
    _refuse_missing(judgments)
    _refuse_names_as_cells(judgments, reading)
    return judgments


def _what_was_taken(reading: Reading, has_names: bool) -> str:
    """Which column was taken for what, and which for nothing."""
    parts = ", ".join(f"{part} from {shown}" for part, shown in reading.shown.items())
    line = "; its first line is a judgment" if reading.undecided and not has_names else ""
    others = list(reading.unused)
    names = [*map(repr, others[:UNUSED]), *(["..."] if others[UNUSED:] else [])]
    unused = f"; not used: {', '.join(names)}" if names else ""
    return f"judgments, one per row: {parts}{line}{unused}"


def _what_was_chosen(reading: Reading, kept: int, height: int) -> str:
    """How many rows conditions kept; "" without any."""
    if not reading.where:
        return ""
    conditions = " and ".join(condition.text for condition in reading.where)
    return f"kept {kept:,} of {counted(height, 'row')} where {conditions}"


def _numbers_where(table: polars.DataFrame, reading: Reading) -> Array | None:
    """The numbers of the rows for which all conditions hold; None without any.

    Raises InputError where there is no such row.
    """
    if not reading.where:
        return None
    name, holds = reading.source.name, np.ones(table.height, dtype=bool)
    for condition in reading.where:
        holds &= rows_that_hold(condition, table[condition.part], name)
    if not holds.any():
        conditions = " ".join(condition.option for condition in reading.where)
        raise InputError(f"{name}: {conditions}: no row is left of {table.height:,}")
    return np.flatnonzero(holds)


def _without_blank_end(table: polars.DataFrame) -> polars.DataFrame:
    """The table without blank rows at its end."""
    import polars

    words = table.drop("unreadable", WHOLE_LINE, strict=False)
    if not table.height or not all(words.null_count().row(0)):
        return table
    blank = words.select(polars.all_horizontal(polars.all().is_null())).to_series().to_numpy()
    return table.head(0 if blank.all() else len(blank) - int(np.argmin(blank[::-1])))


def codes_of(column: polars.Series, table: str) -> Codes:
    """Codes in the order of the words, whatever order polars met them in."""
    import polars

    if column.dtype.is_integer() and not column.null_count():
        codes = _codes_of_numbers(column.to_numpy())
        if codes is not None:
            return codes
    if column.dtype != polars.Categorical:
        column = column.cast(polars.String).cast(polars.Categorical)
    present = column.drop_nulls().unique()
    texts = [word.strip() for word in present.cast(str).to_list()]
    longest = max(texts, key=len, default="")
    if len(longest) > LONGEST:
        raise SchemaError(
            f"{table}: column of the {column.name}: expected names of at most {LONGEST:,} "
            f"characters, found one of {len(longest):,} that begins with {longest[:40]!r}"
        )
    words = np.array(texts, dtype=np.str_)
    ordered, rank = np.unique(words, return_inverse=True)
    physical = present.to_physical().to_numpy()
    rows = column.to_physical()
    highest = int(physical.max()) + 1 if len(physical) else 0
    lookup = np.full(highest + 1, len(ordered), dtype=np.uint32)
    lookup[physical] = rank
    return Codes(ordered, lookup[rows.fill_null(highest).to_numpy()])


def _codes_of_numbers(values: Array) -> Codes | None:
    """Codes of whole numbers in a narrow range; None where it is wide."""
    low, high = int(values.min()), int(values.max())
    if high - low > NARROW:
        return None
    above = values - low if low else values
    present = np.flatnonzero(np.bincount(above))
    lookup = np.zeros(high - low + 1, dtype=np.uint32)
    lookup[present] = np.arange(len(present))
    gaps = len(present) < len(lookup)
    return Codes(
        (present + low).astype(np.str_), lookup[above] if gaps else above.astype(np.uint32)
    )


def flags(
    column: polars.Series, part: str, source: Source, numbers: Array | None, name: str
) -> Array:
    """Yes and no as booleans. A missing ``correct`` is no: it matters for checks alone."""
    if column.dtype.is_integer() and not column.null_count():
        values = column.to_numpy()
        if values.min() >= 0 and values.max() <= 1:
            return np.asarray(values == 1)
    codes = codes_of(column, source.name)
    lowered = [str(word).lower() for word in codes.words]
    for word in lowered:
        if word not in TRUE + FALSE + NO_NUMBER:
            hint = f" (--check {name}={word} if that is one)" if part == "check" else ""
            if part == "correct":
                hint = f" (--true-label {name} if these are the right answers)"
            raise SchemaError(f"{source.name}: --{part}: expected 0 or 1, found {word!r}{hint}")
    if part == "check":
        missing = [word in NO_NUMBER for word in lowered] + [True]
        row = _first(np.array(missing)[codes.row], numbers)
        if row is not None:
            raise SchemaError(f"{source.name}: row {row}: --check: expected 0 or 1, found nothing")
    return np.array([word in TRUE for word in lowered] + [False])[codes.row]


def _checks(column: polars.Series, reading: Reading, numbers: Array | None) -> Array:
    """Which rows are attention checks, bool."""
    condition, source = reading.check, reading.source
    if condition is None:
        return flags(column, "check", source, numbers, reading.columns.check or "")
    try:
        return rows_that_hold(condition, column, source.name, flag="--check")
    except InputError as error:
        hint = " (--where leaves rows out before)" if reading.where else ""
        raise InputError(f"{error}{hint}") from None


def rows_that_hold(
    condition: Condition, column: polars.Series, table: str, flag: str = "--where"
) -> Array:
    """For which rows a condition on a column holds, bool. Raises InputError for an unknown value.

    flag: the option that it was given with.
    """
    codes = codes_of(column, table)
    has_empty = bool((codes.row == len(codes.words)).any())
    words = codes.words.tolist()
    return np.array(condition.words_that_hold(table, words, has_empty=has_empty, flag=flag))[
        codes.row
    ]


def _times(table: polars.DataFrame, source: Source, numbers: Array | None) -> Array:
    if "unreadable" not in table.columns:
        return table["rt"].to_numpy().astype(np.float64)
    row = _first(table["unreadable"].to_numpy(), numbers)
    if row is not None:
        raise SchemaError(f"{source.name}: row {row}: --rt: expected a number of time units")
    return table["rt"].fill_null(float("nan")).to_numpy()


def _refuse_missing(judgments: Judgments) -> None:
    """Raise SchemaError for a row without annotator, or a judgment without item."""
    judged = None if judgments.check is None else ~judgments.check
    for part in ("annotator", "item"):
        codes: Codes = getattr(judgments, part)
        missing = codes.row == len(codes.words)
        if len(codes.words) and codes.words[0] == "":
            missing |= codes.row == 0
        if judged is not None and part != "annotator":
            missing &= judged
        row = _first(missing, judgments.numbers)
        if row is not None:
            raise SchemaError(
                f"{judgments.source}: row {row}: expected the {part}, found nothing"
                f"{judgments.between(missing)}"
            )


def _refuse_names_as_cells(judgments: Judgments, reading: Reading) -> None:
    """Raise for a line of names that seems to be a judgment, or that is there once more."""
    columns: dict[str, Codes] = {part: getattr(judgments, part) for part in REQUIRED}
    names = {part: name for part, name in reading.first_line.items() if part in columns}
    again = [part for part in names if _holds(columns[part], names[part])]
    if not again:
        return
    same = np.ones(len(judgments), dtype=bool)
    for part, name in names.items():
        same &= np.append(columns[part].words == name, False)[columns[part].row]
    row = _first(same, judgments.numbers)
    if row is not None:
        raise SchemaError(f"{judgments.source}: row {row}: repeats the header")
    if not reading.certain:
        raise InputError(
            f"{judgments.source}: {names[again[0]]!r} is read as the name of a column ({again[0]}) "
            "but looks like its other cells: the table seems to have no header: use --no-header, "
            "with columns by number (--annotator 0 --item 1 --label 2), or --header if it has one"
        )


def _holds(codes: Codes, name: str) -> bool:
    if bool((codes.words == name).any()):
        return True
    return name.isdecimal() and is_cell(name, codes.words.tolist())


def without_label(words: Array, classes: Sequence[str] | None = None) -> Array:
    """Which words of labels stand for no answer, bool; none of those that ``classes`` name.

    These are empty ones, NA and the like, and -1 where all other words are whole numbers.
    """
    class_names = {*(classes or ())}
    plain = [str(word).lower() for word in words]
    missing = np.array([word in NO_LABEL for word in plain], dtype=bool)
    minus = np.array([word in NO_NUMBERED_LABEL for word in plain], dtype=bool)
    if minus.any() and whole_numbers(words[~missing & ~minus]) is not None:
        missing |= minus
    named = np.array([str(word) in class_names for word in words], dtype=bool)
    return np.asarray(missing & ~named)


def _first(wrong: Array, numbers: Array | None) -> int | None:
    """The number of the first row that is wrong. numbers: of the rows, if not 0, 1, …"""
    if not wrong.any():
        return None
    row = int(np.argmax(wrong))
    return row if numbers is None else int(numbers[row])

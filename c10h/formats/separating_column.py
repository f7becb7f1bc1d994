"""Which column of a table tells rows that are no judgments from those that are."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import numpy as np

from c10h.errors import InputError
from c10h.formats import tables
from c10h.formats.judgment_columns import Reading
from c10h.formats.known_column_names import column_key
from c10h.formats.row_conditions import Condition
from c10h.records import Array

if TYPE_CHECKING:
    import polars

# Columns of experiments that say what a row is: they come first.
KINDS_OF_ROWS = ("trial_type", "task", "phase", "trial", "type", "part", "block", "stage", "event")
OTHER_KIND = re.compile(
    r"att(entio)?n|check|catch|trap|practi[cs]e|train|instruct|comprehen|warm", re.IGNORECASE
)
# Of columns with more values, and of more columns, nothing is said.
MOST_VALUES, MOST_COLUMNS = 20, 100
# More conditions are too long to read.
MOST_CONDITIONS = 3
# As many rows tell which columns have few values.
LOOKED_AT = 100_000


def condition_between(reading: Reading, height: int, wrong: Array, numbers: Array | None) -> str:
    """What is said of conditions that leave out all rows that are ``wrong``, bool, and few others.

    height: how many rows the table has. numbers: of the rows that ``wrong`` is about, None for all.
    "" where no column that is not used tells them apart, or where columns have no names.
    """
    if wrong.all() or not reading.unused:
        return ""
    try:
        frame = tables.scan(reading.source, layout=reading.layout)
        for name in _candidates(reading, frame):
            words, row = _codes(reading, frame, reading.unused[name], height)
            row = row if numbers is None else row[numbers]
            conditions = _conditions(name, words, row, wrong)
            if conditions:
                options = " ".join(condition.option for condition in conditions)
                return f"; {options} leaves such rows out"
    except InputError:  # the error that is about to be told is what matters
        pass
    return ""


def rows_of_another_kind(reading: Reading, height: int, numbers: Array | None) -> str:
    """What is said of rows that an unused column calls attention checks, practice or the like.

    Only a column that says what rows are is looked at. height, numbers: as above.
    """
    names = [name for name in reading.unused if column_key(name) in KINDS_OF_ROWS]
    if not names:
        return ""
    try:
        frame = tables.scan(reading.source, layout=reading.layout)
        for name in names:
            words, row = _codes(reading, frame, reading.unused[name], height)
            rows = np.bincount(row if numbers is None else row[numbers], minlength=len(words))
            found = [at for at, word in enumerate(words) if OTHER_KIND.search(word) and rows[at]]
            if len(words) <= MOST_VALUES and found and rows[found].sum() < rows.sum():
                told = ", ".join(f"{words[at]!r} ({rows[at]:,})" for at in found)
                first = words[found[0]]
                apart = " ".join(Condition(name, words[at], is_equal=False).option for at in found)
                return (
                    f"{name} calls {int(rows[found].sum()):,} of {rows.sum():,} rows {told}: "
                    f"--check {shlex.quote(f'{name}={first}')} if these are attention checks, "
                    f"{apart} to leave them out and nobody examined"
                )
    except InputError:  # of a column that nobody asked for
        pass
    return ""


def _candidates(reading: Reading, frame: polars.LazyFrame) -> list[str]:
    """Names of unused columns with few values, those first that say what rows are."""
    import polars

    types = frame.collect_schema().dtypes()
    names = [name for name, at in reading.unused.items() if not types[at].is_nested()]
    names.sort(key=lambda name: column_key(name) not in KINDS_OF_ROWS)
    names = names[:MOST_COLUMNS]
    if not names:
        return []
    numbers_of_values = [
        polars.nth(reading.unused[name]).cast(polars.String).n_unique().alias(str(place))
        for place, name in enumerate(names)
    ]
    (few,) = tables.collect(frame.head(LOOKED_AT).select(numbers_of_values), reading.source).rows()
    return [name for name, values in zip(names, few, strict=True) if values <= MOST_VALUES]


def _codes(
    reading: Reading, frame: polars.LazyFrame, position: int, height: int
) -> tuple[list[str], Array]:
    """The words of a column, "" for empty cells, and the place of each row's word among them."""
    import polars

    text = polars.nth(position).cast(polars.String).str.strip_chars().fill_null("")
    column = tables.collect(
        frame.select(text.cast(polars.Categorical).alias("words")), reading.source
    )["words"].head(height)
    present = column.unique()
    codes = present.to_physical().to_numpy()
    order = np.argsort(codes)
    words = present.cast(polars.String).to_list()
    row = np.searchsorted(codes[order], column.to_physical().to_numpy())
    return [words[place] for place in order], row


def _conditions(name: str, words: list[str], row: Array, wrong: Array) -> list[Condition]:
    """Conditions on a column that hold for no wrong row; none where it does not tell.

    A value tells of wrong rows where most of its rows are: an answer to another question can be
    a class by chance, and a slip is among rows that are right.
    """
    rows = np.bincount(row, minlength=len(words))
    of_wrong = np.bincount(row[wrong], minlength=len(words))
    bad, good = np.flatnonzero(of_wrong), np.flatnonzero((rows > 0) & (of_wrong == 0))
    if len(words) > MOST_VALUES or not len(good) or (2 * of_wrong[bad] <= rows[bad]).any():
        return []
    if len(good) == 1:
        return [Condition(name, words[good[0]])]
    if len(bad) > MOST_CONDITIONS:
        return []
    return [Condition(name, words[place], is_equal=False) for place in bad]

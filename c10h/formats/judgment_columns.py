"""Which columns of a table hold judgments, and reading them.

Columns are recognised by their names (see column_names.py), named by options, or numbered where a
table has no line of names. Nothing here needs numpy, so that a table can be read while that is
imported.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from c10h.errors import AmbiguousError, FileError, InputError
from c10h.files import Source
from c10h.formats import tables
from c10h.formats.detect_format import array_format, describe
from c10h.formats.hints import AUTO, MATRIX, WIDE
from c10h.formats.known_column_names import (
    REQUIRED,
    Columns,
    Recognition,
    part_of,
    recognise,
)
from c10h.formats.row_conditions import EQUAL, Condition, parse_condition
from c10h.formats.text_separators import refuse_encoding
from c10h.formats.whole_numbers import is_index
from c10h.parallel import Later

if TYPE_CHECKING:
    import polars

# What ``--correct`` can be in place of a column.
MAJORITY = "majority"
# What to do where people are columns.
CHECK_LACKS = "--correct needs --check, which rows are attention checks"
COLUMNS_OF_PEOPLE = " (--layout matrix if each column is an annotator)"
# Words for a number that is not there.
NO_NUMBER = ("", "na", "nan", "null", "none")
NUMBER = r"-?\d+(\.\d+)?"
# Name of a column that only makes polars read whole lines.
WHOLE_LINE = "whole line"
# How many names of columns a message has, and how many of those that are not used.
SHOWN, UNUSED = 20, 5


def _recognise(source: Source, requested: Columns, layout: str = AUTO) -> Recognition:
    return recognise(tables.header_of(source, layout=layout) or (), requested)


@dataclass(frozen=True)
class Reading:
    """A table of judgments that is being read: its columns, and the table once it is there.

    columns: by their names, or by their numbers. shown: these, as people are told of them.
    unused: names of columns that are not read, and their numbers. layout: what a dictionary in JSON
    is.
    first_line: the words by part in a first line that was taken for names. certain: whether it was
        said that it has names.
    where: conditions of the rows that are read; each has a column of ``table``, too. check: which
        rows are attention checks, where their column does not say it by 0 and 1. by_majority:
        whether the right answer to a check is what most chose.
    undecided: whether it is for the cells to tell if the first line, which is part of ``table``
        then, has names or a judgment. more: whether names there would tell more columns.
    """

    source: Source
    columns: Columns
    table: Later[polars.DataFrame]
    shown: Mapping[str, str]
    unused: Mapping[str, int] = field(default_factory=dict)
    layout: str = AUTO
    first_line: Mapping[str, str] = field(default_factory=dict)
    certain: bool = False
    where: Sequence[Condition] = ()
    check: Condition | None = None
    by_majority: bool = False
    undecided: bool = False
    more: bool = False


@dataclass(frozen=True)
class MatrixReading:
    """A matrix of items by annotators that is to be read.

    columns: the item's, the check's and the true label's, where they are named. chosen: which
    columns are annotators, where that is told. header: whether the first line has names, where that
    is told. where: which rows are read. check: which rows are attention checks, where these are no
    column of yes and no; by_majority: what most chose is right there.
    """

    source: Source
    columns: Columns
    chosen: slice | tuple[str, ...] | None = None
    header: bool | None = None
    where: Sequence[Condition] = ()
    check: Condition | None = None
    by_majority: bool = False


def begin(
    source: Source,
    columns: Columns,
    *,
    layout: str = AUTO,
    header: bool | None = None,
    chosen: slice | tuple[str, ...] | None = None,
    times: bool = True,
    where: Sequence[Condition] = (),
) -> Reading | MatrixReading | None:
    """Begin to read judgments, ``layout`` long or matrix; None for a file that has none, or wide.

    ``auto`` is long where :func:`holds_judgments` says so, else wide.
    Raises what :func:`begin_reading` does, and InputError for options that contradict the layout.
    """
    if layout == MATRIX:
        asked_for_correct = bool(columns.correct)
        columns, check, by_majority = _of_checks(columns, ())
        parts = ("item", "check", "true_label")
        long_only = [part for part in columns.named() if part not in parts]
        if long_only:
            raise InputError(
                f"--layout matrix: {_option(long_only[0])} applies only to tables with one "
                "judgment per row"
            )
        if asked_for_correct and not columns.check:
            raise InputError(f"{source.name}: {CHECK_LACKS}")
        return MatrixReading(source, columns, chosen, header, where, check, by_majority)
    if layout == WIDE or (layout == AUTO and not holds_judgments(source, columns, header)):
        return None
    return begin_reading(source, columns, times=times, header=header, layout=layout, where=where)


def holds_judgments(source: Source, columns: Columns, header: bool | None = None) -> bool:
    """Whether a file is to be read as a table of judgments, one a row.

    It is where a column is named that nothing else has (an item's or a true label's column can be
    in other tables, too), or where annotator, item and label are recognised. Raises FileError for
    a damaged archive.
    """
    if source.member:
        return False
    if {*columns.named()} - {"item", "true_label"}:
        return True
    return header is not False and not _recognise(source, columns).lacking


def begin_reading(
    source: Source,
    columns: Columns,
    *,
    times: bool = True,
    header: bool | None = None,
    layout: str = AUTO,
    where: Sequence[Condition] = (),
) -> Reading:
    """Find the columns of a table and begin to read them.

    ``columns`` come before those that are recognised, of which reaction times are read only where
    ``times`` are of use. header: whether the first line has names, where that is told. where: which
    rows are read.
    Raises FileError for what is no table, InputError for a column that is not known or not there.
    """
    names = _header(source, layout)
    is_text, may_lack_names = tables.is_text(source), tables.may_lack_names(source)
    if header is False and not may_lack_names:
        raise InputError(
            f"{source.name}: --no-header applies only to text tables: these columns have names"
        )
    asked_for_correct = bool(columns.correct)
    columns, check, by_majority = _of_checks(columns, names)
    numbered = _numbered_parts(columns, names, header if may_lack_names else True)
    all_numbered = numbered >= {*REQUIRED, *columns.named()}
    undecided = header is None and may_lack_names and all_numbered
    undecided &= all(is_index(condition.column) for condition in where)
    by_name = recognise(names, columns if times or columns.rt else replace(columns, rt=""))
    # The words of a judgment are no names, even if they look like some.
    recognition = Recognition(columns) if header is False or undecided else by_name
    if asked_for_correct and not recognition.columns.check:
        raise InputError(f"{source.name}: {CHECK_LACKS}")
    positions = _positions(source.name, names, recognition, numbered, header)
    columns = recognition.columns
    with_names = header is not False and not undecided
    conditions = {
        condition.part: condition.position(source.name, names, has_names=with_names)
        for condition in where
    }

    import polars  # noqa: F401 - here and not in the thread, since imports wait for each other

    def read() -> polars.DataFrame:
        if columns.whole and is_text:
            with suppress(FileError):  # what is no whole number is found again as text
                return _read_numbers(source, columns.named(), conditions)
        frame = tables.scan(source, header=with_names, layout=layout)
        return tables.collect(frame.select(_expressions(positions | conditions)), source)

    used = {*positions.values(), *conditions.values()}
    unused = {name: at for at, name in enumerate(names) if name and at not in used}
    words = {part: names[position] for part, position in positions.items()}
    return Reading(
        source,
        columns,
        Later(read),
        {
            part: f"column {positions[part]}" if part in numbered else repr(words[part])
            for part in positions
        },
        unused=unused if with_names else {},
        layout=layout,
        first_line=words if with_names and may_lack_names and not columns.whole else {},
        certain=header is True,
        where=where,
        check=check,
        by_majority=by_majority,
        undecided=undecided,
        more=undecided and by_name.columns != columns,
    )


def _of_checks(columns: Columns, names: Sequence[str]) -> tuple[Columns, Condition | None, bool]:
    """The columns without what is no column, the rows that are attention checks, and by_majority.

    A check can be a condition, COLUMN=VALUE, and what is correct can be what most chose.
    """
    check, by_majority = None, columns.correct == MAJORITY and MAJORITY not in names
    if columns.check and EQUAL in columns.check and columns.check not in names:
        check = parse_condition(columns.check)
        columns = replace(columns, check=check.column)
    return (replace(columns, correct="") if by_majority else columns), check, by_majority


def _header(source: Source, layout: str) -> list[str]:
    """The names in the first line of a table. Raises FileError for what is no table."""
    names = tables.header_of(source, layout=layout)
    if names is None:
        refuse_encoding(source)
        found = describe(source)
        is_array = array_format(source) is not None and ".h5" not in found
        hint = COLUMNS_OF_PEOPLE if is_array else ""
        raise FileError(f"{source.name}: expected a table of judgments, found {found}{hint}")
    if not any(names):
        raise FileError(f"{source.name}: expected a table, found an empty one")
    return names


def _numbered_parts(columns: Columns, names: Sequence[str], header: bool | None) -> set[str]:
    """The parts whose columns are given by number: where no column has that name, or none a name.

    Where all three are numbers, and nothing tells whether there is a line of names, they are none.
    """
    named = columns.named()
    if header is False:
        return {*named}
    numbers = {part for part, name in named.items() if is_index(name) and int(name) < len(names)}
    if header is None and numbers >= {*REQUIRED}:
        return numbers
    return {part for part in numbers if named[part] not in names}


def _positions(
    table: str,
    names: Sequence[str],
    recognition: Recognition,
    numbered: set[str],
    header: bool | None,
) -> dict[str, int]:
    """The number of each part's column. Raises InputError for one that is not known."""
    shown = ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
    named = recognition.columns.named()
    positions: dict[str, int] = {}
    for part in (*REQUIRED, *named, *recognition.several):
        option = _option(part)
        if part in recognition.several and part not in named:
            none = "" if part in REQUIRED else f" ({option} '' if none is)"
            raise AmbiguousError(
                f"{table}: which column is the {part}, {' or '.join(recognition.several[part])}? "
                f"{option} names it{none}"
            )
        if part not in named:
            raise InputError(
                f"{table}: which column is the {part}? {option} {_ways_to_name(header, names)}; "
                + (f"the first line is {shown}" if header is False else f"found {shown}")
                + (COLUMNS_OF_PEOPLE if part == "annotator" and header is not False else "")
            )
        name = named[part]
        if part in numbered:
            if not (is_index(name) and int(name) < len(names)):
                raise InputError(
                    f"{table}: --no-header: {option} {name}: expected the number of a column, "
                    f"0 to {len(names) - 1}; the first line is {shown}"
                )
            positions[part] = int(name)
        elif names.count(name) != 1:
            count = "one" if name in names else "a"
            hint = " (with --no-header columns are given by number)" if name.isdecimal() else ""
            raise InputError(
                f"{table}: expected {count} column {name!r} ({option}), found {shown}{hint}"
            )
        else:
            positions[part] = names.index(name)
    return positions


def _ways_to_name(header: bool | None, names: Sequence[str]) -> str:
    if header is False:
        return f"gives its number, 0 to {len(names) - 1}"
    if header or any(part_of(name) for name in names):
        return "names it"
    return "names it, or gives its number if there is no header"


def _option(part: str) -> str:
    return "--" + part.replace("_", "-")


def settle_first_line(reading: Reading) -> tuple[polars.DataFrame, bool]:
    """The table of a reading that is undecided, without a line of names; and whether it had one.

    The first line is a judgment where one of its words occurs again below, or is a number above
    numbers; it has names where one of its words is known as the name of its part, and none is in
    its column again. Raises AmbiguousError where that does not tell.
    """
    table = reading.table.result()
    first, below = table.head(1), table.slice(1)
    words = {part: str(first[part].cast(str).fill_null("")[0]).strip() for part in REQUIRED}
    again = [
        part
        for part, word in words.items()
        if is_cell(word, below[part].drop_nulls().unique().cast(str).str.strip_chars().to_list())
    ]
    named = [part for part, word in words.items() if part_of(word) == part]
    if all(word == getattr(reading.columns, part) for part, word in words.items()):
        named = [*REQUIRED]  # as pandas calls columns that have no name
    if again and not named:
        return table, False
    if named and not again and not reading.more:
        return below, True
    raise AmbiguousError(
        f"{reading.source.name}: is the first line ({', '.join(words.values())}) a header or a "
        "judgment? Use --header or --no-header"
    )


def is_cell(name: str, words: Iterable[str]) -> bool:
    """Whether a name is among the words of its column, or a number where all words are numbers."""
    words = [str(word) for word in words if word]
    return name in words or (
        bool(words) and name.isdecimal() and all(map(re.compile(NUMBER).fullmatch, words))
    )


def hash_ahead(reading: Reading) -> None:
    """Hash the file for a lineage once it is read, while other work goes on."""

    def hash_file() -> str:
        reading.table.result()  # reading has the processors first
        return reading.source.sha256  # which the source keeps

    Later(hash_file)


def _read_numbers(
    source: Source, named: Mapping[str, str], conditions: Mapping[str, int]
) -> polars.DataFrame:
    """Columns of whole numbers, which is faster, and those of conditions as words."""
    import polars

    numbers = {column: polars.Int32 for part, column in named.items() if part != "name"}
    columns = [
        (
            polars.col(column) if column in numbers else polars.col(column).cast(polars.Categorical)
        ).alias(part)
        for part, column in named.items()
    ]
    columns += [_words(position, part) for part, position in conditions.items()]
    columns.append(_whole_line())
    return tables.collect(tables.scan(source, numbers).select(columns), source)


def _expressions(positions: Mapping[str, int]) -> list[polars.Expr]:
    """Words as codes, which take little memory; reaction times as numbers.

    positions: the number of each part's column, since two readers can quote its name differently.
    """
    import polars

    words = [_words(position, part) for part, position in positions.items() if part != "rt"]
    if "rt" not in positions:
        return [*words, _whole_line()]
    text = polars.nth(positions["rt"]).cast(polars.String).str.strip_chars()
    number = text.cast(polars.Float64, strict=False)
    unreadable = number.is_null() & ~text.str.to_lowercase().is_in(NO_NUMBER)
    return [
        *words,
        number.alias("rt"),
        unreadable.fill_null(False).alias("unreadable"),
        _whole_line(),
    ]


def _words(position: int, part: str) -> polars.Expr:
    """A column as codes of words."""
    import polars

    return polars.nth(position).cast(polars.String).cast(polars.Categorical).alias(part)


def _whole_line() -> polars.Expr:
    """Something of every column: polars finds a line with too many fields only if all are read."""
    import polars

    return polars.any_horizontal(polars.all().is_null()).alias(WHOLE_LINE)

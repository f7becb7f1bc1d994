"""What the columns of a wide table are: classes, names of items, row numbers, totals, others.

A wide table has a row an item and a column a class. A column is a class only if nothing speaks
against it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from c10h.errors import AmbiguousError, InputError
from c10h.formats.class_names import class_of_words
from c10h.formats.header_line import MISSING, is_number
from c10h.formats.hints import OTHER_LAYOUTS, Hints, brief
from c10h.formats.known_column_names import (
    OTHERS,
    ROW_NUMBERS,
    TOTALS,
    column_key,
    is_no_class,
    names_items,
    part_of,
)
from c10h.formats.tables import Table
from c10h.formats.whole_numbers import is_index

# 1,200 and 25 % are numbers that nobody reads, rather than words.
WRITTEN_NUMBER = re.compile(
    r"[+-]?\d{1,3}([,.' \u00a0\u202f]\d{3})+([.,]\d+)?|[+-]?\d+([.,]\d+)?\s?%", re.ASCII
)
# 0017 is a name, and no number of votes.
PADDED = re.compile(r"0\d{2,}", re.ASCII)


@dataclass(frozen=True)
class Roles:
    """Which column of a table is what, by position.

    classes: in order. item: of names of items. rows: of row numbers. totals: how many votes an item
    has. others: left out. chosen: whether options said which columns are classes.
    """

    classes: tuple[int, ...]
    item: int | None = None
    rows: int | None = None
    totals: tuple[int, ...] = ()
    others: tuple[int, ...] = ()
    chosen: bool = False


def roles_of(table: Table, hints: Hints, *, people: bool = False) -> Roles:
    """Which columns are classes, and what the others are.

    people: whether it is a table of people's labels, for messages. Raises InputError for columns
    that are asked for and not there, AmbiguousError where it is not certain, with the option that
    decides.
    """
    classes = _chosen(table, hints)
    if classes is None:
        _refuse_people(table)
        roles = _by_name(table, hints, OTHER_LAYOUTS if people else "", certain=True)
        _refuse_twins(table, roles)
        return roles
    roles = _by_name(table, hints, certain=False)
    rest = set(range(table.width)) - set(classes)
    return replace(
        roles,
        classes=classes,
        item=roles.item if roles.item in rest else None,
        rows=roles.rows if roles.rows in rest else None,
        totals=(),
        others=tuple(sorted(rest - {roles.item, roles.rows})),
        chosen=True,
    )


def column_position(table: Table, name: str, option: str) -> int:
    """The position of a column that is called by name or number. Raises InputError."""
    names = table.names or ()
    if names.count(name) == 1:
        return names.index(name)
    alike = [
        position
        for position, column_name in enumerate(names)
        if column_key(column_name) == column_key(name)
    ]
    if len(alike) == 1 and name not in names:
        return alike[0]
    if is_index(name) and int(name) < table.width and name not in names:
        return int(name)
    count = "one" if alike else "a"
    shown = brief(names, 20) if names else f"{table.width} columns without names"
    raise InputError(
        f"{table.source.name}: expected {count} column {name!r} ({option}), found {shown}"
    )


def item_position(table: Table, besides: int, hints: Hints) -> int | None:
    """The column that names items, in a table that has just one other column of use.

    The one of ``--item`` if that is here (it may be about another table), else the only one that is
    called so, or else the only one of words.
    """
    keys = _keys(table)
    name = hints.item
    if name is not None and (name.isdecimal() or column_key(name) in keys):
        return column_position(table, name, "--item")
    rest = [
        position
        for position in range(table.width)
        if position != besides and not table.is_nested(position)
    ]
    named = [position for position in rest if table.names and names_items(table.names[position])]
    text = [
        position for position in rest if is_text(table, position) and keys[position] not in OTHERS
    ]
    for candidates in ([position for position in named if position in text], named, text):
        if len(candidates) == 1:
            return candidates[0]
    return None


def row_columns(table: Table) -> list[int]:
    """The columns of numbers that are called as those that number the rows."""
    return [
        position
        for position, key in enumerate(_keys(table))
        if key in ROW_NUMBERS and not is_text(table, position)
    ]


def is_text(table: Table, position: int) -> bool:
    """Whether a column holds words, as far as its first rows tell."""
    cells = [row[position] for row in table.sample if row[position] is not None]
    filled = [cell for cell in cells if cell is not None and cell.strip().lower() not in MISSING]
    if filled and all(PADDED.fullmatch(cell) for cell in filled):
        return True
    return bool(filled) and not any(
        is_number(cell, decimal_comma=table.decimal_comma) or WRITTEN_NUMBER.fullmatch(cell)
        for cell in filled
    )


def _keys(table: Table) -> list[str | None]:
    """The key of each column's name; None for all where they have no names."""
    if table.names is None:
        return [None] * table.width
    return [column_key(name) for name in table.names]


def _chosen(table: Table, hints: Hints) -> tuple[int, ...] | None:
    """The classes that ``--columns`` or ``--classes`` chooses."""
    columns = hints.columns
    if isinstance(columns, slice):
        if table.width == columns.stop - columns.start:
            return tuple(range(table.width))  # these are all there are
        if columns.stop > table.width:
            raise InputError(
                f"{table.source.name}: expected columns up to {columns.stop}, found {table.width}"
            )
        return tuple(range(columns.start, columns.stop))
    if columns is not None:
        return tuple(column_position(table, name, "--columns") for name in columns)
    if hints.classes is None or table.names is None:
        return None
    return _named_by_classes(table.names, hints.classes)


def _named_by_classes(names: Sequence[str], classes: Sequence[str]) -> tuple[int, ...] | None:
    """The columns that are called as the classes, in their order; None where some are not."""
    if len(set(names)) < len(names) or len(names) <= len(classes):
        return None
    if any(name.isdecimal() for name in classes):
        positions = [names.index(name) if name in names else None for name in classes]
    else:
        matched = class_of_words(classes, names)
        positions = list(matched) if matched is not None else [None]
    class_positions = tuple(position for position in positions if position is not None)
    return class_positions if len(class_positions) == len(classes) else None


def _by_name(table: Table, hints: Hints, remedy: str = "", *, certain: bool) -> Roles:
    """The roles that names and text give, without regard to what --columns says.

    certain: whether a doubt about the column of item names is an error. remedy: what else helps
    then.
    """
    columns = list(range(table.width))
    keys = _keys(table)
    letters = [key for key in keys if key and len(key) == 1 and key.isalpha()]
    if certain and "y" in letters and len(letters) > 1:
        raise AmbiguousError(
            f"{table.source.name}: is the column 'y' a class, like {brief(letters)}, or the truth? "
            "--columns says which columns are classes"
        )
    if len(letters) > 1:  # so that n is one, too
        keys = [None if key in letters else key for key in keys]
    text = {position for position in columns if is_text(table, position)}
    nested = {position for position in columns if table.is_nested(position)}
    item: int | None
    if hints.item is not None:
        item = column_position(table, hints.item, "--item")
        named: list[int] = []
    else:
        named = [position for position, name in enumerate(table.names or ()) if names_items(name)]
        item = _item_column(table, named, text, keys, remedy, certain=certain)
    rows = next((position for position in row_columns(table) if position != item), None)
    others = {position for position, name in enumerate(table.names or ()) if is_no_class(name)}
    others |= {
        position for position in columns if keys[position] in ROW_NUMBERS
    }  # but for one of them
    others |= text | set(named) | nested
    totals = {position for position in columns if keys[position] in TOTALS}
    left = set(columns) - others - totals - {item, rows}
    return Roles(
        tuple(sorted(left)),
        item,
        rows,
        tuple(sorted(totals - text)),
        tuple(sorted(others - {item, rows})),
    )


def _item_column(
    table: Table,
    named: Sequence[int],
    text: set[int],
    keys: Sequence[str | None],
    remedy: str,
    *,
    certain: bool,
) -> int | None:
    """The column of item names: the one that is called so, words before numbers; else of words."""
    for candidates in (
        [position for position in named if position in text],
        list(named),
        [position for position in text if keys[position] not in OTHERS],
    ):
        if len(candidates) == 1:
            return candidates[0]
        if candidates and certain:
            shown = brief([table.column_name(position) for position in sorted(candidates)])
            raise AmbiguousError(
                f"{table.source.name}: which column names the items, {shown}? Use --item COLUMN"
                f"{f' ({remedy})' if remedy else ''}"
            )
    return None


def _refuse_people(table: Table) -> None:
    """Raise AmbiguousError where a column is of people, as in a table of judgments."""
    parts = {part_of(name) for name in table.names or ()}
    lacking = [f" --{part} COLUMN" for part in ("annotator", "item", "label") if part not in parts]
    for name in table.names or ():
        if part_of(name) == "annotator":
            raise AmbiguousError(
                f"{table.source.name}: the column {name!r} suggests a table of judgments, found "
                f"{brief(table.names or ())}: c10h labels build {table.source.name}"
                f"{''.join(lacking)} -o labels.h5 makes labels from it (--columns says which "
                "columns are classes, if it is none)"
            )


def _refuse_twins(table: Table, roles: Roles) -> None:
    """Raise AmbiguousError where two columns of classes have one name."""
    if table.names is None:
        return
    classes = [table.names[position] for position in roles.classes]
    twice = next((name for name, count in Counter(classes).items() if count > 1), None)
    if twice is not None:
        raise AmbiguousError(
            f"{table.source.name}: two columns are called {twice!r}: --columns START:STOP selects "
            "columns by position"
        )

"""Which rows of a table of judgments are read: those where a column has a value, or has not.

Nothing here needs numpy as it is imported, so that a table can be read while that is.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from c10h.errors import InputError, unknown_name
from c10h.formats.whole_numbers import is_index

EQUAL, UNEQUAL = "=", "!="
# What stands for any characters in a value.
ANY = "*"


@dataclass(frozen=True)
class Condition:
    """That a cell of a column is a value, or is not; an empty value is an empty cell.

    In a value that no cell is, * stands for any characters.
    """

    column: str
    value: str
    is_equal: bool = True

    @property
    def text(self) -> str:
        """As :func:`parse_condition` takes it."""
        return f"{self.column}{EQUAL if self.is_equal else UNEQUAL}{self.value}"

    @property
    def option(self) -> str:
        """As it stands on a command line."""
        return f"--where {shlex.quote(self.text)}"

    @property
    def part(self) -> str:
        """What its column is called beside the parts of judgments."""
        return f"condition on {self.column}"

    def position(self, table: str, names: Sequence[str], *, has_names: bool) -> int:
        """The number of its column; where no column has its name, the name can be that number.

        Raises InputError for a column that is not there, or there twice.
        """
        if has_names and names.count(self.column) == 1:
            return names.index(self.column)
        if has_names and self.column in names:
            raise InputError(
                f"{table}: {self.option}: expected one column {self.column!r}, found "
                f"{names.count(self.column)}"
            )
        if is_index(self.column) and int(self.column) < len(names):
            return int(self.column)
        if not has_names:
            raise InputError(
                f"{table}: {self.option}: without a header, expected the number of a column, 0 to "
                f"{len(names) - 1}"
            )
        raise InputError(f"{table}: {self.option}: {unknown_name('column', self.column, names)}")

    def words_that_hold(
        self, table: str, words: Iterable[str], *, has_empty: bool, flag: str = "--where"
    ) -> list[bool]:
        """Which words of its column hold, and as the last one whether an empty cell does.

        Numbers are equal however they are written. flag: the option that it was given with. Raises
        InputError for a value that no cell has.
        """
        known = [*map(str, words)]
        number = _number(self.value)
        if ANY in self.value and self.value not in known:
            pattern = re.compile(".*".join(map(re.escape, self.value.split(ANY))), re.DOTALL)
            found = [pattern.fullmatch(word) is not None for word in known]
        elif number is None:
            found = [word == self.value for word in known]
        else:
            found = [word == self.value or _number(word) == number for word in known]
        empty = not self.value
        if not any(found) and not (empty and has_empty):
            option = f"{flag} {shlex.quote(self.text)}"
            raise InputError(f"{table}: {option}: {unknown_name('value', self.value, known)}")
        return [is_found == self.is_equal for is_found in (*found, empty)]


def parse_condition(text: str) -> Condition:
    """``COLUMN=VALUE`` or ``COLUMN!=VALUE``. Raises InputError for any other text."""
    column, sign, value = text.partition(EQUAL)
    is_equal = not column.endswith("!")
    column = column.removesuffix("!").strip()
    if not sign or not column:
        raise InputError(f"--where {text}: expected COLUMN=VALUE or COLUMN!=VALUE")
    return Condition(column, value.strip(), is_equal)


def _number(word: str) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None

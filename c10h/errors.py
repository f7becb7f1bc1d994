"""Every error that c10h raises on purpose.

    C10hError                    one line for the user, exit status 1
    ├── InputError               an input that cannot be used
    │   ├── FileError            missing, unreadable, truncated, of another format
    │   ├── SchemaError          a c10h file whose datasets, sizes or values are wrong
    │   ├── AmbiguousError       more than one reading is possible: an option must say which
    │   └── MismatchError        two inputs that do not belong together
    ├── OutputError              a result that cannot be written
    ├── InSampleError            scoring a network on items it was trained on
    ├── StoppedError             Ctrl-C, of what can go on, exit status 130
    └── GateError                a condition of the user's holds, exit status 3

Messages are one line and name the file, what was expected and what was found.
"""

from __future__ import annotations

from collections.abc import Iterable

# Known names that a message lists, and letters of a name that are compared with them.
MOST_NAMES, LONGEST_NAME = 25, 100


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that looks most like another one, whatever its case; empty for none."""
    from difflib import get_close_matches

    small = {candidate.lower(): candidate for candidate in known}
    near = get_close_matches(name.lower()[:LONGEST_NAME], small, n=1)
    return small[near[0]] if near else ""


def unknown_name(what: str, name: str, known: Iterable[str]) -> str:
    """What is said of a name that is none of the known ones: the nearest, if any, and all."""
    names = list(known)
    near = nearest(name, names)
    meant = f"did you mean {near}? " if near else ""
    more = f" and {len(names) - MOST_NAMES:,} more" if len(names) > MOST_NAMES else ""
    return f"unknown {what} {name!r}: {meant}expected one of {', '.join(names[:MOST_NAMES])}{more}"


class C10hError(Exception):
    """Base of all errors that end a command with one line and no traceback."""

    exit_status = 1


class InputError(C10hError):
    """An input that cannot be used."""


class FileError(InputError):
    """A file that is missing, unreadable, truncated or of another format."""


class SchemaError(InputError):
    """A record whose datasets, sizes or values break the specification of its kind."""


class AmbiguousError(InputError):
    """An input with more than one possible meaning; the message names the option that decides."""


class MismatchError(InputError):
    """Inputs that do not belong together: other classes, other items, other sizes."""


class OutputError(C10hError):
    """A result that cannot be written; an older output is left untouched."""


class InSampleError(C10hError):
    """Predictions on items that the network was trained on."""


class StoppedError(C10hError):
    """Ctrl-C: training or an attack stopped after a whole step, and can go on."""

    exit_status = 130


class GateError(C10hError):
    """A ``--fail-if`` condition holds, or a ``--compare`` found a difference."""

    exit_status = 3

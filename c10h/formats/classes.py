"""Class names: named lists, and the rules for matching those of two inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from c10h.errors import InputError, MismatchError
from c10h.files import reason

CLASS_LISTS: Mapping[str, tuple[str, ...]] = {
    # Krizhevsky (2009), Learning multiple layers of features from tiny images: batches.meta.
    "cifar10": (
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    ),
}

MOST_CLASSES = 1_000_000


def default_names(count: int) -> tuple[str, ...]:
    """The names of classes that nobody named: "0" to "count - 1"."""
    return tuple(str(index) for index in range(count))


def are_default(names: Sequence[str]) -> bool:
    """Whether these are the names of classes that nobody named."""
    return tuple(names) == default_names(len(names))


def parse_classes(argument: str) -> tuple[str, ...]:
    """Class names from ``--classes``: a known list, a number, a,b,c or a file with one a line.

    Raises InputError where that gives fewer than two names or one twice.
    """
    if argument in CLASS_LISTS:
        return CLASS_LISTS[argument]
    if argument.isdecimal():
        names = default_names(min(int(argument), MOST_CLASSES + 1))
    elif "," in argument:
        names = tuple(name.strip() for name in argument.split(","))
    else:
        names = _read_names(argument)
    if len(names) > MOST_CLASSES:
        raise InputError(f"--classes: expected at most {MOST_CLASSES:,} names")
    if len(names) < 2 or len(set(names)) != len(names) or "" in names:
        raise InputError(
            f"--classes {argument}: expected two or more different names, found {len(names)} names"
        )
    return names


def match_order(names: Sequence[str], wanted: Sequence[str], what: str) -> list[int] | None:
    """How to reorder columns called ``names`` into the order of ``wanted``.

    Returns None when they are in order already, or when either side has no names of its own and
    is taken by position; else the list of columns. Raises MismatchError for other classes.
    """
    if len(names) != len(wanted):
        raise MismatchError(f"{what}: expected {len(wanted)} classes, found {len(names)}")
    if tuple(names) == tuple(wanted):
        return None
    if set(names) != set(wanted):
        if are_default(names) or are_default(wanted):
            return None
        other = next(name for name in names if name not in wanted)
        raise MismatchError(
            f"{what}: class {other!r} is not among the expected classes {', '.join(wanted)}"
        )
    return [list(names).index(name) for name in wanted]


def _read_names(argument: str) -> tuple[str, ...]:
    path = Path(argument)
    try:
        is_file = path.is_file()
    except OSError as error:
        raise InputError(f"--classes {argument[:40]}: {reason(error)}") from error
    if not is_file:
        raise InputError(
            f"--classes {argument}: expected {', '.join(CLASS_LISTS)}, a number, a,b,c "
            "or a file with one name a line"
        )
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"--classes {argument}: not a readable text file") from error
    return tuple(line.strip() for line in lines if line.strip())

"""Class names: named lists, and the rules for matching those of two inputs."""

from __future__ import annotations

import os
import re
import stat
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from c10h.errors import InputError, MismatchError, nearest
from c10h.files import reason
from c10h.formats.hints import brief
from c10h.formats.whole_numbers import is_index

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

# PyTorch's tutorials call two classes of CIFAR-10 so.
SYNONYMS = {"plane": "airplane", "car": "automobile"}

MOST_CLASSES = 1_000_000
# Names that a message tells whole.
MOST_TOLD = 12
FRACTION = re.compile(r"[+-]?(\d+[.,]\d*|[.,]\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
NEGATIVE = re.compile(r"-\d+", re.ASCII)


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
    if is_index(argument):
        names = default_names(min(int(argument), MOST_CLASSES + 1))
    elif "," in argument:
        names = tuple(name.strip() for name in argument.split(","))
    else:
        names = _read_names(argument)
    if len(names) > MOST_CLASSES:
        raise InputError(f"--classes: expected at most {MOST_CLASSES:,} names")
    if len(names) < 2 or "" in names:
        raise InputError(
            f"--classes {argument}: expected two or more names, found {len(names)} names"
        )
    name, times = Counter(names).most_common(1)[0]
    if times > 1:
        raise InputError(
            f"--classes {argument}: expected distinct names, found {name!r} {times} times"
        )
    return names


def match_order(names: Sequence[str], expected: Sequence[str], what: str) -> list[int] | None:
    """How to reorder columns called ``names`` into the order of ``expected``.

    Names are the same where they differ in nothing but case, blanks and a prefix or suffix that
    all have. Where one side has numbers for names, the classes are those of the other in order.
    Returns None when they are in order already, else the list of columns. Raises MismatchError for
    other classes.
    """
    if len(names) != len(expected):
        raise MismatchError(
            f"{what}: expected {len(expected)} classes, found {len(names)}: "
            f"{_brief_for(names, expected)} (--classes NAME,… or --columns says which columns of a "
            "table are classes)"
        )
    order = _order_by_meaning(names, expected) or _order_by_number(names, expected)
    if order is None:
        odd, missing = _odd_names(names, expected)
        raise MismatchError(
            f"{what}: expected the classes {brief(expected)}, found {brief(names)}: "
            f"no class is called {odd!r}{missing} (--columns START:STOP selects columns by "
            "position)"
        )
    return None if order == list(range(len(order))) else order


def _odd_names(names: Sequence[str], expected: Sequence[str]) -> tuple[str, str]:
    """The first name that is not expected, and which one is missing for it, in words."""
    both = [(simplify(names), simplify(expected)) for simplify in (_keys, _cores)]
    ours, theirs = max(both, key=lambda pair: len({*pair[0]} & {*pair[1]}))
    odd = next((at for at, key in enumerate(ours) if key not in theirs), 0)
    lacking = {key: name for key, name in zip(theirs, expected, strict=True) if key not in ours}
    meant = nearest(ours[odd], [*lacking]) or next(iter(lacking), "")
    return names[odd], f", and {lacking[meant]!r} is missing" if lacking else ""


def _brief_for(names: Sequence[str], expected: Sequence[str]) -> str:
    """Both lists, or what one has more than the other where it has all of the other's names."""
    for longer, shorter in ((names, expected), (expected, names)):
        keys = set(_keys(shorter))
        more = [name for name in longer if _key(name) not in keys]
        if len(more) == len(longer) - len(shorter):
            side = "also" if longer is names else "without"
            return f"{brief(shorter)}, {side} {brief(more)}"
    return f"{brief(names, MOST_TOLD)} for {brief(expected, MOST_TOLD)}"


def are_matched_by_position(names: Sequence[str], expected: Sequence[str]) -> bool:
    """Whether one side has no names of its own, so that classes are taken in order."""
    return _order_by_meaning(names, expected) is None


def fraction_among(words: Iterable[str]) -> str | None:
    """The first word that is a number between whole ones, such as a share; None where none is.

    No class is called so: what such numbers are taken for must be said.
    """
    numbers = (word for word in words if FRACTION.fullmatch(word))
    return next((word for word in numbers if float(word.replace(",", ".")) % 1), None)


def class_of_words(words: Sequence[str], classes: Sequence[str]) -> list[int] | None:
    """The class that each of some different words names; None where one of them names none.

    A word is a class if it is equal to its name but for case and blanks, or is its number.
    """
    for keys in (list(classes), [_key(name) for name in classes], default_names(len(classes))):
        number = {key: position for position, key in enumerate(keys)}
        if len(number) < len(keys):
            continue
        positions = [number.get(word, number.get(_key(word))) for word in words]
        numbers = [position for position in positions if position is not None]
        if len(numbers) == len(words):
            return numbers
    return None


def _order_by_meaning(names: Sequence[str], expected: Sequence[str]) -> list[int] | None:
    for simplify in (_as_they_are, _keys, _cores):
        ours, theirs = simplify(names), simplify(expected)
        if len(set(ours)) == len(ours) and set(ours) == set(theirs):
            position = {key: number for number, key in enumerate(ours)}
            return [position[key] for key in theirs]
    return None


def _order_by_number(names: Sequence[str], expected: Sequence[str]) -> list[int] | None:
    """The order where one side has no names but numbers from 0 or 1, as p0, p1, …; else None."""
    ours, theirs = _by_number(names), _by_number(expected)
    if ours is None and theirs is None:
        return None
    position = ours or list(range(len(names)))
    rank = sorted(range(len(expected)), key=(theirs or range(len(expected))).__getitem__)
    return [position[rank[column]] for column in range(len(expected))]


def _by_number(names: Sequence[str]) -> list[int] | None:
    """Which of the names has number 0, 1, …; None where they are no such numbers."""
    cores = _cores(names)
    keys = cores if all(map(is_index, cores)) else _keys(names)
    if not all(map(is_index, keys)):
        return None
    numbers = [int(key) for key in keys]
    start = min(numbers)
    if start > 1 or sorted(numbers) != list(range(start, start + len(numbers))):
        return None
    return sorted(range(len(numbers)), key=numbers.__getitem__)


def _as_they_are(names: Sequence[str]) -> list[str]:
    return list(names)


def _keys(names: Sequence[str]) -> list[str]:
    return [_key(name) for name in names]


def _cores(names: Sequence[str]) -> list[str]:
    """Keys without what all of them begin and end with."""
    keys = _keys(names)
    start = _shared(keys)
    keys = [key[start:] for key in keys]
    end = _shared([key[::-1] for key in keys])
    return [key[: len(key) - end] for key in keys]


def _shared(keys: Sequence[str]) -> int:
    """How many letters all keys begin with."""
    low, high = min(keys), max(keys)
    pairs = zip(low, high, strict=False)
    return next(
        (n for n, (first, last) in enumerate(pairs) if first != last), min(len(low), len(high))
    )


def _key(name: str) -> str:
    """A name without case and blanks; _ and - stand for blanks in names of columns.

    Of two names of a class of CIFAR-10 that are in use, that of its authors.
    """
    if NEGATIVE.fullmatch(name.strip()):
        return name.strip()
    key = re.sub(r"[\s_-]+", "", name.casefold())
    return SYNONYMS.get(key, key)


def _read_names(argument: str) -> tuple[str, ...]:
    path = Path(argument)
    try:  # as Path.is_file() of newer versions of Python hides why there is none
        is_file = stat.S_ISREG(os.stat(argument).st_mode)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        is_file = False
    except OSError as error:
        raise InputError(f"--classes {argument[:40]}: {reason(error)}") from error
    if not is_file:
        near = nearest(argument, CLASS_LISTS)
        meant = f"did you mean {near}? " if near else ""
        raise InputError(
            f"--classes {argument}: {meant}expected {', '.join(CLASS_LISTS)}, a number, a,b,c "
            "or a file with one name per line"
        )
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"--classes {argument}: not a readable text file") from error
    return tuple(line.strip() for line in lines if line.strip())

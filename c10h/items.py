"""Who is who: names and numbers of items, and the one alignment that every join uses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from itertools import takewhile
from math import inf

import numpy as np

from c10h.errors import MismatchError, counted
from c10h.records import Array
from c10h.truth import differing

ENDING = re.compile(r"[^.]\.(png|jpe?g|gif|bmp|tiff?|webp|ppm|wav|mp3|flac|txt)$", re.IGNORECASE)
WHOLE_NUMBER = re.compile(r"(0|[1-9]\d{0,17})(\.0)?", re.ASCII)
MOST_DIGITS = 18


def whole_numbers(words: Array) -> Array | None:
    """Words as numbers of 0 or more, int64; None where they are not all that.

    "4.0" counts as 4: other programs write it where a column of numbers has gaps, so that two words
    can be one number. "007" is a name.
    """
    if not len(words):
        return np.empty(0, dtype=np.int64)
    if np.strings.isdecimal(words).all() and np.strings.str_len(words).max() <= MOST_DIGITS:
        numbers = words.astype(np.int64)
        # "007" is a name, and so is what another alphabet's digits make.
        return numbers if (numbers.astype(np.str_) == words).all() else None
    matches = [WHOLE_NUMBER.fullmatch(str(word)) for word in words]
    plain = [match[1] for match in matches if match is not None]
    if len(plain) != len(words):
        return None
    return np.array(plain, dtype=np.int64)


# How two inputs were matched.
IDS, INDEX, POSITION = "ids", "index", "position"


@dataclass(frozen=True)
class Items:
    """Which items an input is about. what: how messages call it.

    ids: names, str (n). index: rows of the images that they come from, int64 (n).
    """

    what: str
    size: int
    ids: Array | None = None
    index: Array | None = None


@dataclass(frozen=True)
class Alignment:
    """Where the items of one input are in another.

    rows: int64, the row of each item, -1 where the other does not have it; None for all rows in
    order. by: IDS, INDEX or POSITION. note: what could not be compared, "" where nothing is lost.
    """

    rows: Array | None
    by: str
    note: str = ""

    def describe(self, items: Items, reference: Items) -> str:
        """Which way it went, in words that follow what was asked for."""
        note = f"; {self.note}" if self.note else ""
        matched = counted(items.size, "item")
        if self.absent:
            matched = f"{items.size - self.absent:,} of {matched}"
        return f"{matched} matched with {reference.what} by {self.by}{note}"

    @property
    def absent(self) -> int:
        """How many items the other does not have."""
        return 0 if self.rows is None else int((self.rows < 0).sum())

    def take(self, values: Array) -> Array:
        """What belongs to each item, of ``values`` in the order of the other input."""
        return values if self.rows is None else np.asarray(values[self.rows])


def align(items: Items, reference: Items, *, may_lack: float = 0, remedy: str = "") -> Alignment:
    """The row of ``reference`` that each item of ``items`` is about.

    By ids where both have them, whose folders and endings do not count where only one side has any,
    nor the folders that all of one side are in where the other is not. Else by index, else by
    position where the numbers of items agree.

    Ids that are whole numbers are what an index counts; where one side has neither, they number
    its rows if they are all of these. may_lack: how many items ``reference`` need not have, as
    labels that some were left out of. remedy: what to do where it lacks more, for the message.
    Raises MismatchError for ids or rows that are unknown or there twice, and for other sizes.
    """
    rows_by_name = partial(_rows_by_name, items=items, reference=reference, remedy=remedy)
    if items.ids is not None and reference.ids is not None:
        names, known, note = _comparable(items, reference, items.ids, reference.ids)
        return Alignment(rows_by_name(names, known, may_lack), IDS, note)
    ours, theirs = _numbers(items), _numbers(reference)
    if (
        ours is not None
        and theirs is not None
        and (items.index is not None or reference.index is not None)
    ):
        return Alignment(rows_by_name(ours, theirs, may_lack), INDEX)
    if items.index is not None:
        if len(items.index) and items.index.max() >= reference.size:
            raise MismatchError(
                f"{items.what}: index: row {int(items.index.max())} is out of range: "
                f"{counted(reference.size, 'item')} in {reference.what}"
            )
        return Alignment(items.index, INDEX, _index_alone(items.index, items, reference))
    some = may_lack > 0 or reference.index is not None
    if theirs is not None and (
        (some and theirs.max() < items.size) or _are_all(theirs, items.size)
    ):
        # Items in order, of which the other has some by number.
        every = np.arange(items.size)
        most = may_lack if reference.index is None else inf
        rows = rows_by_name(every, theirs, most)
        return Alignment(rows, INDEX, _by_number(rows, reference, items))
    if ours is not None and _are_all(ours, reference.size):
        return Alignment(ours, INDEX, _by_number(ours, items, reference))
    if items.size != reference.size:
        raise MismatchError(
            f"{counted(items.size, 'item')} in {items.what} and {reference.size:,} in "
            f"{reference.what}, and no index or ids to match them by"
            f"{_where_names_lack(items, reference)}"
        )
    return Alignment(None, POSITION, _not_compared(items, reference))


def is_everything(rows: Array, size: int) -> bool:
    """Whether rows are all of ``size`` items in their order."""
    return np.array_equal(rows, np.arange(size))


def agreed_truth(first: Array, second: Array | None, what: str) -> Array:
    """The first truth, with gaps filled from a second one.

    Raises MismatchError where both know the class of an item and it is not the same.
    """
    if second is None:
        return first
    if len(first) != len(second):
        raise MismatchError(
            f"truth: expected {counted(len(first), 'item')} as in {what}, found {len(second)}"
        )
    wrong = differing(first, second)
    if wrong.any():
        raise MismatchError(
            f"truth: differs from that of {what} on {counted(int(wrong.sum()), 'item')}, "
            f"the first is item {int(np.argmax(wrong))}"
        )
    return np.where(first < 0, second, first)


def _where_names_lack(*sides: Items) -> str:
    """Which inputs have neither ids nor index, and how arrays get them; empty where all have."""
    bare = [items for items in sides if items.ids is None and items.index is None]
    if not bare:
        return ""
    are_numbers = len(bare) == 1 and any(_numbers(items) is not None for items in sides)
    names = f"np.arange({bare[0].size})" if are_numbers else "names"
    return (
        f" (none in {' and '.join(items.what for items in bare)}: --item COLUMN takes a column of "
        f'a table, np.savez("named.npz", array, ids={names}) puts names of items beside an array)'
    )


def _numbers(items: Items) -> Array | None:
    """The items as numbers: their index, or ids that are whole numbers."""
    if items.index is not None:
        return items.index
    return None if items.ids is None else whole_numbers(items.ids)


def _are_all(numbers: Array, size: int) -> bool:
    """Whether these are 0 to size - 1 in any order."""
    return len(numbers) == size and is_everything(np.sort(numbers), size)


def _comparable(
    items: Items, reference: Items, ours: Array, theirs: Array
) -> tuple[Array, Array, str]:
    """The ids to compare, str (n) and (k), and what is said of them.

    Images of class folders have ids with folders, which judgments of the same images do not have;
    and files have endings, which names of items may lack. Where all ids of one side have such a
    part and none of the other does, it does not count, if what is left is unique.
    """
    for has, sign, place, part in (
        (_in_folders, "/", -1, "folders"),
        (_with_endings, ".", 0, "endings"),
    ):
        for side, ids, others in ((items, ours, theirs), (reference, theirs, ours)):
            # The first ones mostly tell, and names are many.
            if not len(ids) or not has(ids[:1]).all() or has(others[:1]).any():
                continue
            if not has(ids).all() or has(others).any():
                continue
            names = np.array([name.rpartition(sign)[place] for name in ids.tolist()], np.str_)
            if len(set(names.tolist())) == len(names) and np.isin(names, others).any():
                note = f"the {part} in the names of {side.what} do not count"
                return (names, theirs, note) if side is items else (ours, names, note)
    return _without_leading_folders(items, reference, ours, theirs)


def _without_leading_folders(
    items: Items, reference: Items, ours: Array, theirs: Array
) -> tuple[Array, Array, str]:
    """The ids to compare, without the folders that all of one side are in, where the other is not.

    Those of animals/cat/7.png and cat/7.png, as many as it takes for some to be the same.
    """
    if not any(_in_folders(ids[:1]).any() for ids in (ours, theirs)):
        return ours, theirs, ""  # the first ones mostly tell, and names are many
    known = {*theirs.tolist()}
    if any(name in known for name in ours.tolist()):
        return ours, theirs, ""
    for side, ids, others in ((items, ours, theirs), (reference, theirs, ours)):
        folders = _leading_folders(ids)
        for depth in range(1, len(folders) + 1):
            leading = "".join(f"{folder}/" for folder in folders[:depth])
            names = np.array([name[len(leading) :] for name in ids.tolist()], np.str_)
            if np.isin(names, others).any():
                note = f"{leading} in the names of {side.what} does not count"
                return (names, theirs, note) if side is items else (ours, names, note)
    return ours, theirs, ""


def _leading_folders(ids: Array) -> list[str]:
    """The folders that all ids are in, the outermost first."""
    names = ids.tolist()
    parts = [name.split("/")[:-1] for name in (min(names), max(names))] if names else [[], []]
    return [a for a, b in takewhile(lambda pair: pair[0] == pair[1], zip(*parts, strict=False))]


def _with_endings(ids: Array) -> Array:
    """Whether each id ends as names of pictures do, bool (n)."""
    return np.array([ENDING.search(name) is not None for name in ids.tolist()], dtype=bool)


def _in_folders(ids: Array) -> Array:
    """Whether each id has a folder, bool (n)."""
    places: Array = np.strings.find(ids, "/")
    return places >= 0


def _rows_by_name(
    names: Array, known: Array, may_lack: float, items: Items, reference: Items, remedy: str
) -> Array:
    row_of = {name: row for row, name in enumerate(known.tolist())}
    if len(row_of) != len(known):
        raise MismatchError(f"{items.what}: the ids in {reference.what} are not unique")
    if len(set(names.tolist())) != len(names):
        raise MismatchError(f"{items.what}: its ids are not unique")
    rows = np.array([row_of.get(name, -1) for name in names.tolist()], dtype=np.int64)
    missing = rows < 0
    if missing.all() or missing.sum() > may_lack:
        example = ""
        if missing.all():
            remedy = "--item COLUMN chooses a different column of names"
            example = f"; an id there is {str(known[0])!r}"
        raise MismatchError(
            f"{items.what}: {int(missing.sum()):,} of {len(names):,} ids are not in "
            f"{reference.what} ({counted(len(known), 'item')}), the first is "
            f"{str(names[np.argmax(missing)])!r}{example}{f' ({remedy})' if remedy else ''}"
        )
    return rows


def _by_number(rows: Array, named: Items, other: Items) -> str:
    """That names were taken as numbers of rows, where that is not the order."""
    if named.ids is None or is_everything(rows, len(rows)) or (rows < 0).any():
        return ""
    return (
        f"items have names in {named.what} but not in {other.what}: the names are exactly 0 to "
        f"{len(rows) - 1}, so items are matched by number"
    )


def _index_alone(index: Array, items: Items, reference: Items) -> str:
    """What is assumed where only one side has an index: that it counts the rows of the other.

    That of images which are all there are counts these images, whatever else the other side has.
    """
    note = _not_compared(items, reference)
    if not note or len(index) == reference.size or not is_everything(index, len(index)):
        return note
    note = note.partition(",")[0]
    return (
        f"{note}: are they the first {len(index):,} of {reference.size:,} items in "
        f"{reference.what}, in the same order?"
    )


def _not_compared(items: Items, reference: Items) -> str:
    """That ids of one side were not compared, since the other has none."""
    if (items.ids is None) == (reference.ids is None):
        return ""
    with_ids, without = (reference, items) if items.ids is None else (items, reference)
    note = f"items have names in {with_ids.what} but not in {without.what}: names are not compared"
    numbers = _numbers(with_ids)
    if (
        numbers is None
        or not len(numbers)
        or is_everything(numbers - min(numbers[0], 1), len(numbers))
    ):
        return note
    return (
        f"{note}, though they are numbers from {numbers.min()} to {numbers.max()}: are both the "
        "same items in the same order?"
    )

"""What to import and how, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeAlias

import numpy as np

from c10h.errors import FileError, InputError, MismatchError
from c10h.files import Source
from c10h.records import Array, Images
from c10h.request_fields import check_bounds, given_as, parts, shaping

IDS = ("path", "name", "none")
# How many names a message lists.
SHOWN = 10

Start: TypeAlias = Callable[[int | None], Callable[[int], None]]


@dataclass(frozen=True)
class Choice:
    """Which pictures of a folder or archive, and what becomes of them.

    splits: folders above the class folders, () for the only one. select: a pattern for file names
    (shell wildcards; ! before it turns it round). to_class: which class a folder is, if not its
    own name's; folders that it does not have are left out. side: pictures are resized to side x
    side. skip_bad: leave broken pictures out. skip_unlabeled: leave pictures out that have no class
    in a table of files.
    """

    splits: tuple[str, ...] = shaping("split", ())
    select: str | None = shaping("select", None)
    to_class: Mapping[str, str] | None = None
    side: int | None = shaping("resize", None, least=1, most=4096)
    skip_bad: bool = shaping("skip-bad", False)
    skip_unlabeled: bool = shaping("skip-unlabeled", False)


ALL = Choice()


@dataclass(frozen=True, kw_only=True)
class ImportRequest:
    """What to import and how.

    path: of a folder or a file, or - for stdin. choice: is for folders and archives of pictures;
    map_file: the table that its ``to_class`` is from. labels: true classes of an array, or a table
    of file and class for pictures in a folder or archive. no_truth: leave true classes out. ids:
    one of IDS, None for what is usual. ids_file: a text with one id a line. classes: names in
    order. one_based: numbers of classes begin at 1.
    """

    command: ClassVar[str] = "data import"

    path: str = given_as("", "images")
    choice: Choice = parts(Choice, default=ALL)
    labels: Source | None = given_as("--labels", "labels", default=None)
    map_file: Source | None = given_as("--map", "map", default=None)
    no_truth: bool = shaping("no-truth", False)
    ids: str | None = shaping("ids", None)
    ids_file: Source | None = given_as("--ids", "ids", default=None)
    classes: tuple[str, ...] | None = shaping("classes", None, recorded=",".join)
    one_based: bool = shaping("one-based", False)

    def __post_init__(self) -> None:
        check_bounds(self)


@dataclass(frozen=True)
class Imported:
    """The images, without lineage, and what they come from.

    The SHA-256 of a folder is that of the lines "SHA-256, two spaces, path" of all files that were
    read, by path, as sha256sum writes them. notes: one line each for people. excluded: what was
    left out, for the lineage.
    """

    images: Images
    source: Source
    notes: tuple[str, ...] = ()
    excluded: Mapping[str, Any] = field(default_factory=dict)


def refuse_options(request: ImportRequest, what: str, allowed: tuple[str, ...] = ()) -> None:
    """Raise InputError for options that only folders of pictures have, but for ``allowed`` ones."""
    choice = request.choice
    options = {
        "--split": bool(choice.splits),
        "--select": choice.select is not None,
        "--map": choice.to_class is not None,
        "--resize": choice.side is not None,
        "--skip-bad": choice.skip_bad,
        "--skip-unlabeled": choice.skip_unlabeled,
    }
    for option, is_given in options.items():
        if is_given and option not in allowed:
            raise InputError(f"{option} applies only to folders of images, and this is {what}")


def read_ids(source: Source, size: int) -> Array:
    """Names of items, one a line. Raises FileError, MismatchError for another number of them."""
    try:
        ids = source.path.read_text(encoding="utf-8-sig").removesuffix("\n").split("\n")
    except UnicodeDecodeError as error:
        raise FileError(f"{source.name}: expected UTF-8 text with one id per line") from error
    if len(ids) != size:
        raise MismatchError(f"{source.name}: expected {size:,} ids, found {len(ids):,}")
    return check_unique_ids(np.array(ids, dtype=np.str_), source.name)


def check_unique_ids(ids: Array, name: str) -> Array:
    """The ids. Raises InputError where two are equal."""
    unique, times = np.unique(ids, return_counts=True)
    if times.max() > 1:
        raise InputError(f"{name}: two images have the id {unique[np.argmax(times)]}")
    return ids

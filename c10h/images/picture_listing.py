"""Which files of a folder or archive are pictures that were asked for, and which are not."""

from __future__ import annotations

import fnmatch
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import numpy as np

from c10h.errors import InputError
from c10h.formats.archives import Member
from c10h.images.import_request import SHOWN, ImportRequest, counted
from c10h.images.picture_file import FORMS, SUFFIXES
from c10h.records import Array


@dataclass(frozen=True)
class Arrangement:
    """In which order pictures are written, and as what.

    order: rows of the pictures as they came. truth: int64 (n) or None, paths: what ids are made of;
    both in that order. classes: their names.
    """

    order: Array
    paths: list[str]
    classes: tuple[str, ...]
    truth: Array | None


@dataclass
class Listing(ABC):
    """The files of a folder or archive, and what was seen of them so far.

    passed: files that are no pictures, by their endings. folders: all of them, by path.
    """

    name: str
    request: ImportRequest
    passed: Counter[str] = field(default_factory=Counter)
    folders: set[str] = field(default_factory=set)

    def pictures(self, members: Iterable[Member]) -> Iterator[Member]:
        """The pictures that were asked for. Raises InputError where one's place is not clear."""
        for member in members:
            if member.is_folder:
                self.folders.add(member.path)
            elif not is_picture(member.path):
                self.passed[PurePosixPath(member.path).suffix.lower()] += 1
            elif self.takes(member.path):
                yield member

    @abstractmethod
    def wants(self, path: str) -> bool:
        """Whether a file is a picture that was asked for, and its content is of use."""

    @abstractmethod
    def takes(self, path: str) -> bool:
        """Take note of a picture, and tell whether it was asked for."""

    @abstractmethod
    def check(self, taken: int) -> None:
        """Raise InputError where something is lacking. taken: how many pictures were."""

    @abstractmethod
    def arrange(self, paths: list[str]) -> Arrangement:
        """The order of the good ones of the pictures that were taken."""

    def notes(self) -> list[str]:
        """What was left out, and what was assumed, one line each for people."""
        return [f"passed over {self.passed_over()}"] if self.passed else []

    def passed_over(self) -> str:
        """How many files were passed over, and how they end."""
        endings = sorted(self.passed.items(), key=lambda pair: (-pair[1], pair[0]))
        shown = [f"{count:,} {ending or 'without an ending'}" for ending, count in endings[:SHOWN]]
        more = ["…"] if len(endings) > SHOWN else []
        return f"{counted(self.passed.total(), 'file')}: {', '.join(shown + more)}"

    def nothing(self, where: str, shown: str = "none") -> InputError:
        """An error that says that there are no pictures."""
        seen = f" (passed over {self.passed_over()})" if self.passed else ""
        return InputError(f"{self.name}: expected pictures ({FORMS}){where}, found {shown}{seen}")

    def selects(self, path: str) -> bool:
        """Whether ``--select`` takes a file."""
        pattern = self.request.choice.select
        if pattern is None:
            return True
        name = path.rpartition("/")[2]
        return fnmatch.fnmatchcase(name, pattern.removeprefix("!")) != pattern.startswith("!")


def by_path(paths: list[str]) -> tuple[Array, list[str]]:
    """The order of pictures by path, and their paths in it, below the folder that has them all."""
    folders = [path.split("/")[:-1] for path in (min(paths), max(paths))]
    common = 0
    for first, last in zip(*folders, strict=False):
        if first != last:
            break
        common += len(first) + 1
    order = sorted(range(len(paths)), key=lambda row: paths[row])
    return np.array(order), [paths[row][common:] for row in order]


def make_ids(paths: list[str], form: str, name: str) -> Array | None:
    """Ids in one of the forms "path", "name", "none". Raises InputError unless all differ."""
    by_name = form == "name"
    ids = [path.rpartition("/")[2] for path in paths] if by_name else paths
    common, times = Counter(ids).most_common(1)[0]
    if times > 1:
        why = " (--ids path tells them apart)" if by_name and len(set(paths)) == len(paths) else ""
        raise InputError(f"{name}: two pictures are called {common}{why}")
    return None if form == "none" else np.array(ids, dtype=np.str_)


def is_picture(path: str) -> bool:
    """Whether a file ends as pictures do."""
    return path.lower().endswith(SUFFIXES)

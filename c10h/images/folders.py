"""Pictures in a folder or archive with one folder a class, as ImageNet, CINIC-10 and others have.

The order of the items is fixed, whatever the order in an archive: by class, and in a class by path,
in the order of code points. So a folder and archives of it give the same images.
"""

from __future__ import annotations

import fnmatch
import hashlib
import math
import os
import tempfile
import weakref
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice, pairwise, tee
from pathlib import Path
from typing import IO, Any

import numpy as np

from c10h.errors import AmbiguousError, FileError, InputError, MismatchError, OutputError
from c10h.files import Source, reason, write_all
from c10h.formats.archives import Member, members
from c10h.images.pictures import MOST_BYTES, SUFFIXES, Picture, read_pictures
from c10h.parallel import in_order, workers
from c10h.records import Array, Images

# How many files, bytes of them, or bytes of pixels a process gets or returns at a time.
BATCH_FILES = 256
BATCH_BYTES = 1 << 23
SHOWN = 10


@dataclass(frozen=True)
class Choice:
    """Which pictures, and what becomes of them.

    splits: folders above the class folders, () for the only one. select: a pattern for file names
    (shell wildcards; ! before it turns it round). to_class: which class a folder is, if not its
    own name's; folders that it does not have are left out. classes: names in order; None is the
    order of ``to_class``, or of the folders' names. side: pictures are resized to side x side.
    ids: "path", "name" or "none". skip_bad: leave broken pictures out.
    """

    splits: tuple[str, ...] = ()
    select: str | None = None
    to_class: Mapping[str, str] | None = None
    classes: tuple[str, ...] | None = None
    side: int | None = None
    ids: str = "path"
    skip_bad: bool = False


@dataclass(frozen=True)
class Found:
    """The images, and what happened on the way.

    sha256: of a folder: of the lines "SHA-256, two spaces, path" of all pictures that were read, by
    path. became: how many pictures were grey, of 16 bits ... before. bad: those left out, and why.
    unmapped: pictures by folder that the map does not have. absent: classes without pictures.
    """

    images: Images
    sha256: str
    became: Mapping[str, int]
    bad: Mapping[str, str]
    unmapped: Mapping[str, int]
    absent: tuple[str, ...]


def read_folder(
    source: Source,
    choice: Choice,
    scratch: Path,
    start: Callable[[int | None], Callable[[int], None]],
) -> Found:
    """Read the pictures of a folder or archive, once, in several processes.

    scratch: a folder with room for the pixels. start: given the number of pictures, where it is
    known, returns what is called with how many more are done.
    Raises InputError or FileError with the picture or folder that is wrong, OutputError where the
    pixels do not fit on the disk.
    """
    sorting = _Sorting(source.name, choice)
    listing: Iterable[Member] = members(source, sorting.wants, MOST_BYTES)
    total = None
    if source.path.is_dir():
        listing = list(listing)
        total = sum(member.content is not None for member in listing)
    advance = start(total)
    with (
        closing(_Spool(source.name, scratch)) as spool,
        closing(_decoded(sorting.pictures(listing), choice.side)) as batches,
    ):
        for decoded in batches:
            spool.add(decoded, skip_bad=choice.skip_bad)
            advance(len(decoded.members))
        return _put_in_order(sorting, spool)


@dataclass(frozen=True, slots=True)
class _Decoded:
    """Some files, what became of each, and the pixels of the good ones, one after another."""

    members: list[Member]
    pictures: list[Picture]
    pixels: bytes


def _decoded(pictures: Iterator[Member], side: int | None) -> Generator[_Decoded, None, None]:
    """All pictures in order: up to the first good one here, the others in several processes.

    The first good one tells how much memory the others need, since all are equally large.
    """
    shape: tuple[int, ...] = ()
    for member in pictures:
        found, pixels = read_pictures([member.content], side)
        yield _Decoded([member], found, pixels)
        shape = found[0].shape
        if shape:
            break
    batches = _batches(pictures, math.prod(shape))
    first = list(islice(batches, 2))
    ours, theirs = tee(chain(first, batches))
    contents = ([member.content for member in batch] for batch in theirs)
    read = partial(read_pictures, side=side, shape=shape)
    if len(first) < 2 or workers() == 1:  # not worth other processes
        yield from (_Decoded(one, *read(files)) for one, files in zip(ours, contents, strict=True))
        return
    with closing(in_order(read, contents, in_processes=True)) as results:
        for batch, result in zip(ours, results, strict=True):
            yield _Decoded(batch, *result)


def _batches(pictures: Iterator[Member], each: int) -> Iterator[list[Member]]:
    """each: bytes of pixels of one picture."""
    most = max(1, min(BATCH_FILES, BATCH_BYTES // each))
    batch: list[Member] = []
    size = 0
    for member in pictures:
        batch.append(member)
        size += len(member.content) if isinstance(member.content, bytes) else 0
        if len(batch) == most or size > BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


@dataclass
class _Sorting:
    """Which class a path belongs to, and what was seen so far.

    prefixes: the folder above the class folders, by split. stocked: folders with pictures.
    chosen: pictures of each class.
    """

    name: str
    choice: Choice
    prefixes: dict[str, str] = field(default_factory=dict)
    other_prefixes: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)
    stocked: set[str] = field(default_factory=set)
    chosen: Counter[str] = field(default_factory=Counter)
    unmapped: Counter[str] = field(default_factory=Counter)

    def wants(self, path: str) -> bool:
        """Whether a file is a picture that was asked for."""
        prefix, folder, _ = _parts(path)
        return (
            _is_picture(path)
            and self._split_of(prefix) is not None
            and self.class_of(folder) is not None
            and self._selects(path)
        )

    def class_of(self, folder: str) -> str | None:
        """The class of a folder; None where the map does not have it."""
        return folder if self.choice.to_class is None else self.choice.to_class.get(folder)

    def pictures(self, listing: Iterable[Member]) -> Iterator[Member]:
        """The pictures that were asked for. Raises InputError where one's place is not clear."""
        for member in listing:
            if member.is_folder:
                self.folders.add(member.path)
            elif _is_picture(member.path) and self._counts(member.path):
                yield member

    def class_names(self) -> tuple[str, ...]:
        """All classes in order. Raises InputError for an empty folder and where nothing is left."""
        self._check_prefixes()
        self._check_folders()
        names = self.choice.classes
        if names is None and self.choice.to_class is not None:
            names = tuple(dict.fromkeys(self.choice.to_class.values()))
        if names is None:
            names = tuple(sorted(self.chosen))
        if len(names) < 2:
            raise InputError(f"{self.name}: expected two or more class folders, found {names[0]}")
        return names

    def _split_of(self, prefix: str) -> str | None:
        """The split that a folder above class folders is; None where that is not asked for."""
        if not self.choice.splits:
            return ""
        for split in self.choice.splits:
            if f"/{prefix}".endswith("/" + ("" if split == "." else split.strip("/"))):
                return split
        return None

    def _counts(self, path: str) -> bool:
        """Take note of a picture, and tell whether it was asked for."""
        prefix, folder, _ = _parts(path)
        split = self._split_of(prefix)
        if split is None:
            self.other_prefixes.add(prefix)
            return False
        if not folder:
            raise InputError(f"{self.name}: {path}: expected a picture in a class folder")
        found = self.class_of(folder)
        if found is None:
            self.unmapped[folder] += 1
            return False
        if self.choice.classes is not None and found not in self.choice.classes:
            raise MismatchError(
                f"{self.name}: folder {folder!r}: expected a class of "
                f"{', '.join(self.choice.classes[:SHOWN])} (--map tells what folders are)"
            )
        if self.prefixes.setdefault(split, prefix) != prefix:
            shown = " and ".join(repr(one or ".") for one in sorted({self.prefixes[split], prefix}))
            raise AmbiguousError(
                f"{self.name}: found class folders in {shown}: --split says which to take"
            )
        self.stocked.add(_join(prefix, folder))
        selected = self._selects(path)
        self.chosen[found] += selected
        return selected

    def _selects(self, path: str) -> bool:
        pattern = self.choice.select
        if pattern is None:
            return True
        name = path.rpartition("/")[2]
        return fnmatch.fnmatchcase(name, pattern.removeprefix("!")) != pattern.startswith("!")

    def _check_prefixes(self) -> None:
        """Raise InputError where there are no pictures, or none of a split."""
        lacking = [split for split in self.choice.splits if split not in self.prefixes]
        if self.prefixes and not lacking:
            return
        what = f"pictures ({', '.join(SUFFIXES)}) in class folders"
        shown = "none"
        if self.unmapped:
            what += " that --map has"
            shown = _listed(self.unmapped)
        elif lacking:
            what += f" in {lacking[0]}"
            shown = _listed(repr(one or ".") for one in self.other_prefixes) or shown
        raise InputError(f"{self.name}: expected {what}, found {shown}")

    def _check_folders(self) -> None:
        """Raise InputError for class folders and classes of which there is no picture."""
        known = self.choice.classes if self.choice.to_class is None else self.choice.to_class
        for folder in sorted(self.folders - self.stocked - {"."}):
            prefix, _, name = folder.rpartition("/")
            is_above = any(f"{other}/".startswith(f"{folder}/") for other in self.other_prefixes)
            is_class = known is None or name in known
            if prefix in self.prefixes.values() and is_class and not is_above:
                raise InputError(f"{self.name}: the class folder {folder} has no pictures")
        for name, count in self.chosen.items():
            if not count:
                raise InputError(
                    f"{self.name}: --select {self.choice.select}: no picture of {name} is called so"
                )


class _Spool:
    """Pixels in the order in which they come, in a file without a name that ends with us.

    Raises OutputError where the disk is full.
    """

    def __init__(self, name: str, scratch: Path) -> None:
        self.name = name
        self.paths: list[str] = []
        self.digests: list[tuple[str, str]] = []
        self.became: Counter[str] = Counter()
        self.bad: dict[str, str] = {}
        self.shape: tuple[int, ...] = ()
        try:
            self.file: IO[bytes] = tempfile.TemporaryFile(dir=scratch, buffering=0)  # noqa: SIM115
        except OSError as error:
            raise OutputError(f"{scratch}: pixels of {name}: {reason(error)}") from error

    def add(self, decoded: _Decoded, *, skip_bad: bool) -> None:
        """Keep a batch. Raises FileError for a bad picture, MismatchError for another size."""
        for member, picture in zip(decoded.members, decoded.pictures, strict=True):
            self.digests.append((member.path, picture.sha256))
            if picture.shape:
                self._keep(member.path, picture)
            elif skip_bad:
                self.bad[member.path] = picture.why
            else:
                raise FileError(
                    f"{self.name}: {member.path}: {picture.why} (--skip-bad leaves such out)"
                )
        try:
            write_all(self.file, decoded.pixels)  # type: ignore[arg-type]
        except OSError as error:
            raise OutputError(f"pixels of {self.name}: {reason(error)}") from error

    def _keep(self, path: str, picture: Picture) -> None:
        self.shape = self.shape or picture.shape
        if picture.shape != self.shape:
            found, first = picture.shape, self.shape
            raise MismatchError(
                f"{self.name}: {path}: expected {first[1]} x {first[0]} pixels as in "
                f"{self.paths[0]}, found {found[1]} x {found[0]} (--resize makes all equal)"
            )
        if picture.was:
            self.became[picture.was] += 1
        self.paths.append(path)

    def close(self) -> None:
        """Give the file up."""
        self.file.close()


class _Sorted:
    """Pictures of a spool, uint8 (n, h, w, 3), in another order than it has them."""

    def __init__(self, spool: _Spool, order: Array) -> None:
        self.shape = (len(order), *spool.shape)
        self.dtype: np.dtype[Any] = np.dtype(np.uint8)
        self._order = order
        self._file = os.dup(spool.file.fileno())
        weakref.finalize(self, os.close, self._file)

    def __getitem__(self, key: Any, /) -> Array:
        order = self._order[key]
        rows = np.empty((len(order), *self.shape[1:]), np.uint8)
        each = math.prod(self.shape[1:])
        # What is stored one after another is read at once.
        ends = np.flatnonzero(np.diff(order) != 1) + 1
        bounds = [0, *ends.tolist(), len(order)] if len(order) else []
        for start, stop in pairwise(bounds):
            part = rows[start:stop]
            if os.preadv(self._file, [part.data], int(order[start]) * each) != part.nbytes:
                raise OutputError("the temporary file of pixels cannot be read back")
        return rows


def _put_in_order(sorting: _Sorting, spool: _Spool) -> Found:
    names = sorting.class_names()
    if not spool.paths:
        raise FileError(f"{spool.name}: expected pictures, found {len(spool.bad):,} bad ones only")
    number = {name: place for place, name in enumerate(names)}
    labels = [number[sorting.class_of(_parts(path)[1]) or ""] for path in spool.paths]
    alone = len(set(sorting.prefixes.values())) == 1
    short = [_join(*_parts(path)[1:]) if alone else path for path in spool.paths]
    order = np.array(sorted(range(len(labels)), key=lambda row: (labels[row], short[row])))
    absent = set(names) - set(sorting.chosen)
    lines = "".join(f"{digest}  {path}\n" for path, digest in sorted(spool.digests))
    return Found(
        images=Images(
            classes=names,
            images=_Sorted(spool, order),
            truth=np.array(labels, dtype=np.int64)[order],
            ids=_ids([short[row] for row in order], sorting.choice.ids, spool.name),
        ),
        sha256=hashlib.sha256(lines.encode()).hexdigest(),
        became=dict(spool.became),
        bad=spool.bad,
        unmapped=sorting.unmapped,
        absent=tuple(name for name in names if name in absent),
    )


def _ids(paths: list[str], form: str, name: str) -> Array | None:
    """Ids in one of the forms of :class:`Choice`. Raises InputError unless all are different."""
    by_name = form == "name"
    words = [path.rpartition("/")[2] for path in paths] if by_name else paths
    word, times = Counter(words).most_common(1)[0]
    if times > 1:
        why = " (--ids path tells them apart)" if by_name and len(set(paths)) == len(paths) else ""
        raise InputError(f"{name}: two pictures are called {word}{why}")
    return None if form == "none" else np.array(words, dtype=np.str_)


def _parts(path: str) -> tuple[str, str, str]:
    """The folders above, the class folder and the file name; "" where there is none."""
    above, _, name = path.rpartition("/")
    prefix, _, folder = above.rpartition("/")
    return prefix, folder, name


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _listed(words: Iterable[str]) -> str:
    return ", ".join(sorted(words)[:SHOWN])


def _is_picture(path: str) -> bool:
    return path.lower().endswith(SUFFIXES)

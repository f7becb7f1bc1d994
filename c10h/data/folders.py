"""Pictures in a folder or archive with one folder a class, as ImageNet, CINIC-10 and others have.

The order of the items is fixed, whatever the order in an archive: by class, and in a class by path,
in the order of code points. So a folder and archives of it give the same images.
"""

from __future__ import annotations

import fnmatch
import hashlib
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path
from typing import IO, Any

import numpy as np

from c10h.data.members import Member, members
from c10h.data.pictures import SUFFIXES, Picture, read_pictures
from c10h.errors import AmbiguousError, FileError, InputError, MismatchError, OutputError
from c10h.files import Source, reason
from c10h.parallel import in_order, workers
from c10h.records import Array, Images

# How many files, or bytes of them, one process gets at a time.
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


@dataclass
class Found:
    """The images, and what happened on the way.

    sha256: of the lines "SHA-256, two spaces, path" of all pictures that were read, by path.
    became: how many pictures were grey, of 16 bits ... before. bad: those left out, and why.
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
    listing: Iterable[Member] = members(source, sorting.wants)
    total = None
    if source.path.is_dir():
        listing = list(listing)
        total = sum(member.content is not None for member in listing)
    advance = start(total)
    with closing(_Spool(source.name, scratch)) as spool:
        for decoded in _decoded(_batches(sorting.pictures(listing)), choice.side):
            spool.add(decoded, skip_bad=choice.skip_bad)
            advance(len(decoded.paths))
        return _put_in_order(sorting, spool)


@dataclass(frozen=True)
class _Decoded:
    """A batch: paths, what became of each, and the pixels of the good ones, one after another."""

    paths: list[str]
    pictures: list[Picture]
    pixels: bytes


def _decoded(batches: Iterator[list[Member]], side: int | None) -> Iterator[_Decoded]:
    """Batches in order. What fits in one is not worth another process."""
    from concurrent.futures import BrokenExecutor

    decode = partial(_decode, side=side)
    first = [batch for _, batch in zip(range(2), batches, strict=False)]
    if len(first) < 2 or workers() == 1:
        yield from map(decode, chain(first, batches))
        return
    try:
        yield from in_order(decode, chain(first, batches), in_processes=True)
    except BrokenExecutor as error:
        raise FileError("a process that decoded pictures was killed (out of memory?)") from error


def _decode(batch: list[Member], side: int | None) -> _Decoded:
    contents = [member.content for member in batch if member.content is not None]
    return _Decoded([member.path for member in batch], *read_pictures(contents, side))


def _batches(pictures: Iterable[Member]) -> Iterator[list[Member]]:
    batch: list[Member] = []
    size = 0
    for member in pictures:
        batch.append(member)
        size += len(member.content) if isinstance(member.content, bytes) else 0
        if len(batch) == BATCH_FILES or size > BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


@dataclass
class _Sorting:
    """Which class a path belongs to, and what was seen so far."""

    name: str
    choice: Choice
    prefixes: set[str] = field(default_factory=set)
    other_prefixes: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)
    stocked: set[str] = field(default_factory=set)
    chosen: Counter[str] = field(default_factory=Counter)
    unmapped: Counter[str] = field(default_factory=Counter)

    def wants(self, path: str) -> bool:
        """Whether a file is a picture that was asked for."""
        return _is_picture(path) and self.class_of(path) is not None and self._selects(path)

    def class_of(self, path: str) -> str | None:
        """The class of the folder that a picture is in; None where that is not asked for."""
        prefix, folder, _ = _parts(path)
        splits = self.choice.splits
        if splits and not any(f"/{prefix}".endswith(f"/{split}") for split in splits):
            return None
        return folder if self.choice.to_class is None else self.choice.to_class.get(folder)

    def pictures(self, listing: Iterable[Member]) -> Iterator[Member]:
        """The pictures that were asked for. Raises where one's place is not clear."""
        for member in listing:
            if member.is_folder:
                self.folders.add(member.path)
            elif _is_picture(member.path) and self._counts(member.path):
                if member.content is None:
                    raise FileError(f"{self.name}: {member.path}: too large for a picture")
                yield member

    def class_names(self) -> tuple[str, ...]:
        """All classes in order. Raises InputError for an empty folder and where nothing is left."""
        self._check_folders()
        names = self.choice.classes
        if names is None and self.choice.to_class is not None:
            names = tuple(dict.fromkeys(self.choice.to_class.values()))
        if names is None:
            names = tuple(sorted(self.chosen))
        if len(names) < 2:
            raise InputError(f"{self.name}: expected two or more class folders, found {names[0]}")
        return names

    def _counts(self, path: str) -> bool:
        """Take note of a picture, and tell whether it was asked for."""
        prefix, folder, _ = _parts(path)
        if not folder:
            raise InputError(f"{self.name}: {path}: expected a picture in a class folder")
        found = self.class_of(path)
        if found is None:
            if self.choice.to_class is not None and folder not in self.choice.to_class:
                self.unmapped[folder] += 1
            else:
                self.other_prefixes.add(prefix)
            return False
        if self.choice.classes is not None and found not in self.choice.classes:
            raise MismatchError(
                f"{self.name}: folder {folder!r} is not among the classes "
                f"{', '.join(self.choice.classes[:SHOWN])} (--map tells what folders are)"
            )
        self.prefixes.add(prefix)
        if len(self.prefixes) > 1 and not self.choice.splits:
            shown = ", ".join(repr(one or ".") for one in sorted(self.prefixes))
            raise AmbiguousError(
                f"{self.name}: found class folders in {shown}: --split says which to take"
            )
        self.stocked.add(f"{prefix}/{folder}" if prefix else folder)
        selected = self._selects(path)
        self.chosen[found] += selected
        return selected

    def _selects(self, path: str) -> bool:
        pattern = self.choice.select
        if pattern is None:
            return True
        name = path.rpartition("/")[2]
        return fnmatch.fnmatchcase(name, pattern.removeprefix("!")) != pattern.startswith("!")

    def _check_folders(self) -> None:
        if not self.prefixes:
            what = f"pictures ({', '.join(SUFFIXES)}) in class folders"
            if self.choice.splits and self.other_prefixes:
                what += f" in {' or '.join(self.choice.splits)}"
                shown = ", ".join(repr(one or ".") for one in sorted(self.other_prefixes)[:SHOWN])
            elif self.unmapped:
                what += " that --map has"
                shown = ", ".join(sorted(self.unmapped)[:SHOWN])
            else:
                shown = "none"
            raise InputError(f"{self.name}: expected {what}, found {shown}")
        for folder in sorted(self.folders - self.stocked - {"."}):
            prefix, _, name = folder.rpartition("/")
            known = self.choice.classes if self.choice.to_class is None else self.choice.to_class
            if prefix in self.prefixes and (known is None or name in known):
                raise InputError(f"{self.name}: the class folder {folder} has no pictures")
        for name, count in self.chosen.items():
            if not count:
                raise InputError(
                    f"{self.name}: --select {self.choice.select}: no picture of {name} is called so"
                )


class _Spool:
    """Pixels in the order in which they come, in a file without a name that ends with us."""

    def __init__(self, name: str, scratch: Path) -> None:
        self.name = name
        self.paths: list[str] = []
        self.digests: list[tuple[str, str]] = []
        self.became: Counter[str] = Counter()
        self.bad: dict[str, str] = {}
        self.shape: tuple[int, ...] = ()
        self.file: IO[bytes] = tempfile.TemporaryFile(dir=scratch)  # noqa: SIM115

    def add(self, decoded: _Decoded, *, skip_bad: bool) -> None:
        """Keep a batch. Raises FileError for a bad picture, MismatchError for another size."""
        for path, picture in zip(decoded.paths, decoded.pictures, strict=True):
            self.digests.append((path, picture.sha256))
            if not picture.shape:
                if not skip_bad:
                    raise FileError(
                        f"{self.name}: {path}: {picture.why} (--skip-bad leaves such out)"
                    )
                self.bad[path] = picture.why
                continue
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
        try:
            self.file.write(decoded.pixels)
        except OSError as error:
            raise OutputError(f"pixels of {self.name}: {reason(error)}") from error

    def pixels(self) -> Array:
        """All of them, uint8 (n, h, w, 3), as the file has them."""
        try:
            self.file.flush()
        except OSError as error:
            raise OutputError(f"pixels of {self.name}: {reason(error)}") from error
        return np.memmap(self.file, np.uint8, "r", shape=(len(self.paths), *self.shape))

    def close(self) -> None:
        """Give the file up; a map of it keeps its content."""
        self.file.close()


@dataclass(frozen=True)
class _Permuted:
    """Rows in another order than they are stored in."""

    rows: Array
    order: Array

    @property
    def shape(self) -> tuple[int, ...]:
        return self.rows.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.rows.dtype

    def __getitem__(self, key: Any, /) -> Array:
        return np.asarray(self.rows[self.order[key]])


def _put_in_order(sorting: _Sorting, spool: _Spool) -> Found:
    names = sorting.class_names()
    if not spool.paths:
        raise FileError(f"{spool.name}: expected pictures, found {len(spool.bad):,} bad ones only")
    number = {name: place for place, name in enumerate(names)}
    alone = len(sorting.prefixes) == 1
    labels = [number[sorting.class_of(path) or ""] for path in spool.paths]
    short = ["/".join(_parts(path)[1:]) if alone else path for path in spool.paths]
    order = np.array(sorted(range(len(labels)), key=lambda row: (labels[row], short[row])))
    by_file = sorting.choice.ids == "name"
    ids = np.array([one.rpartition("/")[2] for one in short] if by_file else short, dtype=np.str_)
    if len(np.unique(ids)) < len(ids):
        twice = Counter(ids.tolist()).most_common(1)[0][0]
        why = " (--ids path tells them apart)" if by_file and len(set(short)) == len(ids) else ""
        raise InputError(f"{spool.name}: two pictures are called {twice}{why}")
    lines = "".join(f"{digest}  {path}\n" for path, digest in sorted(spool.digests))
    absent = set(names) - set(sorting.chosen)
    return Found(
        images=Images(
            classes=names,
            images=_Permuted(spool.pixels(), order),
            truth=np.array(labels, dtype=np.int64)[order],
            ids=None if sorting.choice.ids == "none" else ids[order],
        ),
        sha256=hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest(),
        became=dict(spool.became),
        bad=spool.bad,
        unmapped=sorting.unmapped,
        absent=tuple(name for name in names if name in absent),
    )


def _parts(path: str) -> tuple[str, str, str]:
    """The folders above, the class folder and the file name; "" where there is none."""
    above, _, name = path.rpartition("/")
    prefix, _, folder = above.rpartition("/")
    return prefix, folder, name


def _is_picture(path: str) -> bool:
    return path.lower().endswith(SUFFIXES)

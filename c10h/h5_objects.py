"""What is in an HDF5 file, found and checked before any of it is read.

A file of a stranger's can hurt nobody: links that lead out of it, virtual datasets and external
storage are refused, and so are sizes that the bytes of the file cannot hold, groups nested without
end, and heaps in which HDF5 itself would hang.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import h5py
import numpy as np

from c10h.errors import FileError
from c10h.files import HDF5, MATLAB, Source, describe_head
from c10h.h5_heap import has_broken_heap

MAGIC = HDF5
# Groups within groups. The HDF5 library ends the process somewhere below 10,000.
DEEPEST = 32
# A dataset may be larger than its file by what gzip makes of equal bytes, and all may be so large.
GZIP_RATIO = 1032
SMALL_BYTES = 1 << 26
# One chunk is in memory whole, however little of it is read.
CHUNK_BYTES = 1 << 30

# Datasets and groups by their path in the file.
Objects: TypeAlias = Mapping[str, h5py.Dataset | h5py.Group]


def open_file(source: Source) -> tuple[h5py.File, Objects]:
    """Open an HDF5 file for reading: the file, and everything in it.

    Raises FileError if it is no HDF5 file, is truncated or damaged, or leads out of itself.
    """
    if not source.head(len(MATLAB)).startswith((MAGIC, MATLAB)):
        raise FileError(f"{source.name}: expected an HDF5 file, found {describe_head(source)}")
    source.check_digest()
    try:
        file = h5py.File(source.path, "r")
    except (OSError, RuntimeError, ValueError) as error:
        raise FileError(
            f"{source.name}: not a complete HDF5 file (truncated or damaged): {error}"
        ) from error
    try:
        members = sorted(_objects(file, source), key=lambda member: member[0].split("/"))
        objects = dict(members)
        if _has_variable_text(file, objects) and has_broken_heap(source.path):
            raise FileError(
                f"{source.name}: damaged: a heap of its texts does not end, or has less than "
                "the length of a text"
            )
        return file, objects
    except FileError:
        file.close()
        raise
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, OverflowError) as error:
        file.close()
        raise FileError(f"{source.name}: a damaged HDF5 file: {error}") from error


def attributes_of(file: h5py.File, source: Source) -> dict[str, Any]:
    """The attributes of a file: text as str, arrays of text as arrays of str, numbers.

    Raises FileError for a damaged file.
    """
    try:
        # Of h5py's own iterator an error in between would keep its lock, and hang other threads.
        attributes = dict(file.attrs)
        return {name: _plain(value) for name, value in attributes.items()}
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise FileError(f"{source.name}: damaged: {error}") from error


def _plain(value: Any) -> Any:
    """Text of fixed length as str; what is no UTF-8, as of other programs, stays bytes."""
    with contextlib.suppress(UnicodeDecodeError):
        if isinstance(value, bytes):
            return value.decode()
        if isinstance(value, np.ndarray) and value.dtype.kind == "S":
            return np.char.decode(value, "utf-8")
    return value


def _objects(file: h5py.File, source: Source) -> Iterator[tuple[str, h5py.Dataset | h5py.Group]]:
    """Everything below the root, group by group. Raises FileError for what may not be read.

    HDF5's own visit of all at once calls itself for each group within a group, without end.
    """
    file_size = source.path.stat().st_size
    groups = [("", file.id)]
    visited = {h5py.h5o.get_info(file.id).addr}
    while groups:
        parent, group = groups.pop()
        for name, kind in _links(group):
            path = parent + name.decode()
            if kind != h5py.h5l.TYPE_HARD:
                raise FileError(
                    f"{source.name}: /{path} is an external or soft link, which c10h does not "
                    "follow"
                )
            opened = h5py.h5o.open(group, name)
            if isinstance(opened, h5py.h5d.DatasetID):
                dataset = h5py.Dataset(opened)
                _check_storage(dataset, f"{source.name}: /{path}", file_size)
                yield path, dataset
            elif isinstance(opened, h5py.h5g.GroupID):
                yield path, h5py.Group(opened)
                address = h5py.h5o.get_info(opened).addr
                if address in visited:
                    continue
                visited.add(address)
                if path.count("/") >= DEEPEST:
                    raise FileError(f"{source.name}: groups within groups, over {DEEPEST} deep")
                groups.append((f"{path}/", opened))


def _links(group: h5py.h5g.GroupID) -> list[tuple[bytes, int]]:
    """Name and kind of every link of a group. Far faster than name by name."""
    links = []

    def add(name: bytes, link: Any) -> None:
        links.append((name, link.type))

    group.links.iterate(add, info=True)
    return links


def _check_storage(dataset: h5py.Dataset, where: str, file_size: int) -> None:
    """Raise FileError for data in another file, and for sizes that this file cannot hold."""
    if dataset.external or dataset.is_virtual:
        raise FileError(f"{where} stores its data in another file")
    size = size_of(dataset)
    if size > SMALL_BYTES + GZIP_RATIO * file_size:
        raise FileError(
            f"{where} declares {size:,} bytes (shape {dataset.shape}), which {file_size:,} bytes "
            "of a file cannot hold"
        )
    chunk = math.prod(dataset.chunks or ()) * int(dataset.id.get_type().get_size())
    if chunk > CHUNK_BYTES:
        raise FileError(f"{where} has chunks of {chunk:,} bytes, over {CHUNK_BYTES:,}")


def size_of(dataset: h5py.Dataset) -> int:
    """How many bytes a dataset takes in memory; text of variable length is not counted."""
    return math.prod(dataset.shape or ()) * int(dataset.id.get_type().get_size())


def _has_variable_text(file: h5py.File, objects: Objects) -> bool:
    """Whether anything that may be read has text of variable length."""
    types = [file.attrs.get_id(name).get_type() for name in file.attrs]
    types += [
        member.id.get_type() for member in objects.values() if isinstance(member, h5py.Dataset)
    ]
    return any(
        isinstance(type_, h5py.h5t.TypeVlenID)
        or (isinstance(type_, h5py.h5t.TypeStringID) and type_.is_variable_str())
        for type_ in types
    )

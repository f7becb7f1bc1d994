"""The values of HDF5 datasets: whole, or slice by slice where they are large."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from c10h.errors import FileError, SchemaError
from c10h.files import Source
from c10h.h5_objects import size_of
from c10h.records import Array, Rows, View

# Arrays of two or more dimensions stay in the file above this size.
EAGER_BYTES = 1 << 22
# What is read whole may take so much memory, and so much for each byte of its file.
MEMORY_BYTES, MEMORY_RATIO = 1 << 27, 100
# Rows of text of variable length between two looks at how much it is.
TEXT_ROWS = 1000
# How a text of variable length is stored: its length, and where in which heap it is.
REFERENCE = np.dtype([("length", "<u4"), ("heap", "<u8"), ("index", "<u4")])


def values_of(dataset: h5py.Dataset | h5py.Group, path: str, source: Source) -> Rows:
    """The values of a dataset, or where they are large the means to read them slice by slice.

    path: in the file. Raises SchemaError for anything but numbers and text.
    """
    if not isinstance(dataset, h5py.Dataset):
        raise SchemaError(f"{path}: expected a dataset, found a group")
    dtype, shape = dataset.dtype, dataset.shape
    if is_text(dataset):
        return text_of(dataset, f"{source.name}: {path}")
    if shape is None:
        raise SchemaError(f"{path}: expected values, found none")
    if dtype.kind not in "fiub":
        raise SchemaError(f"{path}: expected numbers or text, found {dtype}")
    if is_large(dataset):
        return dataset_rows(dataset, f"{source.name}: {path}")
    # Slicing takes several times as long, which counts with thousands of files.
    values = np.zeros(shape, dtype)
    if values.size:
        dataset.id.read(h5py.h5s.ALL, h5py.h5s.ALL, values)
    return values


def is_text(dataset: h5py.Dataset) -> bool:
    """Whether a dataset is text, of fixed or variable length."""
    return h5py.check_string_dtype(dataset.dtype) is not None and dataset.shape is not None


def is_large(dataset: h5py.Dataset) -> bool:
    """Whether a dataset of numbers is read slice by slice."""
    return len(dataset.shape or ()) > 1 and size_of(dataset) > EAGER_BYTES


def text_of(dataset: h5py.Dataset, where: str) -> Array:
    """Text, str of numpy. Raises FileError where it takes far more memory than its file."""
    if dataset.dtype.kind == "S":
        return np.asarray(np.char.decode(np.asarray(dataset[...]), "utf-8"))
    if not dataset.shape:
        return np.asarray(dataset.asstr()[...], dtype=np.str_)
    # Of variable length, as other programs write it. Many rows may be one long text of the file.
    _check_lengths(dataset, where)
    rows, longest = list[str](), 0
    most = _most_memory(Path(dataset.file.filename).stat().st_size)
    for start in range(0, len(dataset), TEXT_ROWS):
        block = dataset.asstr()[start : start + TEXT_ROWS].ravel().tolist()
        rows += block
        longest = max(longest, *map(len, block))
        if len(rows) * longest > most:
            raise FileError(f"{where}: {len(rows):,} texts, one with {longest:,} letters")
    return np.array(rows, dtype=np.str_).reshape(dataset.shape)


def _check_lengths(dataset: h5py.Dataset, where: str) -> None:
    """Raise FileError where a text of variable length says that it is longer than its file.

    HDF5 takes the memory for it before it looks whether it is there. What it reads of a compressed
    dataset has a checksum.
    """
    path = Path(dataset.file.filename)
    if dataset.compression is not None or dataset.shuffle:
        return
    for offset, size in _stored_at(dataset):
        count = min(size // REFERENCE.itemsize, int(dataset.size))
        lengths = np.fromfile(path, REFERENCE, count, offset=offset)["length"]
        if len(lengths) and int(lengths.max()) > path.stat().st_size:
            raise FileError(f"{where}: damaged: a text of {int(lengths.max()):,} bytes")


def _stored_at(dataset: h5py.Dataset) -> Iterator[tuple[int, int]]:
    """Where in the file the parts of a dataset are: offsets and sizes in bytes."""
    if dataset.chunks is None:
        offset = dataset.id.get_offset()
        if offset is not None:
            yield offset, int(dataset.id.get_storage_size())
        return
    for number in range(dataset.id.get_num_chunks()):
        chunk = dataset.id.get_chunk_info(number)
        yield chunk.byte_offset, chunk.size


def check_memory(datasets: Iterable[h5py.Dataset | h5py.Group], source: Source) -> None:
    """Raise FileError where what will be read whole is far larger than its file."""
    size = sum(
        size_of(dataset)
        for dataset in datasets
        if isinstance(dataset, h5py.Dataset) and (is_text(dataset) or not is_large(dataset))
    )
    file_size = source.path.stat().st_size
    if size > _most_memory(file_size):
        raise FileError(
            f"{source.name}: its datasets declare {size:,} bytes, and it has {file_size:,}"
        )


def _most_memory(file_size: int) -> int:
    return MEMORY_BYTES + MEMORY_RATIO * file_size


def dataset_rows(dataset: h5py.Dataset, where: str) -> View:
    """A dataset that stays in its file, of which slices are read on demand."""

    def read(key: Any) -> Array:
        try:
            return np.asarray(dataset[key])
        except OSError as error:
            raise FileError(f"{where}: damaged: {error}") from error

    return View(tuple(dataset.shape), dataset.dtype, read)


def late_rows(path: Path, field: str, dataset: h5py.Dataset, name: str) -> View:
    """A dataset whose file is opened for each slice. name: of the file."""

    def read(key: Any) -> Array:
        try:
            with h5py.File(path, "r") as file:
                return np.asarray(file[field][key])
        except (OSError, KeyError) as error:
            raise FileError(f"{name}: {field}: damaged: {error}") from error

    return View(tuple(dataset.shape), dataset.dtype, read)

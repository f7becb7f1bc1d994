"""One reader and one writer for all kinds of record, in HDF5.

Root attributes: kind, schema (version of this layout), c10h (version that wrote it), classes,
lineage (JSON), and the record's settings. Nothing in a file depends on the time or the machine:
the same record is the same bytes.

A file of a stranger's can hurt nobody: soft and external links, virtual datasets and external
storage are refused before anything is read, and no dataset is ever unpickled.
"""

from __future__ import annotations

import itertools
import json
import math
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias, TypeVar, overload

import h5py
import numpy as np

from c10h import __version__
from c10h.errors import C10hError, FileError, SchemaError
from c10h.files import HDF5, MATLAB, Source, atomic_output, describe_head
from c10h.h5_attributes import classes_of, lineage_of_attributes, settings_of, version_of
from c10h.h5_sink import Sink
from c10h.parallel import in_order
from c10h.records import KINDS, Array, Column, Group, Lineage, Record, Rows, View

MAGIC = HDF5

# A chunk is what one small read has to decompress.
CHUNK_BYTES = 1 << 18
GZIP_LEVEL = 4
# Level of gzip that only adds a checksum. A chunk gets it where the usual level leaves more than
# WORTH of a sample of it, as of photographs: they would take longer to read, and be little smaller.
STORED = 0
WORTH = 0.9
SAMPLE_BYTES = 1 << 14
# Below this an HDF5 chunk index costs more than compression saves.
COMPRESS_BYTES = 1 << 12
# Arrays of two or more dimensions stay in the file above this size.
EAGER_BYTES = 1 << 22
# How much of a large array is in memory at once while it is written.
BLOCK_BYTES = 1 << 25


# Datasets and groups by their path in the file.
Objects: TypeAlias = Mapping[str, h5py.Dataset | h5py.Group]
Kind = TypeVar("Kind", bound=Record)


def open_file(source: Source) -> tuple[h5py.File, Objects]:
    """Open an HDF5 file for reading: the file, and everything in it.

    Raises FileError if it is no HDF5 file, is truncated, or leads out of itself by a link.
    """
    if not source.head(len(MATLAB)).startswith((MAGIC, MATLAB)):
        raise FileError(f"{source.name}: expected an HDF5 file, found {describe_head(source)}")
    try:
        file = h5py.File(source.path, "r")
    except OSError as error:
        raise FileError(
            f"{source.name}: not a complete HDF5 file (truncated or damaged): {error}"
        ) from error
    try:
        return file, _objects(file, source)
    except C10hError:
        file.close()
        raise


def peek_kind(source: Source) -> str | None:
    """The kind that a c10h file declares, or None for any other file."""
    if source.head(len(MAGIC)) != MAGIC:
        return None
    file, _ = open_file(source)
    with file:
        return _kind_of(_attributes_of(file, source))


@overload
def read(source: Source, *, late: Collection[str] = ()) -> Record: ...


@overload
def read(source: Source, *kinds: type[Kind], late: Collection[str] = ()) -> Kind: ...


def read(source: Source, *kinds: type[Record], late: Collection[str] = ()) -> Record:
    """Read a c10h file of one of ``kinds`` (any kind when none is named).

    Large arrays stay in the file and are read slice by slice; those in ``late`` do so whatever
    their size, and without keeping the file open, for reading thousands of files.
    Raises FileError for other files, SchemaError where the content breaks the specification.
    """
    file, objects = open_file(source)
    attributes = _attributes_of(file, source)
    kind = _kind_of(attributes)
    kind_names = [record.kind for record in kinds] or list(KINDS)
    if kind is None:
        raise FileError(f"{source.name}: an HDF5 file, but not one that c10h wrote")
    if kind not in kind_names:
        raise FileError(
            f"{source.name}: expected kind {' or '.join(kind_names)}, found kind {kind}"
        )
    try:
        return _read_record(objects, attributes, KINDS[kind], source, late)
    except SchemaError as error:
        raise SchemaError(f"{source.name}: {error}") from error
    except (OSError, RuntimeError, KeyError, TypeError, ValueError, MemoryError) as error:
        raise FileError(f"{source.name}: damaged: {error}") from error


def write(record: Record, argument: str, advance: Callable[[int], None] | None = None) -> None:
    """Write a record to the file ``argument`` (``-``: stdout), atomically.

    advance: called with the number of items after each block, for progress.
    Raises OutputError when that fails; an older file is then untouched.
    """
    with atomic_output(argument) as stream:
        sink = Sink(stream)
        try:
            with h5py.File(sink, "w") as file:
                for key, value in _attributes(record).items():
                    file.attrs[key] = value
                for path, declared, value in record.datasets():
                    _write_dataset(file, path, declared, value, sink, advance)
        finally:
            if sink.error is not None:
                raise sink.error


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


def _attributes_of(file: h5py.File, source: Source) -> dict[str, Any]:
    try:
        return dict(file.attrs)
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        raise FileError(f"{source.name}: damaged: {error}") from error


def _kind_of(attributes: Mapping[str, Any]) -> str | None:
    kind = attributes.get("kind")
    return kind if isinstance(kind, str) and kind in KINDS else None


def _read_record(
    objects: Objects,
    attributes: Mapping[str, Any],
    kind: type[Record],
    source: Source,
    late: Collection[str],
) -> Record:
    name = source.name
    version_of(attributes, kind.version)
    values: dict[str, Any] = {
        "classes": classes_of(attributes),
        "lineage": lineage_of_attributes(attributes),
        "settings": settings_of(attributes),
    }
    schema = kind.schema()
    for path in objects:
        if path.partition("/")[0] not in schema:
            raise SchemaError(f"{path}: {kind.kind} have no dataset of this name")
    for field, declared in schema.items():
        stored = objects.get(field)
        if stored is None:
            if not declared.optional:
                raise SchemaError(f"{field}: expected a dataset, found none")
        elif isinstance(declared, Group):
            if not isinstance(stored, h5py.Group):
                raise SchemaError(f"{field}: expected a group, found a dataset")
            values[field] = {
                path.removeprefix(f"{field}/"): _load(member, f"{name}: {path}")
                for path, member in objects.items()
                if path.startswith(f"{field}/")
            }
        elif field in late and isinstance(stored, h5py.Dataset):
            values[field] = late_rows(source.path, field, stored, name)
        else:
            values[field] = _load(stored, f"{name}: {field}")
    return kind(**values)


def _load(dataset: h5py.Dataset | h5py.Group, where: str) -> Rows:
    """Its values, or where they are large the means to read them slice by slice."""
    if not isinstance(dataset, h5py.Dataset):
        raise SchemaError(f"{where}: expected a dataset, found a group")
    dtype, shape = dataset.dtype, dataset.shape
    is_text = h5py.check_string_dtype(dtype) is not None
    if is_text and dtype.kind != "S":  # of variable length, as other programs write it
        return np.asarray(dataset.asstr()[...], dtype=np.str_)
    if not is_text and len(shape) > 1 and math.prod(shape) * dtype.itemsize > EAGER_BYTES:
        return dataset_rows(dataset, where)
    # Slicing takes several times as long, which counts with thousands of files.
    values = np.zeros(shape, dtype)
    if values.size:
        dataset.id.read(h5py.h5s.ALL, h5py.h5s.ALL, values)
    return np.char.decode(values, "utf-8") if is_text else values


def _attributes(record: Record) -> Mapping[str, Any]:
    lineage = record.lineage or Lineage(command="")
    return {
        "kind": record.kind,
        "schema": record.version,
        "c10h": __version__,
        "classes": list(record.classes),
        "lineage": json.dumps(lineage.to_dict(), sort_keys=True, separators=(",", ":")),
        **dict(sorted(record.settings.items())),
    }


def _write_dataset(
    file: h5py.File,
    path: str,
    declared: Column | Group,
    value: Rows,
    sink: Sink,
    advance: Callable[[int], None] | None,
) -> None:
    dtype = _file_dtype(declared, value)
    options: dict[str, Any] = {}
    if math.prod(value.shape) * dtype.itemsize > COMPRESS_BYTES:
        options = {
            "chunks": chunk_shape(value.shape, dtype.itemsize),
            "compression": "gzip",
            "compression_opts": GZIP_LEVEL,
            "shuffle": declared.shuffle if isinstance(declared, Column) else True,
        }
    dataset = file.create_dataset(path, shape=value.shape, dtype=dtype, **options)
    for key in _blocks(value.shape, declared.dims, dataset.chunks, dtype.itemsize):
        if sink.error is not None:
            return
        block = np.asarray(value[key])
        if dtype.kind == "S":
            block = np.char.encode(block.astype(np.str_), "utf-8").astype(dtype)
        if options and isinstance(key, slice) and dtype.kind != "S":
            _write_chunks(dataset, np.ascontiguousarray(block, dtype), key.start)
        else:
            dataset[key] = block
        if advance is not None and "n" in declared.dims[:-1]:
            advance(block.shape[declared.dims.index("n") - len(declared.dims)])


def _write_chunks(dataset: h5py.Dataset, block: Array, start: int) -> None:
    """Write a block that begins with a chunk, compressed in threads as HDF5 would do in one."""
    shape = dataset.chunks
    steps = [range(0, size, step) for size, step in zip(block.shape, shape, strict=True)]

    def compress(corner: tuple[int, ...]) -> bytes:
        part = block[tuple(slice(at, at + step) for at, step in zip(corner, shape, strict=True))]
        is_edge = part.shape != shape
        chunk = np.zeros(shape, block.dtype) if is_edge else np.ascontiguousarray(part)
        if is_edge:  # chunks are whole in the file
            chunk[tuple(slice(size) for size in part.shape)] = part
        values = chunk.reshape(-1)
        sample = _prepared(values[: SAMPLE_BYTES // values.itemsize], dataset.shuffle)
        worth = is_edge or len(zlib.compress(sample, GZIP_LEVEL)) < WORTH * sample.nbytes
        return zlib.compress(_prepared(values, dataset.shuffle), GZIP_LEVEL if worth else STORED)

    corners = list(itertools.product(*steps))
    for corner, data in zip(corners, in_order(compress, corners), strict=True):
        dataset.id.write_direct_chunk((start + corner[0], *corner[1:]), data)


def _prepared(values: Array, shuffle: bool) -> memoryview:
    """Bytes as gzip gets them: with ``shuffle`` the first bytes of all values, then the second."""
    as_bytes = values.view(np.uint8)
    if not shuffle or values.itemsize == 1:
        return as_bytes.data
    return np.ascontiguousarray(as_bytes.reshape(values.size, -1).T).data


def _file_dtype(declared: Column | Group, value: Rows) -> np.dtype[Any]:
    if value.dtype.kind in "UO":
        # Fixed-length text compresses and, unlike HDF5's variable-length text, never dangles.
        encoded = np.char.encode(np.asarray(value[...], dtype=np.str_), "utf-8")
        text: np.dtype[Any] = h5py.string_dtype("utf-8", max(1, encoded.dtype.itemsize))
        return text
    return np.dtype(declared.dtype) if isinstance(declared, Column) else value.dtype


def chunk_shape(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """The largest chunk of at most CHUNK_BYTES that fills the fastest axes first."""
    room = max(1, CHUNK_BYTES // itemsize)
    chunk = []
    for size in reversed(shape):
        chunk.append(max(1, min(size, room)))
        room //= chunk[-1]
    return tuple(reversed(chunk))


def _blocks(
    shape: tuple[int, ...],
    dims: tuple[str, ...],
    chunks: tuple[int, ...] | None,
    itemsize: int,
) -> Iterator[slice | tuple[slice | int, ...]]:
    """Keys that cut an array along its items (axis "n") into blocks of bounded size.

    Each block begins with a chunk.
    """
    if "n" not in dims[:-1]:
        yield (slice(None),) * len(shape)
        return
    axis = dims.index("n")
    rows = max(1, BLOCK_BYTES // (itemsize * math.prod(shape[axis + 1 :])))
    if chunks is not None:
        rows = -(-rows // chunks[axis]) * chunks[axis]
    for prefix in np.ndindex(*shape[:axis]):
        for start in range(0, shape[axis], rows):
            items = slice(start, min(start + rows, shape[axis]))
            yield (*prefix, items) if prefix else items


def _objects(file: h5py.File, source: Source) -> Objects:
    """Everything in a file.

    Raises FileError for a damaged file, and if anything is stored elsewhere or linked softly.
    """
    objects: dict[str, h5py.Dataset | h5py.Group] = {}
    try:
        for path, kind in _links(file):
            name = path.decode()
            if kind != h5py.h5l.TYPE_HARD:
                raise FileError(
                    f"{source.name}: /{name} is an external or soft link, which c10h does not "
                    "follow"
                )
            opened = h5py.h5o.open(file.id, path)
            if isinstance(opened, h5py.h5g.GroupID):
                objects[name] = h5py.Group(opened)
            elif isinstance(opened, h5py.h5d.DatasetID):
                objects[name] = dataset = h5py.Dataset(opened)
                if dataset.external or dataset.is_virtual:
                    raise FileError(f"{source.name}: /{name} stores its data in another file")
    except (OSError, RuntimeError, KeyError, UnicodeError) as error:
        raise FileError(f"{source.name}: a damaged HDF5 file: {error}") from error
    return objects


def _links(file: h5py.File) -> list[tuple[bytes, int]]:
    """Path and type of every link below the root. Far faster than group by group, name by name."""
    links = []

    def add(name: bytes, link: Any) -> None:
        links.append((name, link.type))

    file.id.links.visit(add, info=True)
    return links

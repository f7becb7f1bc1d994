"""One reader and one writer for all kinds of record, in HDF5.

Root attributes: kind, schema (version of this layout), c10h (version that wrote it), classes,
lineage (JSON), and the record's settings. Nothing in a file depends on the time or the machine:
the same record is the same bytes.

What a file may hold is decided in :mod:`c10h.h5_objects` before anything is read, and no dataset is
ever unpickled.
"""

from __future__ import annotations

import itertools
import json
import math
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, TypeVar, overload

import h5py
import numpy as np

from c10h import __version__
from c10h.digests import DIGEST, append_digest
from c10h.errors import FileError, SchemaError
from c10h.files import Source, atomic_output
from c10h.h5_attributes import classes_of, lineage_of_attributes, settings_of, version_of
from c10h.h5_objects import MAGIC, Objects, attributes_of, open_file
from c10h.h5_sink import Sink
from c10h.h5_values import check_memory, late_rows, text_of, values_of
from c10h.parallel import in_order
from c10h.records import KINDS, Array, Column, Group, Lineage, Record, Rows, Setting
from c10h.signals import waiting_signals

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
# How much of a large array is in memory at once while it is written.
BLOCK_BYTES = 1 << 25
# An attribute has to fit into a message of 64 kB; a larger text is a dataset of the same name.
ATTRIBUTE_BYTES = 60_000
TEXTS = ("classes", "lineage")


Kind = TypeVar("Kind", bound=Record)


def peek_kind(source: Source) -> str | None:
    """The kind that a c10h file declares, or None for any other file."""
    if source.head(len(MAGIC)) != MAGIC:
        return None
    file, _ = open_file(source)
    with file:
        return _kind_of(attributes_of(file, source))


def peek_lineage(source: Source) -> Lineage | None:
    """The lineage of a whole c10h file, without its datasets; None for any other file.

    Raises FileError for a damaged file, SchemaError for a lineage that c10h does not write.
    """
    if peek_kind(source) is None:
        return None
    source.check_digest()
    file, objects = open_file(source)
    with file:
        attributes = attributes_of(file, source) | _texts(objects, source)
    return lineage_of_attributes(attributes)


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
    attributes = attributes_of(file, source)
    kind = _kind_of(attributes)
    kind_names = [record.kind for record in kinds] or list(KINDS)
    if kind is None:
        raise FileError(f"{source.name}: an HDF5 file, but not one that c10h wrote")
    if kind not in kind_names:
        raise FileError(
            f"{source.name}: expected kind {' or '.join(kind_names)}, found kind {kind}"
        )
    if DIGEST in attributes and not source.check_digest():
        raise FileError(
            f"{source.name}: cut off, or changed by another program: expected a SHA-256 as its "
            f"last line, found none (an HDF5 attribute {DIGEST!r} says that it had one)"
        )
    try:
        attributes |= _texts(objects, source)
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
            with waiting_signals() as handle_signals, h5py.File(sink, "w") as file:
                for name, attribute in _attributes(record).items():
                    _write_attribute(file, name, attribute)
                for path, declared, value in record.datasets():
                    for items in _write_dataset(file, path, declared, value, sink):
                        if advance is not None:
                            advance(items)
                        handle_signals()
        finally:
            if sink.error is not None:
                raise sink.error
        append_digest(stream)


def _kind_of(attributes: Mapping[str, Any]) -> str | None:
    kind = attributes.get("kind")
    return kind if isinstance(kind, str) and kind in KINDS else None


def _texts(objects: Objects, source: Source) -> dict[str, Any]:
    """What was too large for an attribute."""
    return {
        name: text_of(dataset, f"{source.name}: {name}")[()]
        for name in TEXTS
        if isinstance(dataset := objects.get(name), h5py.Dataset)
    }


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
    check_memory([member for path, member in objects.items() if path not in late], source)
    for path in objects:
        if path.partition("/")[0] not in (*schema, *TEXTS):
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
                path.removeprefix(f"{field}/"): values_of(member, path, source)
                for path, member in objects.items()
                if path.startswith(f"{field}/")
            }
        elif field in late and isinstance(stored, h5py.Dataset):
            values[field] = late_rows(source.path, field, stored, name)
        else:
            values[field] = values_of(stored, field, source)
    return kind(**values)


def _attributes(record: Record) -> Mapping[str, Setting | Sequence[str]]:
    lineage = record.lineage or Lineage(command="")
    return {
        "kind": record.kind,
        "schema": record.version,
        "c10h": __version__,
        DIGEST: "sha256",
        "classes": record.classes,
        "lineage": json.dumps(lineage.to_dict(), sort_keys=True, separators=(",", ":")),
        **dict(sorted(record.settings.items())),
    }


def _write_attribute(file: h5py.File, key: str, value: Setting | Sequence[str]) -> None:
    """Write a root attribute, text of fixed length; one that is too large as a dataset."""
    if isinstance(value, bool | int | float):
        file.attrs[key] = value
        return
    texts = np.char.encode(np.asarray(value, dtype=np.str_), "utf-8")
    dtype = h5py.string_dtype("utf-8", max(1, texts.dtype.itemsize))
    if texts.size * dtype.itemsize <= ATTRIBUTE_BYTES:
        file.attrs.create(key, texts.astype(dtype), dtype=dtype)
    else:
        file.create_dataset(key, data=texts.astype(dtype), dtype=dtype)


def _write_dataset(
    file: h5py.File,
    path: str,
    declared: Column | Group,
    value: Rows,
    sink: Sink,
) -> Iterator[int]:
    """Write block by block, and say how many items are in each."""
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
        has_items = "n" in declared.dims[:-1]
        yield block.shape[declared.dims.index("n") - len(declared.dims)] if has_items else 0


def _write_chunks(dataset: h5py.Dataset, block: Array, start: int) -> None:
    """Write a block that begins with a chunk, compressed in threads as HDF5 would do in one."""
    shape, shuffle = dataset.chunks, dataset.shuffle
    steps = [range(0, size, step) for size, step in zip(block.shape, shape, strict=True)]

    def compress(corner: tuple[int, ...]) -> bytes:
        part = block[tuple(slice(at, at + step) for at, step in zip(corner, shape, strict=True))]
        is_edge = part.shape != shape
        chunk = np.zeros(shape, block.dtype) if is_edge else np.ascontiguousarray(part)
        if is_edge:  # chunks are whole in the file
            chunk[tuple(slice(size) for size in part.shape)] = part
        values = chunk.reshape(-1)
        sample = _prepared(values[: SAMPLE_BYTES // values.itemsize], shuffle)
        worth = is_edge or len(zlib.compress(sample, GZIP_LEVEL)) < WORTH * sample.nbytes
        return zlib.compress(_prepared(values, shuffle), GZIP_LEVEL if worth else STORED)

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

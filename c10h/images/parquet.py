"""Pictures in tables as Hugging Face writes them: each is the bytes of a file, in a row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from c10h.errors import AmbiguousError, FileError, InputError
from c10h.files import Source
from c10h.formats.archives import Member
from c10h.images.class_numbers import Numbered, number_classes, read_labels
from c10h.images.import_request import Imported, ImportRequest, Start, read_ids, refuse_options
from c10h.images.parallel_decoding import decoded
from c10h.images.picture_file import MOST_BYTES
from c10h.images.pixel_spool import Spool
from c10h.images.shards import Shards
from c10h.records import Array, Images

if TYPE_CHECKING:
    import polars

MAGIC = b"PAR1"
# What columns are called, first come first; fine before coarse, as of CIFAR-100's batches.
PICTURES = ("image", "img")
LABELS = ("label", "labels", "fine_label", "class", "category", "target", "truth")


@dataclass
class _Files:
    """The pictures of a column, and the paths that they have in it."""

    shards: Shards
    column: str
    paths: list[str | None] = field(default_factory=list)

    def members(self) -> Iterator[Member]:
        """One file a row, called by its row. Raises FileError where the table is broken."""
        for row, cell in enumerate(self.shards.cells(self.column)):
            content = cell.get("bytes") if isinstance(cell, dict) else cell
            self.paths.append(cell.get("path") if isinstance(cell, dict) else None)
            is_large = content is not None and len(content) > MOST_BYTES
            yield Member(f"row {row}", None if is_large else content or b"")


def import_parquet(shards: Shards, request: ImportRequest, scratch: Path, start: Start) -> Imported:
    """The pictures of a table, in the order of its rows, and their classes.

    scratch, start: as of a folder. Raises FileError for other tables, InputError for options that
    do not fit, and what a folder of pictures raises.
    """
    source = shards.source
    allowed = ("--resize", "--skip-bad", *["--split"] * source.path.is_dir())
    refuse_options(request, shards.what, allowed)
    schema, size = shards.schema()
    files = _Files(shards, _picture_column(source, schema))
    truth, notes = _truth_of(shards, schema, request, size)
    advance = start(size)
    with (
        closing(Spool(source.name, scratch)) as spool,
        closing(decoded(files.members(), request.choice.side)) as batches,
    ):
        for batch in batches:
            spool.add(batch, skip_bad=request.choice.skip_bad)
            advance(len(batch.members))
        spool.check_any()
        kept = np.array([row for row in range(size) if f"row {row}" not in spool.bad])
        rows = spool.rows(np.arange(len(kept)))
    if request.ids_file is not None:
        ids: Array | None = read_ids(request.ids_file, size)[kept]
    else:
        ids, note = _ids_of([files.paths[row] for row in kept], request.ids, source.name)
        notes += note
    labels = None if truth.truth is None else truth.truth[kept]
    images = Images(classes=truth.classes, images=rows, truth=labels, ids=ids)
    taken = f"{source.name}: images from column {files.column!r}"
    return Imported(images, shards.with_digest(), (taken, *notes, *spool.notes()), spool.excluded())


@dataclass(frozen=True)
class _Truth:
    classes: tuple[str, ...]
    truth: Array | None = None


def _picture_column(source: Source, schema: Mapping[str, polars.DataType]) -> str:
    """The column that has pictures. Raises FileError or AmbiguousError."""
    import polars

    def has_files(dtype: polars.DataType) -> bool:
        if isinstance(dtype, polars.Struct):
            return any(
                inner.name == "bytes" and inner.dtype == polars.Binary for inner in dtype.fields
            )
        return dtype == polars.Binary

    candidates = [name for name, dtype in schema.items() if has_files(dtype)]
    named = [name for word in PICTURES for name in candidates if name.lower() == word]
    if len(candidates) > 1 and not named:
        raise AmbiguousError(
            f"{source.name}: which column has the images, {' or '.join(candidates)}? name it image"
        )
    if not candidates:
        raise FileError(
            f"{source.name}: expected a column of images (bytes and path of each), found "
            f"{', '.join(list(schema)[:20])}; pass a table of file,class with --labels"
        )
    return (named or candidates)[0]


def _truth_of(
    shards: Shards, schema: Mapping[str, polars.DataType], request: ImportRequest, size: int
) -> tuple[_Truth, list[str]]:
    """The classes, from ``--labels`` or a column, and what was taken, one line each."""
    source = shards.source
    if request.labels is not None:
        numbered = read_labels(request.labels, request.classes, size, one_based=request.one_based)
        notes = [f"{request.labels.name}: {numbered.note}"] if numbered.note else []
        return _Truth(numbered.classes, numbered.truth), notes
    lower = {name.lower(): name for name in schema}
    column = next((lower[word] for word in LABELS if word in lower), "")
    classes = request.classes or shards.names().get(column)
    if request.no_truth or not column:
        if classes is None:
            raise AmbiguousError(
                f"{source.name}: which classes? expected a column label, --labels FILE, or "
                f"--no-truth with --classes; found {', '.join(list(schema)[:20])}"
            )
        return _Truth(classes), []
    numbered = _read_column(shards, column, classes, one_based=request.one_based)
    notes = [f"{source.name}: truth from column {column!r}"]
    if numbered.note:
        notes.append(f"{source.name}: {numbered.note}")
    return _Truth(numbered.classes, numbered.truth), notes


def _read_column(
    shards: Shards, column: str, classes: tuple[str, ...] | None, *, one_based: bool
) -> Numbered:
    import polars

    source, values = shards.source, shards.column(column)
    if values.null_count():
        row = int(values.is_null().arg_max() or 0)
        raise FileError(
            f"{source.name}: {column}: row {row}: expected a class, found none "
            "(--no-truth leaves the classes out)"
        )
    if not (values.dtype.is_numeric() or values.dtype == polars.Boolean):
        values = values.cast(polars.String)
    where = f"{source.name}: {column}"
    return number_classes(values.to_numpy(), classes, where, one_based=one_based)


def _ids_of(paths: list[str | None], form: str | None, name: str) -> tuple[Array | None, list[str]]:
    """Ids from paths where all are there and different, and what became of others."""
    if form == "none":
        return None, []
    ids = [str(path).rpartition("/")[2] if form == "name" else str(path) for path in paths]
    if all(paths) and len(set(ids)) == len(ids):
        return np.array(ids, dtype=np.str_), []
    why = "are incomplete" if not all(paths) else "are not unique"
    if form is not None:
        raise InputError(f"{name}: --ids {form}: the paths of its images {why}")
    return None, [f"{name}: without ids: the paths of its images {why}"]

"""Matrices (one row an item) in foreign formats, read as they are: no meaning is given to them.

FORMATS is the table of formats. Large .npy files are read slice by slice; the other formats, of
which a row cannot be found without reading what is before it, are read whole.
"""

from __future__ import annotations

import csv
import warnings
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from c10h import h5
from c10h.errors import AmbiguousError, FileError, InputError
from c10h.files import Source
from c10h.formats.rows import mapped
from c10h.records import Array, Rows

NUMERIC_KINDS = "fiub"


@dataclass(frozen=True)
class Matrix:
    """Numbers with one row an item, and the names of their columns where the file has any."""

    rows: Rows
    header: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Selection:
    """What to take: ``columns`` of a wide table, ``path`` of one array among several."""

    columns: slice | None = None
    path: str | None = None

    @classmethod
    def parse(cls, columns: str | None, path: str | None) -> Selection:
        """From ``--columns 11:21`` (Python's half-open range, from 0) and ``--h5-path``."""
        if columns is None:
            return cls(None, path)
        start, colon, stop = columns.partition(":")
        if not (colon and start.isdecimal() and stop.isdecimal() and int(start) < int(stop)):
            raise InputError(
                f"--columns {columns}: expected START:STOP, as 11:21 for columns 11 to 20"
            )
        return cls(slice(int(start), int(stop)), path)


def open_matrix(source: Source, selection: Selection) -> Matrix:
    """Open a foreign matrix of one or two dimensions.

    Raises FileError for a format that cannot be read, AmbiguousError where the file holds several
    arrays and none was chosen.
    """
    matrix = FORMATS[detect_format(source)](source, selection)
    kind = matrix.rows.dtype.kind
    if kind not in NUMERIC_KINDS and kind not in "UO":
        raise FileError(f"{source.name}: expected numbers, found {matrix.rows.dtype}")
    if len(matrix.rows.shape) not in (1, 2):
        raise FileError(
            f"{source.name}: expected shape (items, classes), found {matrix.rows.shape}"
        )
    if not matrix.rows.shape[0]:
        raise FileError(f"{source.name}: expected one row an item, found no rows")
    return matrix


def detect_format(source: Source) -> str:
    """The name of a file's format, by its first bytes, which must agree with its suffix."""
    head = source.head(16)
    suffix = Path(source.name).suffix.lower().lstrip(".")
    found = next((name for magic, name in MAGIC.items() if head.startswith(magic)), "text")
    if found == "zip":
        found = "pt" if suffix in ("pt", "pth") else "npz"
    claimed = SUFFIXES.get(suffix)
    if found == "text" and claimed == "pt":
        return "pt"
    if not head or (claimed is not None and claimed != found):
        raise FileError(
            f"{source.name}: expected {claimed or 'data'}, found {h5.describe_head(source)}"
        )
    return found


class NpyRows:
    """A C-ordered .npy file, read slice by slice without mapping it into memory."""

    def __init__(self, source: Source) -> None:
        self._path = source.path
        self._name = source.name
        with source.path.open("rb") as stream:
            try:
                version = np.lib.format.read_magic(stream)
                read_header = {
                    (1, 0): np.lib.format.read_array_header_1_0,
                    (2, 0): np.lib.format.read_array_header_2_0,
                }[version]
                self.shape, self.fortran_order, self.dtype = read_header(stream)
            # The header is an expression of Python's; a broken one leads to any exception at all.
            except Exception as error:
                raise FileError(f"{source.name}: a damaged .npy file: {error}") from error
            self._offset = stream.tell()
        if self.dtype.hasobject:
            raise FileError(
                f"{source.name}: expected numbers, found pickled objects, which are never loaded"
            )
        expected = self._offset + int(np.prod(self.shape, dtype=np.int64)) * self.dtype.itemsize
        found = source.path.stat().st_size
        if found < expected:
            raise FileError(
                f"{source.name}: truncated: expected {expected} bytes, found {found} bytes"
            )

    def __getitem__(self, key: Any, /) -> Array:
        start, stop, step = key.indices(self.shape[0])
        if step != 1:
            raise ValueError("rows are read in order")
        width = int(np.prod(self.shape[1:], dtype=np.int64))
        block = np.fromfile(
            self._path,
            dtype=self.dtype,
            count=(stop - start) * width,
            offset=self._offset + start * width * self.dtype.itemsize,
        )
        if len(block) != (stop - start) * width:
            raise FileError(f"{self._name}: truncated while it was read")
        return block.reshape(stop - start, *self.shape[1:])


def _open_npy(source: Source, selection: Selection) -> Matrix:
    rows: Any = NpyRows(source)
    if rows.fortran_order or rows.dtype.kind not in NUMERIC_KINDS:
        rows = np.load(source.path, allow_pickle=False)
    return _choose_columns(source, Matrix(rows), selection)


def _open_npz(source: Source, selection: Selection) -> Matrix:
    try:
        # np.load leaves a file open that it opened itself and could not read.
        with source.path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            name = _choose_member(source, list(archive.files), selection)
            rows = archive[name]
    except (ValueError, OSError, zipfile.BadZipFile, EOFError) as error:
        raise FileError(f"{source.name}: not a readable .npz file: {error}") from error
    return _choose_columns(source, Matrix(rows), selection)


def _open_h5(source: Source, selection: Selection) -> Matrix:
    _, objects = h5.open_file(source)
    datasets = {path: one for path, one in objects.items() if isinstance(one, h5py.Dataset)}
    name = _choose_member(source, list(datasets), selection)
    dataset = datasets[name]
    if dataset.shape is None:
        raise FileError(f"{source.name}: {name}: expected numbers, found an empty dataset")
    if h5py.check_string_dtype(dataset.dtype) is not None:
        return Matrix(np.asarray(dataset.asstr()[...], dtype=np.str_))
    rows = h5.DatasetRows(dataset, f"{source.name}: {name}")
    return _choose_columns(source, Matrix(rows), selection)


def _open_parquet(source: Source, selection: Selection) -> Matrix:
    import polars

    try:
        frame = polars.read_parquet(source.path)
    except (polars.exceptions.PolarsError, OSError) as error:
        raise FileError(f"{source.name}: not a readable .parquet file: {error}") from error
    if selection.columns is not None:
        _check_columns(source, selection, frame.width)
        frame = frame[:, selection.columns]
    words = [name for name, dtype in frame.schema.items() if not dtype.is_numeric()]
    if words and frame.width > 1:
        raise FileError(
            f"{source.name}: expected numbers, found {frame.schema[words[0]]} in column "
            f"{words[0]!r} (--columns START:STOP takes only some)"
        )
    rows = frame.to_numpy() if frame.width > 1 else frame.to_series().to_numpy()
    return Matrix(rows, tuple(frame.columns) if frame.width > 1 else None)


def _open_pt(source: Source, selection: Selection) -> Matrix:
    import torch

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            content = torch.load(source.path, map_location="cpu", weights_only=True)
    except Exception as error:  # a stranger's bytes can raise anything in there
        raise FileError(
            f"{source.name}: expected tensors, found a file that torch does not load with "
            "weights_only (it is damaged or holds code)"
        ) from error
    if isinstance(content, Mapping):
        content = {str(key): value for key, value in content.items()}
        content = content[_choose_member(source, list(content), selection)]
    if not isinstance(content, torch.Tensor) or content.layout != torch.strided:
        raise FileError(f"{source.name}: expected a tensor, found {type(content).__name__}")
    tensor = content.detach()
    # numpy has no bfloat16; every bfloat16 and float16 is exact in float32.
    rows = (
        tensor.float() if tensor.is_floating_point() and tensor.itemsize < 4 else tensor
    ).numpy()
    return _choose_columns(source, Matrix(rows), selection)


def _open_text(source: Source, selection: Selection) -> Matrix:
    """Numbers separated by comma, semicolon, tab or blanks, with or without a line of names.

    One column of words (class names) is read as text, its first line included.
    """
    try:
        with source.path.open(encoding="utf-8-sig", newline="") as stream:
            first = stream.readline()
            delimiter = next((mark for mark in ",;\t" if mark in first), None)
            fields = _split(first, delimiter)
            chosen = range(len(fields))[selection.columns or slice(None)]
            _check_columns(source, selection, len(fields))
            names = [fields[column].strip() for column in chosen]
            words = len(names) == 1 and not _is_number(names[0])
            if words or not _is_header(names):
                stream.seek(0)
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "loadtxt: input contained no data")
                rows = np.loadtxt(
                    stream,
                    dtype=np.str_ if words else np.float64,
                    delimiter=delimiter,
                    usecols=None if selection.columns is None else list(chosen),
                    quotechar='"',
                    comments=None,
                    ndmin=2,
                )
    except (ValueError, UnicodeDecodeError, csv.Error) as error:
        raise FileError(f"{source.name}: expected a table of numbers: {error}") from error
    if len(rows) and rows.shape[1] != len(names):
        raise FileError(
            f"{source.name}: expected a table of numbers with {len(names)} columns, as its first "
            f"line has, found {rows.shape[1]}"
        )
    if len(names) == 1:
        return Matrix(rows[:, 0])
    if _is_counting(names) and (rows == np.floor(rows)).all():
        raise AmbiguousError(
            f"{source.name}: the first line, {','.join(names[:3])},…, may be a header or votes: "
            "give the columns names, or leave the line out"
        )
    return Matrix(rows, tuple(names) if _is_header(names) else None)


def _split(line: str, delimiter: str | None) -> list[str]:
    line = line.rstrip("\r\n") if delimiter else line.strip()
    return next(csv.reader([line], delimiter=delimiter or " ", skipinitialspace=True), [])


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def _is_header(fields: list[str]) -> bool:
    """Whether a first line names columns: it has a word, or counts as pandas does."""
    return not all(map(_is_number, fields)) or _is_counting(fields)


def _is_counting(fields: list[str]) -> bool:
    return len(fields) > 1 and fields == [str(index) for index in range(len(fields))]


def _choose_member(source: Source, names: list[str], selection: Selection) -> str:
    """The array that ``--h5-path`` chooses in a file that can hold several."""
    if selection.path is not None:
        wanted = selection.path.strip("/")
        if wanted not in names:
            raise FileError(f"{source.name}: expected an array {wanted!r}, found {_listing(names)}")
        return wanted
    if len(names) != 1:
        raise AmbiguousError(
            f"{source.name}: found {_listing(names)}: name the array with --h5-path"
        )
    return names[0]


def _listing(names: list[str]) -> str:
    shown = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
    return f"{len(names)} arrays ({shown})" if names else "no array"


def _check_columns(source: Source, selection: Selection, width: int) -> None:
    if selection.columns is not None and selection.columns.stop > width:
        raise FileError(
            f"{source.name}: expected columns up to {selection.columns.stop}, found {width}"
        )


def _choose_columns(source: Source, matrix: Matrix, selection: Selection) -> Matrix:
    rows = matrix.rows
    if selection.columns is None or len(rows.shape) != 2:
        return matrix
    _check_columns(source, selection, rows.shape[1])
    columns = selection.columns
    width = columns.stop - columns.start
    chosen = mapped(rows, lambda block, _: block[:, columns], width=width)
    return Matrix(chosen)


FORMATS: Mapping[str, Callable[[Source, Selection], Matrix]] = {
    "npy": _open_npy,
    "npz": _open_npz,
    "h5": _open_h5,
    "parquet": _open_parquet,
    "pt": _open_pt,
    "text": _open_text,
}
MAGIC = {
    b"\x93NUMPY": "npy",
    b"PK\x03\x04": "zip",
    b"PAR1": "parquet",
    h5.MAGIC: "h5",
}
SUFFIXES = {
    "npy": "npy",
    "npz": "npz",
    "h5": "h5",
    "hdf5": "h5",
    "parquet": "parquet",
    "pt": "pt",
    "pth": "pt",
    "csv": "text",
    "tsv": "text",
    "txt": "text",
}

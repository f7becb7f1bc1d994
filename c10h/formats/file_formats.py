"""The formats of foreign files that are read, a row of FORMATS each. Nothing here imports numpy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from c10h.deferred import Deferred
from c10h.files import HDF5, MATLAB

ARRAYS, TABLE = "arrays", "table"


@dataclass(frozen=True)
class Format:
    """A format that is read. holds: ARRAYS by name, or a TABLE with columns.

    suffixes: names that promise this format. read: of ARRAYS, from a Source to what it holds, by
    name (:class:`~c10h.formats.arrays.Stored`); of a TABLE whose columns have types, from a Source
    and a layout to a polars.LazyFrame, and whether its columns have names. None for tables whose
    first line may be names: text and sheets. magic: the first bytes, () where others tell.
    """

    title: str
    holds: str
    suffixes: tuple[str, ...]
    read: Callable[..., Any] | None = None
    magic: tuple[bytes, ...] = ()


FORMATS: Mapping[str, Format] = {
    "npy": Format(
        ".npy", ARRAYS, (".npy",), Deferred("c10h.formats.arrays:npy_arrays"), (b"\x93NUMPY",)
    ),
    "npz": Format(".npz", ARRAYS, (".npz",), Deferred("c10h.formats.arrays:npz_arrays")),
    "h5": Format(
        ".h5",
        ARRAYS,
        (".h5", ".hdf5"),
        Deferred("c10h.formats.arrays:h5_arrays"),
        (HDF5, MATLAB),
    ),
    "mat": Format(
        ".mat",
        ARRAYS,
        (".mat",),
        Deferred("c10h.formats.arrays:mat_arrays"),
        (b"MATLAB 5.0 MAT-file",),
    ),
    "pt": Format(
        ".pt",
        ARRAYS,
        (".pt", ".pth"),
        Deferred("c10h.formats.arrays:pt_arrays"),
        (b"\x80\x02\x8a\x0al\xfc\x9cF\xf9",),
    ),
    "safetensors": Format(
        ".safetensors",
        ARRAYS,
        (".safetensors",),
        Deferred("c10h.formats.arrays:safetensors_arrays"),
    ),
    "parquet": Format(
        ".parquet",
        TABLE,
        (".parquet",),
        Deferred("c10h.formats.tables:parquet_table"),
        (b"PAR1",),
    ),
    "feather": Format(
        ".feather",
        TABLE,
        (".feather", ".arrow", ".ipc"),
        Deferred("c10h.formats.tables:feather_table"),
        (b"ARROW1",),
    ),
    "xlsx": Format(".xlsx", TABLE, (".xlsx",)),
    "json": Format(".json", TABLE, (".json",), Deferred("c10h.formats.json_tables:json_table")),
    "jsonl": Format(
        ".jsonl",
        TABLE,
        (".jsonl", ".ndjson"),
        Deferred("c10h.formats.json_tables:json_lines_table"),
    ),
    "text": Format(".csv, .tsv or .txt", TABLE, (".csv", ".tsv", ".txt")),
}

"""The formats of foreign files that are read, a row of FORMATS each. Nothing here imports numpy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from c10h.deferred import Deferred
from c10h.files import HDF5, MATLAB, Source

if TYPE_CHECKING:
    import polars

    from c10h.formats.arrays import Stored

# What a file of arrays holds, by name; what a file and a layout are as a table, and whether its
# columns have names.
ReadArrays: TypeAlias = "Callable[[Source], Mapping[str, Stored]]"
ReadTable: TypeAlias = "Callable[[Source, str], tuple[polars.LazyFrame, bool]]"

ARRAYS, TABLE = "arrays", "table"


@dataclass(frozen=True)
class Format:
    """A format that is read. holds: ARRAYS by name, or a TABLE with columns.

    suffixes: names that promise this format. magic: the first bytes, () where others tell.
    read_arrays: of ARRAYS alone. read_table: of a TABLE whose columns have types; None for tables
    whose first line may be names: text and sheets.
    """

    title: str
    holds: str
    suffixes: tuple[str, ...]
    magic: tuple[bytes, ...] = ()
    read_arrays: ReadArrays | None = None
    read_table: ReadTable | None = None


FORMATS: Mapping[str, Format] = {
    "npy": Format(
        ".npy",
        ARRAYS,
        (".npy",),
        (b"\x93NUMPY",),
        read_arrays=Deferred("c10h.formats.arrays:npy_arrays"),
    ),
    "npz": Format(
        ".npz", ARRAYS, (".npz",), read_arrays=Deferred("c10h.formats.arrays:npz_arrays")
    ),
    "h5": Format(
        ".h5",
        ARRAYS,
        (".h5", ".hdf5"),
        (HDF5, MATLAB),
        read_arrays=Deferred("c10h.formats.arrays:h5_arrays"),
    ),
    "mat": Format(
        ".mat",
        ARRAYS,
        (".mat",),
        (b"MATLAB 5.0 MAT-file",),
        read_arrays=Deferred("c10h.formats.arrays:mat_arrays"),
    ),
    "pt": Format(
        ".pt",
        ARRAYS,
        (".pt", ".pth"),
        (b"\x80\x02\x8a\x0al\xfc\x9cF\xf9",),
        read_arrays=Deferred("c10h.formats.arrays:pt_arrays"),
    ),
    "safetensors": Format(
        ".safetensors",
        ARRAYS,
        (".safetensors",),
        read_arrays=Deferred("c10h.formats.arrays:safetensors_arrays"),
    ),
    "parquet": Format(
        ".parquet",
        TABLE,
        (".parquet",),
        (b"PAR1",),
        read_table=Deferred("c10h.formats.tables:parquet_table"),
    ),
    "feather": Format(
        ".feather",
        TABLE,
        (".feather", ".arrow", ".ipc"),
        (b"ARROW1",),
        read_table=Deferred("c10h.formats.tables:feather_table"),
    ),
    "xlsx": Format(".xlsx", TABLE, (".xlsx",)),
    "json": Format(
        ".json", TABLE, (".json",), read_table=Deferred("c10h.formats.json_tables:json_table")
    ),
    "jsonl": Format(
        ".jsonl",
        TABLE,
        (".jsonl", ".ndjson"),
        read_table=Deferred("c10h.formats.json_tables:json_lines_table"),
    ),
    "text": Format(".csv, .tsv or .txt", TABLE, (".csv", ".tsv", ".txt")),
}

"""What Python callers hand over, as files that every stage can open.

An array is saved as .npy, a data frame as Parquet and a record as the HDF5 file that the command
line writes, in a temporary folder that lives as long as the call. So a value in memory goes through
the same readers, checks and joins as a file of it, and its lineage has the SHA-256 of that file:
that of an array is the one of ``numpy.save(path, array)``.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from c10h import h5
from c10h.api.results import Result
from c10h.datasets.cache import open_input
from c10h.datasets.catalogue import LABELS
from c10h.errors import InputError
from c10h.files import Source
from c10h.formats.predictions_and_labels import open_labels
from c10h.records import Images, Labels, Record
from c10h.stages.arguments import open_images

FRAMES = {("pandas", "DataFrame"), ("polars", "DataFrame"), ("polars", "LazyFrame")}


@dataclass(frozen=True)
class Inputs:
    """Opens the inputs of one call. folder: where values in memory are saved."""

    folder: Path

    def open(self, value: Any, name: str, *forms: str) -> Source:
        """The file of an input.

        value: a path or the name of a data set (of which one of ``forms`` is meant, as on the
        command line), a result or record of c10h, a pandas or polars data frame, or whatever
        numpy takes for an array of numbers or words: arrays, tensors, lists. name: what messages
        and lineages call a value that has no name of its own.
        Raises InputError for anything else, FileError for a file that is not there.
        """
        if isinstance(value, Source):
            return value
        if isinstance(value, str | Path):
            return open_input(str(value), *forms)
        if isinstance(value, Result) and value.source is not None:
            return value.source
        if isinstance(value, Result):
            value = value.record
        if isinstance(value, Record):
            path = self._path(f"{name} ({value.kind})")
            h5.write(value, str(path))
        elif _is_frame(value):
            path = self._path(f"{name} (frame)")
            _write_frame(value, path)
        else:
            path = self._path(f"{name} (array)")
            with path.open("wb") as stream:
                np.save(stream, _array(value, name), allow_pickle=False)
        return Source(path, path.name)

    def optional(self, value: Any, name: str, *forms: str) -> Source | None:
        """The file of an input that may be None."""
        return None if value is None else self.open(value, name, *forms)

    def by_data_set(self, value: Any, name: str, *forms: str) -> list[tuple[str, Source]]:
        """One input for all data sets, or one for each of a mapping; none for None."""
        if value is None:
            return []
        values = value if isinstance(value, Mapping) else {"": value}
        return [(data, self.open(of_data, name, *forms)) for data, of_data in values.items()]

    def path(self, value: Any, name: str) -> str:
        """The path of an input, or the path or name of a data set that it is already."""
        return str(value if isinstance(value, str | Path) else self.open(value, name).path)

    def _path(self, name: str) -> Path:
        """A new path that ends in a name."""
        return Path(tempfile.mkdtemp(dir=self.folder)) / name.replace("/", "|")

    def images(self, value: Any) -> tuple[Source, Images]:
        """A file of images: a path, the name of a data set, a result or a record."""
        if isinstance(value, Record | Result):
            return open_images(str(self.open(value, "images").path))
        if not isinstance(value, str | Path):
            raise InputError(
                f"images: expected a path or a result, found {type(value).__name__}: "
                "c10h.import_images makes images of arrays"
            )
        return open_images(str(value))

    def labels(self, value: Any) -> tuple[Source | None, Labels | None, tuple[str, ...]]:
        """A file of labels, what is in it, and notes on how it was read; None for no labels."""
        if value is None:
            return None, None, ()
        file, notes = self.open(value, "labels", LABELS), list[str]()
        return file, open_labels(file, tell=notes.append), tuple(notes)


@contextlib.contextmanager
def opened() -> Iterator[Inputs]:
    """The inputs of one call; what was saved for it is removed at its end."""
    with tempfile.TemporaryDirectory(prefix="c10h-") as folder:
        yield Inputs(Path(folder))


def _array(value: Any, name: str) -> np.ndarray[Any, Any]:
    """Numbers or words. Raises InputError for anything else."""
    if hasattr(value, "detach"):  # a tensor of torch's, wherever it is
        value = value.detach().cpu()
        value = (value.float() if str(value.dtype) == "torch.bfloat16" else value).numpy()
    try:
        array = np.asarray(value)
    except ValueError:
        raise InputError(f"{name}: expected rows of equal length, found a ragged list") from None
    if array.dtype == object and array.size and all(isinstance(word, str) for word in array.flat):
        array = array.astype(np.str_)
    if array.dtype.kind not in "fiubU" or not array.ndim:
        raise InputError(
            f"{name}: expected a path, an array of numbers or words, a data frame or a result of "
            f"c10h, found {type(value).__name__}"
        )
    return array


def _is_frame(value: Any) -> bool:
    """Whether a value is a data frame of pandas or polars, neither of which is imported for it."""
    module = type(value).__module__.partition(".")[0]
    return (module, type(value).__name__) in FRAMES


def _write_frame(frame: Any, path: Path) -> None:
    """A data frame as Parquet; the index of pandas is a column where it has names of its own."""
    import polars

    if not isinstance(frame, polars.DataFrame):
        if hasattr(frame, "collect"):  # a lazy one
            frame = frame.collect()
        else:
            if type(frame.index).__name__ != "RangeIndex":
                frame = frame.reset_index()
            columns = {str(name): _values(frame[name]) for name in frame.columns}
            frame = polars.DataFrame(columns, strict=False)
    frame.write_parquet(path)


def _values(column: Any) -> Any:
    """A column of pandas: numbers as numpy has them, and words with None for what is missing."""
    numbers = column.dtype.kind in "fiub" and hasattr(column.dtype, "itemsize")
    if numbers:
        return column.to_numpy()
    return [None if lost else word for word, lost in zip(column, column.isna(), strict=True)]

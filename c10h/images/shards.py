"""Tables of pictures as Hugging Face's data sets are on a disk: files in their order."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from c10h.errors import AmbiguousError, FileError, InputError
from c10h.files import Source
from c10h.formats.polars_failures import polars_failures

if TYPE_CHECKING:
    import polars

PARQUET, ARROW = ".parquet", ".arrow"
# What save_to_disk() writes beside its .arrow files: the columns, and which files there are.
INFO, STATE = "dataset_info.json", "state.json"
# train-00000-of-00002.parquet, or data-00000-of-00001.arrow in a folder of the split.
SHARD = re.compile(r"(?P<split>.+?)(-\d+-of-(?P<parts>\d+)(-[0-9a-f]+)?)?\.(parquet|arrow)")
# How many rows are in memory at once.
ROWS = 256


@dataclass(frozen=True)
class Shards:
    """The rows of files of one table, in the order of the files.

    .parquet files, of which only what is asked for is read; or .arrow streams, a file at a time.
    """

    source: Source
    paths: tuple[Path, ...]

    @property
    def what(self) -> str:
        """What messages call this kind of table."""
        return "a parquet file" if self.source.path.is_file() else "a folder of a data set"

    def schema(self) -> tuple[Mapping[str, polars.DataType], int]:
        """The columns, which all files share, and the number of rows. Raises FileError."""
        import polars

        schemas, size = [], 0
        for frame in self._frames():
            schemas.append(self._told(frame.collect_schema))
            size += int(self._told(frame.select(polars.len()).collect).item())
            if schemas[-1] != schemas[0]:
                raise FileError(
                    f"{self.source.name}: expected the same columns in all files, found other ones "
                    f"in {self.paths[len(schemas) - 1].name}"
                )
        if not size:
            raise FileError(f"{self.source.name}: expected images, found no rows")
        return schemas[0], size

    def column(self, name: str) -> polars.Series:
        """All values of a column. Raises FileError."""
        import polars

        frames = [self._told(frame.select(name).collect) for frame in self._frames()]
        values: polars.Series = polars.concat(frames).to_series()
        return values

    def cells(self, name: str) -> Iterator[Any]:
        """The values of a column, of which few are in memory at once. Raises FileError."""
        for frame in self._frames():
            batches = frame.select(name).collect_batches(chunk_size=ROWS, maintain_order=True)
            while (batch := self._told(lambda batches=batches: next(batches, None))) is not None:
                yield from batch.to_series().to_list()

    def names(self) -> dict[str, tuple[str, ...]]:
        """The names of classes that Hugging Face keeps beside the table, by column."""
        import polars

        try:
            if self.paths[0].suffix == ARROW:
                features = json.loads((self.paths[0].parent / INFO).read_bytes())["features"]
            else:
                text = polars.read_parquet_metadata(self.paths[0]).get("huggingface", "{}")
                features = json.loads(text)["info"]["features"]
            names = {column: feature.get("names") for column, feature in features.items()}
        # Anything may be there in place of what Hugging Face writes.
        except polars_failures(LookupError, ValueError, TypeError, OSError):
            return {}
        except (AttributeError, RecursionError):
            return {}
        return {
            column: tuple(map(str, class_names))
            for column, class_names in names.items()
            if isinstance(class_names, list)
            and len({*map(str, class_names)}) == len(class_names) > 1
        }

    def with_digest(self) -> Source:
        """The source: of a folder with the SHA-256 of "SHA-256, two spaces, name" of its files."""
        if self.source.path.is_file():
            return self.source
        lines = [f"{Source(path, path.name).sha256}  {path.name}\n" for path in self.paths]
        return replace(self.source, digest=hashlib.sha256("".join(lines).encode()).hexdigest())

    def _frames(self) -> Iterator[polars.LazyFrame]:
        import polars

        for path in self.paths:
            if path.suffix == ARROW:
                yield self._told(lambda path=path: polars.read_ipc_stream(path)).lazy()
            else:
                yield self._told(lambda path=path: polars.scan_parquet(path, glob=False))

    def _told(self, read: Any) -> Any:
        """What a function of polars returns. Raises FileError where it cannot."""
        try:
            return read()
        except polars_failures(OSError) as error:
            first = (str(error).splitlines() or [type(error).__name__])[0]
            kind = "arrow" if self.paths[0].suffix == ARROW else "parquet"
            raise FileError(f"{self.source.name}: not a readable {kind} file: {first}") from error


def shards_in(folder: Source, splits: Sequence[str]) -> Shards | None:
    """The files of a data set in a folder; None where there are none.

    A folder of ``train-00000-of-00002.parquet`` and the like, or of ``train/0000.parquet``, in it
    or below it, as repositories of data sets have; or what ``save_to_disk`` writes, a folder for
    each split where there are several. splits: which one is meant. Raises AmbiguousError for
    several splits, InputError for one that is not there, FileError where a part is missing or the
    parts of a split lie in several folders.
    """
    by_split: dict[str, list[Path]] = {}
    for path in _parts_below(folder.path):
        by_split.setdefault(_split_of(path, folder.path), []).append(path)
    if not by_split:
        return None
    if len(splits) > 1:
        raise InputError(f"{folder.name}: expected a single --split for a data set")
    shown = ", ".join(by_split)
    if splits and splits[0] not in by_split:
        raise InputError(f"{folder.name}: --split {splits[0]}: expected one of {shown}")
    if not splits and len(by_split) > 1:
        raise AmbiguousError(f"{folder.name}: which --split, of {shown}?")
    paths = by_split[splits[0] if splits else next(iter(by_split))]
    _check_parts(paths, folder)
    return Shards(folder, tuple(paths))


def _parts_below(folder: Path) -> Iterator[Path]:
    """The files of data sets in a folder, by name: no caches, and no tables without pictures."""
    for path in sorted(path for form in (PARQUET, ARROW) for path in folder.rglob(f"*{form}")):
        is_hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if not is_hidden and _is_part(path):
            yield path


def _is_part(path: Path) -> bool:
    if path.suffix == ARROW:
        return path.name in _saved_files(path.parent)
    return SHARD.fullmatch(path.name) is not None and _has_pictures(path)


def _has_pictures(path: Path) -> bool:
    """Whether a .parquet file may have pictures; a damaged one may, and is refused later."""
    import polars

    try:
        dtypes = polars.read_parquet_schema(path).values()
    except polars_failures(OSError):
        return True
    return any(isinstance(dtype, polars.Struct) or dtype == polars.Binary for dtype in dtypes)


def _saved_files(folder: Path) -> set[str]:
    """The files that ``save_to_disk`` says it wrote into a folder; caches lie beside them."""
    try:
        state = json.loads((folder / STATE).read_bytes())
        return {str(entry["filename"]) for entry in state["_data_files"]}
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return set()


def _split_of(path: Path, folder: Path) -> str:
    """The split that a file belongs to, of its own name or that of the folder that it is in."""
    name = SHARD.fullmatch(path.name)
    of_folder = path.suffix == ARROW or name is None or name["split"].isdecimal()
    if of_folder and path.parent != folder:
        return path.parent.name
    return path.stem if name is None else name["split"]


def _check_parts(paths: Sequence[Path], folder: Source) -> None:
    if len({path.parent for path in paths}) > 1:
        shown = " and ".join(sorted({path.parent.name for path in paths})[:2])
        raise FileError(f"{folder.name}: files of one split in {shown}: name one of these folders")
    counts = {int(match["parts"]) for path in paths if (match := SHARD.fullmatch(path.name))
              and match["parts"]}  # fmt: skip
    if counts and counts != {len(paths)}:
        parts = " or ".join(map(str, sorted(counts)))
        raise FileError(f"{folder.name}: expected {parts} parts of one split, found {len(paths)}")

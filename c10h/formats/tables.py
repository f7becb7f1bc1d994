"""Tables with named columns (.csv, .csv.gz, .zip with one .csv, .parquet), read lazily by polars.

Every value of a text file is read as text: what is a number is for the caller to say. Compressed
text is unpacked to a temporary file first, within bounds.
"""

from __future__ import annotations

import atexit
import codecs
import csv
import gzip
import lzma
import re
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import IO, TYPE_CHECKING, cast

from c10h.errors import FileError
from c10h.files import Source, reason

if TYPE_CHECKING:
    import polars

# What a compressed table may unpack to: this much, or this many times its size if that is more.
UNPACKED_BYTES = 1 << 26
UNPACKED_RATIO = 100
NO_DTYPES: Mapping[str, type[polars.DataType]] = MappingProxyType({})
DELIMITERS = ",;\t"
# The longest first line that is looked at.
HEADER_BYTES = 1 << 16

PARQUET, GZIP, ZIP = b"PAR1", b"\x1f\x8b", b"PK\x03\x04"


def header_of(source: Source, *, header: bool = True) -> list[str] | None:
    """The names in the first line of a text table, or of a parquet file's columns.

    header: whether the first line has names; else columns are called "0", "1", ... as a parquet
    file's never are. None where the file is no table: other bytes, or text that is no UTF-8.
    Raises FileError for a damaged or refused archive.
    """
    head = source.head(4)
    if head == PARQUET:
        return [name.strip() for name in _parquet_names(source)]
    if head == ZIP and _is_npz(source):
        return None
    with _open_text(source) as stream:
        line = stream.read(HEADER_BYTES).split(b"\n")[0].split(b"\r")[0]
    try:
        text = line.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    if any(letter < " " and letter != "\t" for letter in text):
        return None
    names = next(csv.reader([text], delimiter=_delimiter(text)), [])
    return [name.strip() if header else str(place) for place, name in enumerate(names)]


def scan(
    source: Source,
    dtypes: Mapping[str, type[polars.DataType]] = NO_DTYPES,
    *,
    header: bool = True,
) -> polars.LazyFrame:
    """The table, not yet read. Raises FileError where it is none.

    dtypes: what to read some columns of a text table as; the others are text.
    header: whether the first line of a text table has names; else columns are "0", "1", ...
    """
    import polars

    try:
        if source.head(4) == PARQUET:
            floats = polars.selectors.float()
            return polars.scan_parquet(source.path).with_columns(floats.fill_nan(None))
        path = source.path
        if source.head(2) == GZIP or source.head(4) == ZIP:
            with _open_text(source) as stream:
                path = _unpack(stream, source)
        with path.open("rb") as stream:
            first = stream.read(HEADER_BYTES).split(b"\n")[0]
        return polars.scan_csv(
            path,
            separator=_delimiter(first.decode("utf-8", "replace")),
            has_header=header,
            with_column_names=None if header else _numbers_for,
            infer_schema=False,
            schema_overrides=dict(dtypes),
        )
    except (polars.exceptions.PolarsError, OSError) as error:
        raise FileError(f"{source.name}: not a readable table: {error}") from error


def collect(frame: polars.LazyFrame, source: Source) -> polars.DataFrame:
    """Read a table, in pieces as far as its query allows. Raises FileError where it is broken."""
    import polars

    try:
        return frame.collect(engine="streaming")
    except (polars.exceptions.PolarsError, OSError) as error:
        refuse_encoding(source)
        raise FileError(f"{source.name}: not a readable table: {_first_line(error)}") from error


def refuse_encoding(source: Source) -> None:
    """Raise FileError naming the first line that is no UTF-8, if there is one."""
    if source.head(4) == PARQUET:
        return
    decoder, number, read = codecs.getincrementaldecoder("utf-8")(), 1, 0
    with _open_text(source) as stream:
        while read < _most(source) and (block := stream.read(1 << 20)):
            try:
                decoder.decode(block)
            except UnicodeDecodeError as error:
                lines = number + error.object[: error.start].count(b"\n")
                found = error.object[error.start : error.start + 1].hex()
                raise FileError(
                    f"{source.name}: line {lines}: expected UTF-8 text, found the byte {found}"
                ) from error
            number, read = number + block.count(b"\n"), read + len(block)


@contextmanager
def _open_text(source: Source) -> Iterator[IO[bytes]]:
    """The bytes of a text table, decompressed as they are read. Raises FileError."""
    head = source.head(4)
    try:
        if head == ZIP:
            with (
                zipfile.ZipFile(source.path) as archive,
                archive.open(_only_csv(archive, source)) as stream,
            ):
                yield stream
        elif head[:2] == GZIP:
            with gzip.open(source.path) as unzipped:
                yield cast(IO[bytes], unzipped)
        else:
            with source.path.open("rb") as stream:
                yield stream
    except (gzip.BadGzipFile, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError) as error:
        raise FileError(f"{source.name}: a damaged archive: {error}") from error
    except (RuntimeError, NotImplementedError) as error:  # a password, an unknown method
        raise FileError(f"{source.name}: an archive that cannot be read: {error}") from error
    except OSError as error:
        raise FileError(f"{source.name}: cannot be read: {reason(error)}") from error


def _is_npz(source: Source) -> bool:
    """Whether a zip archive holds numpy or torch arrays rather than a table."""
    try:
        with zipfile.ZipFile(source.path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError) as error:
        raise FileError(f"{source.name}: a damaged archive: {error}") from error
    except NotImplementedError as error:
        raise FileError(f"{source.name}: an archive that cannot be read: {error}") from error
    return any(name.endswith((".npy", ".pkl")) for name in names)


def _only_csv(archive: zipfile.ZipFile, source: Source) -> str:
    """The one .csv of an archive. Raises FileError for several, or a path that climbs out."""
    members = [
        info
        for info in archive.infolist()
        if not info.is_dir() and not info.filename.startswith("__MACOSX/")
    ]
    names = [info.filename for info in members]
    for name in names:
        parts = PurePosixPath(name.replace("\\", "/"))
        if parts.is_absolute() or ".." in parts.parts or ":" in parts.parts[0]:
            raise FileError(f"{source.name}: the path {name!r} leads out of the archive: refused")
    if len(names) != 1 or not names[0].lower().endswith((".csv", ".tsv")):
        shown = ", ".join(names[:5]) or "nothing"
        raise FileError(f"{source.name}: expected one .csv in the archive, found {shown}")
    if members[0].compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        # Python unpacks the other methods without a bound on what a few bytes become.
        raise FileError(f"{source.name}: expected a zip by deflate, found another method")
    return names[0]


def _unpack(stream: IO[bytes], source: Source) -> Path:
    """Copy a decompressed stream, within bounds, to a temporary file that is removed at exit."""
    limit = _most(source)
    with tempfile.NamedTemporaryFile(prefix="c10h-", suffix=".csv", delete=False) as target:
        path = Path(target.name)
        atexit.register(path.unlink, missing_ok=True)
        while block := stream.read(1 << 20):
            if target.tell() + len(block) > limit:
                raise FileError(
                    f"{source.name}: unpacks to more than {limit >> 20} MB, over "
                    f"{UNPACKED_RATIO} times its size: refused (unpack it yourself if you trust it)"
                )
            target.write(block)
    return path


def _most(source: Source) -> int:
    """The most bytes that a compressed table may unpack to."""
    return max(UNPACKED_BYTES, UNPACKED_RATIO * source.path.stat().st_size)


def _parquet_names(source: Source) -> list[str]:
    import polars

    try:
        return polars.scan_parquet(source.path).collect_schema().names()
    except (polars.exceptions.PolarsError, OSError) as error:
        raise FileError(f"{source.name}: not a readable table: {_first_line(error)}") from error


def _delimiter(line: str) -> str:
    """The separator that a first line has most of, outside of quotes."""
    return max(DELIMITERS, key=re.sub(r'"[^"]*"', "", line).count)


def _numbers_for(names: list[str]) -> list[str]:
    return [str(place) for place in range(len(names))]


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__

"""What a foreign file is, by its first bytes; compressed and UTF-16 ones are unwrapped first.

FORMATS has the formats that are read, OTHERS some that are only named.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from c10h.errors import FileError, InputError
from c10h.files import Source, describe_head
from c10h.formats import archives
from c10h.formats.file_formats import ARRAYS, FORMATS, TABLE

HEAD_BYTES = 1 << 10
COMPRESSED = (".gz", ".bz2", ".xz", ".zip")

# First bytes of formats that people may try, and what these are called.
OTHERS: Mapping[bytes, str] = {
    b"\x80": "a Python pickle, which is never loaded since it can run code",
    b"FEA1": "a Feather file of the first version",
    b"\xd0\xcf\x11\xe0": "an old Excel file (.xls): save it as .xlsx or .csv",
    b"\x28\xb5\x2f\xfd": "a file compressed with zstd: decompress it first",
    b"RDX": "an R workspace: write a .csv in R",
    b"Obj\x01": "an Avro file",
    b"ORC": "an ORC file",
    b"SQLite format 3": "an SQLite database",
    b"%PDF": "a PDF document",
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a RAR archive",
}


def suffix_of(name: str) -> str:
    """The suffix that tells what a file holds: that of table.csv.gz is .csv."""
    path = Path(name.lower())
    return Path(path.stem).suffix if path.suffix in COMPRESSED else path.suffix


def detect(source: Source) -> str:
    """The name in FORMATS of a file that :func:`plain` returned.

    Raises FileError for other formats, and where the content is not what its suffix promises.
    """
    suffix = suffix_of(source.name)
    claimed = next((name for name, known in FORMATS.items() if suffix in known.suffixes), None)
    form = _by_content(source, claimed)
    if form is None or (claimed not in (None, form) and not _same_family(claimed, form, suffix)):
        is_other = any(source.head(len(magic)) == magic for magic in OTHERS)
        known = ", ".join(suffix for known in FORMATS.values() for suffix in known.suffixes)
        expected = f"one of {known}" if claimed is None or is_other else FORMATS[claimed].title
        raise FileError(f"{source.name}: expected {expected}, found {describe(source)}")
    return form


def array_format(source: Source) -> str | None:
    """The format of a file of arrays, whatever its name; None for other files."""
    form = _by_content(source, None)
    return form if form is not None and FORMATS[form].holds == ARRAYS else None


def refuse_needless_item(item: str | None, sources: Iterable[Source]) -> None:
    """Raise InputError where ``--item`` names a column and no file has columns with names."""
    if item is None:
        return
    files = list(sources)
    if all(FORMATS[detect(plain(file))].holds == ARRAYS for file in files):
        raise InputError(
            f"--item {item}: {' and '.join(file.name for file in files)} "
            f"{'has' if len(files) == 1 else 'have'} arrays, and no columns with names: an array "
            "called ids in the same file names the items"
        )


def plain(source: Source) -> Source:
    """The same file without compression and in UTF-8, which may be a temporary copy.

    Its name stays. Raises FileError for a damaged or refused archive.
    """
    status = source.path.stat()
    return _plain(source, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=64)
def _plain(source: Source, _changed: int, _size: int) -> Source:
    head = source.head(4)
    if head == archives.ZIP:
        if _zipped_format(source) is not None:
            return source
        source = replace(source, path=archives.unpack_only_table(source))
    elif archives.is_compressed(source):
        source = replace(source, path=archives.unpack(source))
    if source.head(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        source = replace(source, path=archives.recode(source, "utf-16"))
    return source


def _by_content(source: Source, claimed: str | None) -> str | None:
    head = source.head(HEAD_BYTES)
    if not head:
        return None
    if head.startswith(archives.ZIP):
        return _zipped_format(source)
    for name, known in FORMATS.items():
        if known.magic and head.startswith(known.magic):
            return name
    if _is_safetensors(head, source):
        return "safetensors"
    if claimed == "pt" and head.startswith(b"\x80"):
        return "pt"  # of before 2016, or what torch refuses with a better message
    if any(head.startswith(magic) for magic in OTHERS) or not _is_text(head):
        return None
    if claimed in ("json", "jsonl"):
        return claimed
    start = head.removeprefix(codecs.BOM_UTF8).lstrip()[:1]
    return "json" if start in (b"[", b"{") and claimed is None else "text"


def _same_family(claimed: str | None, found: str, suffix: str) -> bool:
    """Whether a suffix may stand for another format: .mat is HDF5 since version 7.3.

    Of tables, whatever their name is, the content decides.
    """
    both = {FORMATS[name].holds for name in (claimed, found) if name is not None}
    return (suffix == ".mat" and found == "h5") or both == {TABLE}


def _zipped_format(source: Source) -> str | None:
    """The format of which a zip is the wrapping; None for an archive of files."""
    names = archives.names_in_zip(source)
    if any(name.endswith("data.pkl") for name in names):
        return "pt"
    if "[Content_Types].xml" in names:
        return "xlsx" if any(name.startswith("xl/") for name in names) else None
    return "npz" if any(name.endswith(".npy") for name in names) else None


def _is_safetensors(head: bytes, source: Source) -> bool:
    """Eight bytes with the length of a JSON header, which follows."""
    length = int.from_bytes(head[:8], "little")
    return head[8:9] == b"{" and 2 <= length <= source.path.stat().st_size - 8


def _is_text(head: bytes) -> bool:
    """Whether bytes may be text in UTF-8 or an older encoding, which the reader then names."""
    control = sum(byte < 32 and byte not in b"\t\n\r\f" for byte in head)
    return 0 not in head and 20 * control <= len(head)


def describe(source: Source) -> str:
    """What a file is, as far as its first bytes tell, for error messages."""
    head = source.head(HEAD_BYTES)
    named = next((title for magic, title in OTHERS.items() if head.startswith(magic)), None)
    if named is None:
        known = (
            file_format
            for file_format in FORMATS.values()
            if file_format.magic and head.startswith(file_format.magic)
        )
        named = next((f"the content of {file_format.title}" for file_format in known), None)
    if named is None and head.startswith(archives.ZIP):
        named = f"a zip of {', '.join(archives.names_in_zip(source)[:3]) or 'nothing'}"
    return named or describe_head(source)

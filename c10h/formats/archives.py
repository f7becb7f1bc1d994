"""The one reader of archives, with its guards.

:func:`members` gives the files of a folder, or of a .tar, .tar.gz, .tar.xz, .tar.bz2 or .zip, which
is not unpacked.

:func:`unpack` and :func:`unpack_only_table` copy what one compressed file holds to a temporary
file.
An archive is read once, from its beginning to its end. It may be a stranger's: names that lead out
of it, links and devices are refused, and what is held in memory at once is bounded.
"""

from __future__ import annotations

import atexit
import bz2
import codecs
import gzip
import lzma
import os
import stat
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import IO, Any, cast

from c10h.errors import FileError
from c10h.files import Source, reason

Wanted = Callable[[str], bool]

ZIP = b"PK\x03\x04"
UNPACKERS: dict[bytes, Callable[[Path], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
}
BLOCK = 512
BLOCK_BYTES = 1 << 20
# What a compressed file may unpack to: this much, or this many times its size if that is more.
UNPACKED_BYTES = 1 << 26
UNPACKED_RATIO = 100
# A member of a compressed tar may be so many times larger than the tar.
TAR_RATIO = 10_000
# Bytes of the local header of a zip's member, and of that of LZMA: version, size, properties.
ZIP_HEADER, LZMA_HEADER = 30, 9
LEAST_DICTIONARY = 1 << 12
# Names of the one file in a zip that is read as a table.
TABLES = (".csv", ".tsv", ".txt", ".json", ".jsonl")
# A member's name, in characters, and what a tar has in its headers about one member, in bytes.
LONGEST_NAME = 1 << 10
LARGEST_HEADER = 1 << 20
# How far folders may be nested.
DEEPEST = 64
# Types of a tar's headers whose content tarfile reads into memory.
HEADERS = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)


@dataclass(frozen=True, slots=True)
class Member:
    """A file or a folder in a folder or an archive.

    path: below the folder or archive, with /. content: its bytes, or where it is on disk; None
    for a folder, for a file that is not wanted and for one that is too large.
    """

    path: str
    content: bytes | str | None = None
    is_folder: bool = False


def members(source: Source, is_wanted: Wanted, most: int) -> Generator[Member, None, None]:
    """All files and folders below a folder or in an archive, but hidden ones.

    is_wanted: whether the content of the file with this path is of use. most: bytes that the
    content of one in an archive may have.
    Raises FileError for a damaged archive, or one that is refused.
    """
    if source.path.is_dir():
        yield from _in_folder(str(source.path), is_wanted)
        return
    with _refusals(source):
        if source.head(len(ZIP)) == ZIP:
            yield from _in_zip(source, is_wanted, most)
        else:
            yield from _in_tar(source, is_wanted, most)


@contextmanager
def _refusals(source: Source) -> Iterator[None]:
    """Whatever goes wrong with a stranger's archive, as a FileError."""
    try:
        yield
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError) as error:
        raise FileError(f"{source.name}: a damaged archive: {error}") from error
    except (RuntimeError, NotImplementedError, ValueError, MemoryError, IndexError) as error:
        raise FileError(f"{source.name}: an archive that cannot be read: {error}") from error
    except OSError as error:
        what = "cannot be read" if error.errno else "a damaged archive"  # as gzip and bz2 tell it
        raise FileError(f"{source.name}: {what}: {reason(error)}") from error


def is_compressed(source: Source) -> bool:
    """Whether a file is one compressed stream, as table.csv.gz."""
    return any(source.head(len(magic)) == magic for magic in UNPACKERS)


def unpack(source: Source) -> Path:
    """What a compressed stream holds, as a temporary file. Raises FileError."""
    with _refusals(source), _unpacked(source) as stream:
        return _copy(stream, source)


def names_in_zip(source: Source) -> list[str]:
    """The names of the files in a zip. Raises FileError for a damaged one, and bad names."""
    with _refusals(source), zipfile.ZipFile(source.path) as archive:
        names = [info.filename for info in archive.infolist() if not info.is_dir()]
        return [
            name
            for name in (_inside(name, source) for name in names)
            if not any(map(_is_hidden, name.split("/")))
        ]


def unpack_only_table(source: Source) -> Path:
    """The one table in a zip, as a temporary file. Raises FileError for other contents."""
    names = names_in_zip(source)
    if len(names) != 1 or not names[0].lower().endswith(TABLES):
        shown = ", ".join(names[:5]) or "nothing"
        raise FileError(f"{source.name}: expected one .csv in the archive, found {shown}")
    with _refusals(source), zipfile.ZipFile(source.path) as archive:
        info = next(info for info in archive.infolist() if _inside(info.filename, source) in names)
        _refuse_password(info, source)
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            # Python unpacks the other methods without a bound on what a few bytes become.
            raise FileError(f"{source.name}: expected a deflated zip, found another method")
        with archive.open(info) as stream:
            return _copy(stream, source)


def recode(source: Source, encoding: str) -> Path:
    """A text as a temporary file in UTF-8. Raises FileError where it is not in the encoding."""
    decode = codecs.getincrementaldecoder(encoding)().decode
    try:
        with source.path.open("rb") as stream, temporary() as target:
            while block := stream.read(BLOCK_BYTES):
                target.write(decode(block).encode())
            target.write(decode(b"", final=True).encode())
            return Path(target.name)
    except UnicodeError as error:
        raise FileError(f"{source.name}: expected text in {encoding}: {error}") from error


def _copy(stream: IO[bytes], source: Source) -> Path:
    """Copy a decompressed stream, within bounds, to a temporary file that is removed at exit."""
    limit = max(UNPACKED_BYTES, UNPACKED_RATIO * source.path.stat().st_size)
    with temporary() as target:
        while block := stream.read(BLOCK_BYTES):
            if target.tell() + len(block) > limit:
                raise FileError(
                    f"{source.name}: unpacks to more than {limit >> 20} MB, over "
                    f"{UNPACKED_RATIO} times its size: refused (unpack it yourself if you trust it)"
                )
            target.write(block)
        return Path(target.name)


def temporary() -> IO[bytes]:
    """A file that is removed when the process ends."""
    target = tempfile.NamedTemporaryFile(prefix="c10h-", delete=False)  # noqa: SIM115
    atexit.register(Path(target.name).unlink, missing_ok=True)
    return cast(IO[bytes], target)


def is_archive(source: Source) -> bool:
    """Whether a file is a zip or, compressed or not, a tar, damaged as it may be."""
    if source.head(len(ZIP)) == ZIP:
        return True
    try:
        with _unpacked(source) as stream:
            tarfile.TarInfo.frombuf(stream.read(BLOCK), "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    except (EOFError, OSError, zlib.error, lzma.LZMAError):
        return True  # which is told in detail when it is read
    return True


def places_in_tar(source: Source) -> Mapping[str, int]:
    """The files in a tar that is not compressed, and at which byte of it each begins.

    Raises FileError for a damaged one, and bad names.
    """
    with _refusals(source), tarfile.open(source.path, "r:") as archive:
        return {_inside(info.name, source): info.offset_data for info in archive if info.isreg()}


def _in_folder(
    folder: str, is_wanted: Wanted, path: str = "", above: frozenset[tuple[int, int]] = frozenset()
) -> Iterator[Member]:
    """Files and folders by name; links are followed, but not in circles."""
    try:
        status = os.stat(folder)
        with os.scandir(folder) as scanned:
            entries = sorted((entry.name, entry.is_dir()) for entry in scanned)
    except OSError as error:
        raise FileError(f"{folder}: {reason(error)}") from error
    position = (status.st_dev, status.st_ino)
    if position in above:
        return
    if len(above) == DEEPEST:
        raise FileError(f"{folder}: more than {DEEPEST} folders deep")
    for entry, is_folder in entries:
        name = _text(entry)
        if _is_hidden(name):
            continue
        here = f"{path}/{name}" if path else name
        if is_folder:
            yield Member(here, is_folder=True)
            yield from _in_folder(f"{folder}/{entry}", is_wanted, here, above | {position})
        else:
            yield Member(here, f"{folder}/{entry}" if is_wanted(here) else None)


def _in_tar(source: Source, is_wanted: Wanted, most: int) -> Iterator[Member]:
    ended = False
    # tarfile would skip what is not there, block by block.
    largest = source.path.stat().st_size * (TAR_RATIO if is_compressed(source) else 1)

    class Header(tarfile.TarInfo):
        """Takes note of the block of zeros that ends a tar, and refuses what takes memory."""

        # Of what versions of tarfile call, these two are called in all of them: the first to read
        # a header, the second to read what belongs to it.
        @classmethod
        def fromtarfile(cls, archive: Any) -> Any:
            nonlocal ended
            try:
                return super().fromtarfile(archive)
            except tarfile.EOFHeaderError:  # type: ignore[attr-defined]
                ended = True
                raise

        def _proc_member(self, archive: Any) -> Any:
            if self.size < 0 or (self.type in HEADERS and self.size > LARGEST_HEADER):
                raise tarfile.ReadError(f"a header of {self.size:,} bytes")
            if self.size > largest:
                raise tarfile.ReadError(f"a member of {self.size:,} bytes, which are not there")
            return super()._proc_member(archive)  # type: ignore[misc]

    with (
        _unpacked(source) as stream,
        tarfile.open(fileobj=stream, mode="r|", tarinfo=Header, bufsize=1 << 16) as archive,
    ):
        while (info := archive.next()) is not None:
            archive.members.clear()  # type: ignore[attr-defined]  # or it would keep all it saw
            path = _inside(info.name, source)
            if not (info.isreg() or info.isdir()):
                kind = "link" if info.issym() or info.islnk() else "device or other special file"
                raise FileError(f"{source.name}: member {info.name!r} is a {kind}: refused")
            if any(map(_is_hidden, path.split("/"))):
                continue
            content = None
            if info.isreg() and info.size <= most and is_wanted(path):
                member = archive.extractfile(info)
                content = member.read() if member is not None else None
            yield Member(path, content, is_folder=info.isdir())
        if not ended:
            raise FileError(f"{source.name}: a damaged archive: it is truncated")
        while stream.read(1 << 20):  # the checksum comes last
            pass


def _in_zip(source: Source, is_wanted: Wanted, most: int) -> Iterator[Member]:
    with zipfile.ZipFile(source.path) as archive:
        for info in archive.infolist():
            path = _inside(info.filename, source)
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                what = "link" if kind == stat.S_IFLNK else "device or other special file"
                raise FileError(f"{source.name}: member {info.filename!r} is a {what}: refused")
            if any(map(_is_hidden, path.split("/"))):
                continue
            is_folder = info.filename.endswith(("/", "\\"))
            content = None
            if not is_folder and info.file_size <= most and is_wanted(path):
                _refuse_password(info, source)
                content = _member_of_zip(archive, info, source)
            yield Member(path, content, is_folder=is_folder)


def _refuse_password(info: zipfile.ZipInfo, source: Source) -> None:
    """Raise FileError for an encrypted member: the first bit of its flags (APPNOTE 4.4.4)."""
    if info.flag_bits & 1:
        raise FileError(f"{source.name}: member {info.filename!r} has a password: refused")


def _member_of_zip(archive: zipfile.ZipFile, info: zipfile.ZipInfo, source: Source) -> bytes:
    """The content of a member, and no more than it says that it has.

    Python's zipfile does not bound what a few bytes of bzip2 and LZMA become, so these are unpacked
    here. Raises BadZipFile for one whose size or checksum is wrong.
    """
    unpackers = {zipfile.ZIP_BZIP2: _of_bzip2, zipfile.ZIP_LZMA: _of_lzma}
    unpack = unpackers.get(info.compress_type)
    if unpack is None:
        return archive.read(info)
    with source.path.open("rb") as stream:
        stream.seek(info.header_offset)
        header = stream.read(ZIP_HEADER)
        if len(header) < ZIP_HEADER:
            raise zipfile.BadZipFile(f"no header of {info.filename!r}")
        # The lengths of the name and of the extra field, before the data (APPNOTE 4.3.7).
        stream.seek(sum(struct.unpack("<HH", header[26:30])), os.SEEK_CUR)
        content = unpack(stream.read(info.compress_size), info.file_size)
    if len(content) != info.file_size or zlib.crc32(content) != info.CRC:
        raise zipfile.BadZipFile(f"wrong size or checksum of {info.filename!r}")
    return content


def _of_bzip2(packed: bytes, size: int) -> bytes:
    """At most one byte more than ``size``."""
    return bz2.BZ2Decompressor().decompress(packed, size + 1)


def _of_lzma(packed: bytes, size: int) -> bytes:
    """At most one byte more than ``size``, with a dictionary that is no larger (APPNOTE 5.8.8)."""
    if len(packed) < LZMA_HEADER:
        raise zipfile.BadZipFile("a damaged LZMA member")
    settings, dictionary = struct.unpack("<BI", packed[4:LZMA_HEADER])
    filters = {
        "id": lzma.FILTER_LZMA1,
        "lc": settings % 9,
        "lp": settings // 9 % 5,
        "pb": settings // 45,
        "dict_size": min(dictionary, max(size, LEAST_DICTIONARY)),
    }
    unpacker = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[filters])
    return unpacker.decompress(packed[LZMA_HEADER:], size + 1)


def _unpacked(source: Source) -> IO[bytes]:
    """A tar's bytes, as they come. All parts of a file of several compressed streams are read."""
    for magic, unpack in UNPACKERS.items():
        if source.head(len(magic)) == magic:
            stream: IO[bytes] = unpack(source.path)
            return stream
    return source.path.open("rb")


def _inside(name: str, source: Source) -> str:
    """A member's path. Raises FileError for one that leads out of the archive.

    Windows' rules are the stricter ones: backslashes divide, and C: is a drive.
    """
    path = PureWindowsPath(name)
    if path.anchor or ".." in path.parts:
        raise FileError(f"{source.name}: member {name!r} points outside the archive: refused")
    if len(name) > LONGEST_NAME or "\0" in name:
        raise FileError(f"{source.name}: member {name[:40]!r} …: not a file name: refused")
    return _text(path.as_posix())


def _text(name: str) -> str:
    """A name as text: bytes that are no UTF-8 are replaced."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _is_hidden(name: str) -> bool:
    """What macOS and others leave in folders and archives."""
    return (name.startswith(".") and name != ".") or name == "__MACOSX"


def check_torch_zip(path: Path, name: str) -> None:
    """Refuse a file of torch's whose checksums are wrong, which torch does not look at.

    name: for messages. A file that is no zip, as torch wrote before version 1.6, has none. Raises
    FileError.
    """
    with path.open("rb") as stream:
        if stream.read(len(ZIP)) != ZIP:
            return
    try:
        with zipfile.ZipFile(path) as archive:
            packed = [info for info in archive.infolist() if info.compress_type]
            damaged = None if packed else archive.testzip()
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
        return  # so broken that torch sees it, too
    if packed:
        # What torch writes is not packed, and a few packed bytes may be any number of others.
        raise FileError(f"{name}: expected a file of torch.save, found a zip with packed members")
    if damaged is not None:
        raise FileError(f"{name}: damaged: the checksum of {damaged!r} is wrong")

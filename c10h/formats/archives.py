"""The files of a folder, or of a .tar, .tar.gz, .tar.xz, .tar.bz2 or .zip, which is not unpacked.

An archive is read once, from its beginning to its end. It may be a stranger's: names that lead out
of it, links and devices are refused, and what is held in memory at once is bounded.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import IO, Any

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


def members(source: Source, wanted: Wanted, most: int) -> Generator[Member, None, None]:
    """All files and folders below a folder or in an archive, but hidden ones.

    wanted: whether the content of the file with this path is of use. most: bytes that the content
    of one in an archive may have.
    Raises FileError for a damaged archive, or one that is refused.
    """
    if source.path.is_dir():
        yield from _in_folder(str(source.path), wanted)
        return
    try:
        if source.head(len(ZIP)) == ZIP:
            yield from _in_zip(source, wanted, most)
        else:
            yield from _in_tar(source, wanted, most)
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError) as error:
        raise FileError(f"{source.name}: a damaged archive: {error}") from error
    except (RuntimeError, NotImplementedError, ValueError, MemoryError) as error:
        raise FileError(f"{source.name}: an archive that cannot be read: {error}") from error
    except OSError as error:
        what = "cannot be read" if error.errno else "a damaged archive"  # as gzip and bz2 tell it
        raise FileError(f"{source.name}: {what}: {reason(error)}") from error


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


def _in_folder(
    folder: str, wanted: Wanted, path: str = "", above: frozenset[tuple[int, int]] = frozenset()
) -> Iterator[Member]:
    """Files and folders by name; links are followed, but not in circles."""
    try:
        status = os.stat(folder)
        with os.scandir(folder) as found:
            entries = sorted((entry.name, entry.is_dir()) for entry in found)
    except OSError as error:
        raise FileError(f"{folder}: {reason(error)}") from error
    place = (status.st_dev, status.st_ino)
    if place in above:
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
            yield from _in_folder(f"{folder}/{entry}", wanted, here, above | {place})
        else:
            yield Member(here, f"{folder}/{entry}" if wanted(here) else None)


def _in_tar(source: Source, wanted: Wanted, most: int) -> Iterator[Member]:
    ended = False

    class Header(tarfile.TarInfo):
        """Takes note of the block of zeros that ends a tar, and refuses what takes memory."""

        @classmethod
        def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Header:
            nonlocal ended
            ended = ended or (len(buf) == BLOCK and not any(buf))
            info = super().frombuf(buf, encoding, errors)
            if info.size < 0 or (info.type in HEADERS and info.size > LARGEST_HEADER):
                raise tarfile.ReadError(f"a header of {info.size:,} bytes")
            return info

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
            if info.isreg() and info.size <= most and wanted(path):
                member = archive.extractfile(info)
                content = member.read() if member is not None else None
            yield Member(path, content, is_folder=info.isdir())
        if not ended:
            raise FileError(f"{source.name}: a damaged archive: it breaks off")
        while stream.read(1 << 20):  # the checksum comes last
            pass


def _in_zip(source: Source, wanted: Wanted, most: int) -> Iterator[Member]:
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
            if not is_folder and info.file_size <= most and wanted(path):
                content = archive.read(info)
            yield Member(path, content, is_folder=is_folder)


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
        raise FileError(f"{source.name}: member {name!r} leads out of the archive: refused")
    if len(name) > LONGEST_NAME or "\0" in name:
        raise FileError(f"{source.name}: member {name[:40]!r} …: not a name of a file: refused")
    return _text(path.as_posix())


def _text(name: str) -> str:
    """A name as text: bytes that are no UTF-8 are replaced."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _is_hidden(name: str) -> bool:
    """What macOS and others leave in folders and archives."""
    return (name.startswith(".") and name != ".") or name == "__MACOSX"

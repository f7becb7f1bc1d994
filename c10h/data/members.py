"""The files of a folder, or of a .tar, .tar.gz, .tar.xz, .tar.bz2 or .zip, which is not unpacked.

An archive is read once, from its beginning to its end. It may be a stranger's: names that lead out
of it, links and devices are refused, and no member is larger in memory than MOST_BYTES.
"""

from __future__ import annotations

import gzip
import lzma
import os
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from c10h.data.pictures import MOST_BYTES
from c10h.errors import FileError
from c10h.files import Source, reason

Wanted = Callable[[str], bool]

ZIP = b"PK\x03\x04"
BLOCK = 512


@dataclass(frozen=True)
class Member:
    """A file in a folder or an archive, or an empty folder in it.

    path: below the folder or archive, with /. content: its bytes, or where it is on disk; None
    for a folder, for a file that is not wanted and for one that is too large.
    """

    path: str
    content: bytes | str | None = None
    is_folder: bool = False


def members(source: Source, wanted: Wanted) -> Iterator[Member]:
    """All files and folders below a folder or in an archive.

    wanted: whether the content of the file with this path is of use.
    Raises FileError for a damaged archive, or one that is refused.
    """
    if source.path.is_dir():
        yield from _in_folder(source.path, wanted)
        return
    try:
        if source.head(4) == ZIP:
            yield from _in_zip(source, wanted)
        else:
            yield from _in_tar(source, wanted)
    except (tarfile.TarError, gzip.BadGzipFile, zipfile.BadZipFile) as error:
        raise FileError(f"{source.name}: a damaged archive: {error}") from error
    except (EOFError, zlib.error, lzma.LZMAError, RuntimeError, NotImplementedError) as error:
        raise FileError(f"{source.name}: an archive that cannot be read: {error}") from error
    except OSError as error:
        raise FileError(f"{source.name}: cannot be read: {reason(error)}") from error


def is_archive(source: Source) -> bool:
    """Whether a file is a zip or, compressed or not, a tar."""
    return source.head(4) == ZIP or tarfile.is_tarfile(source.path)


def _in_folder(root: Path, wanted: Wanted) -> Iterator[Member]:
    """Files folder by folder; links are followed, but not in circles."""
    seen = set()
    for folder, folders, files in os.walk(root, followlinks=True, onerror=_refuse):
        place = os.stat(folder)
        if (place.st_dev, place.st_ino) in seen:
            folders.clear()
            continue
        seen.add((place.st_dev, place.st_ino))
        folders[:] = sorted(name for name in folders if not _is_hidden(name))
        below = Path(folder).relative_to(root).as_posix()
        yield Member(below, is_folder=True)
        for name in sorted(files):
            path = name if below == "." else f"{below}/{name}"
            if not _is_hidden(name):
                yield Member(path, os.path.join(folder, name) if wanted(path) else None)


def _refuse(error: OSError) -> None:
    raise FileError(f"{error.filename}: {reason(error)}") from error


class _Header(tarfile.TarInfo):
    """A member's header, by which it is known whether an archive's end was reached."""

    ended = False

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _Header:
        cls.ended = cls.ended or (len(buf) == BLOCK and not any(buf))
        return super().frombuf(buf, encoding, errors)


def _in_tar(source: Source, wanted: Wanted) -> Iterator[Member]:
    header: type[_Header] = type("_ThisHeader", (_Header,), {})
    with tarfile.open(source.path, "r|*", tarinfo=header) as archive:
        for info in archive:
            path = _inside(info.name, source)
            if any(map(_is_hidden, path.split("/"))):
                continue
            if info.isdir():
                yield Member(path, is_folder=True)
                continue
            if not info.isreg():
                kind = "link" if info.issym() or info.islnk() else "device or other special file"
                raise FileError(f"{source.name}: member {info.name!r} is a {kind}: refused")
            content = None
            if wanted(path) and info.size <= MOST_BYTES:
                stream = archive.extractfile(info)
                content = stream.read() if stream is not None else None
            yield Member(path, content)
    if not header.ended:
        raise FileError(f"{source.name}: a damaged archive: it breaks off")


def _in_zip(source: Source, wanted: Wanted) -> Iterator[Member]:
    with zipfile.ZipFile(source.path) as archive:
        for info in archive.infolist():
            path = _inside(info.filename, source)
            if stat.S_ISLNK(info.external_attr >> 16):
                raise FileError(f"{source.name}: member {info.filename!r} is a link: refused")
            if any(map(_is_hidden, path.split("/"))):
                continue
            if info.is_dir():
                yield Member(path, is_folder=True)
                continue
            content = None
            if wanted(path) and info.file_size <= MOST_BYTES:
                with archive.open(info) as stream:
                    content = stream.read(MOST_BYTES)
            yield Member(path, content)


def _inside(name: str, source: Source) -> str:
    """A member's path. Raises FileError for one that leads out of the archive."""
    plain = name.replace("\\", "/")
    path = PurePosixPath(plain)
    if path.is_absolute() or ".." in path.parts or ":" in (path.parts or ("",))[0]:
        raise FileError(f"{source.name}: member {name!r} leads out of the archive: refused")
    return path.as_posix()


def _is_hidden(name: str) -> bool:
    """What macOS and others leave in folders and archives."""
    return (name.startswith(".") and name != ".") or name == "__MACOSX"

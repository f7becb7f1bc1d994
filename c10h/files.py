"""Arguments that name files: inputs, outputs, and ``-`` for stdin and stdout."""

from __future__ import annotations

import atexit
import contextlib
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from c10h.errors import FileError, InputError, OutputError

if TYPE_CHECKING:
    from c10h.digests import Digests

# How HDF5 files begin, and how .mat files do that are HDF5 behind a block of text.
HDF5 = b"\x89HDF\r\n\x1a\n"
MATLAB = b"MATLAB 7.3 MAT-file"


# What stdin is called as an input.
STDIN = "stdin"


@dataclass(frozen=True)
class Source:
    """An input file. ``name`` is what messages and lineages call it; it has no folder.

    digest: its SHA-256 where that is known already, as for a folder.
    member: which array or column of the file is meant, "" where nobody said.
    """

    path: Path
    name: str
    digest: str | None = None
    member: str = ""

    @classmethod
    def open(cls, argument: str) -> Source:
        """The file that an argument names; stdin (``-``) and named pipes are copied to disk.

        ``FILE:NAME`` is an array or a column of a file. Raises FileError for a missing file, a
        folder, or a file without read permission.
        """
        file, member = split_member(argument)
        if member:
            return replace(cls.open(file), member=member)
        if argument == "-":
            if sys.stdin is None:
                raise FileError("-: expected data on stdin, found it closed")
            if sys.stdin.isatty():
                raise FileError("-: expected data on stdin, found a terminal")
            return cls(_spool(cast(BufferedReader, sys.stdin.buffer), "-"), STDIN)
        path = Path(argument)
        try:
            if path.is_dir():
                raise FileError(f"{argument}: expected a file, found a folder")
            with path.open("rb") as stream:
                if path.is_fifo():
                    return cls(_spool(stream, argument), _text(path.name))
        except OSError as error:
            raise FileError(f"{argument}: {reason(error)}") from error
        return cls(path, _text(path.name))

    @property
    def stem(self) -> str:
        """The name without its last suffix."""
        return Path(self.name).stem

    @property
    def whole_name(self) -> str:
        """The name, with the array or column that is meant."""
        return f"{self.name}:{self.member}" if self.member else self.name

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the bytes, in hexadecimal."""
        return self.digest if self.digest is not None else self._digests.whole

    def check_digest(self) -> bool:
        """Whether the file says its own digest. Raises FileError where that is another one."""
        from c10h.digests import has_digest

        try:
            if not has_digest(self.path):
                return False
            is_intact = self._digests.is_intact
        except OSError as error:
            raise FileError(f"{self.name}: {reason(error)}") from error
        if not is_intact:
            raise FileError(
                f"{self.name}: damaged: its content is not what its last line, a SHA-256, says"
            )
        return True

    @cached_property
    def _digests(self) -> Digests:
        from c10h.digests import digests_of  # which help texts do not wait for

        return digests_of(self.path)

    def head(self, size: int) -> bytes:
        """The first ``size`` bytes."""
        with self.path.open("rb") as stream:
            return stream.read(size)


def describe_head(source: Source) -> str:
    """What a file seems to be, from its first bytes, for error messages."""
    head = source.head(16)
    if not head:
        return "an empty file"
    if all(byte in b"\t\r\n" or 32 <= byte < 127 for byte in head):
        return f"text that begins with {head.decode()!r}"
    return f"bytes that begin with {head[:8].hex(' ')}"


def split_member(argument: str) -> tuple[str, str]:
    """FILE:NAME as its two parts; an existing file whose name has a colon is a file."""
    file, colon, member = argument.rpartition(":")
    if not (colon and file and member):
        return argument, ""
    try:
        is_part = not Path(argument).exists() and (file == "-" or Path(file).is_file())
    except OSError:
        return argument, ""
    return (file, member) if is_part else (argument, "")


def split_name(argument: str) -> tuple[str | None, str]:
    """NAME=FILE as its two parts; an existing file whose name has a = needs no NAME."""
    name, equals, path = argument.partition("=")
    if not equals or not name or Path(argument).exists():
        return None, argument
    return name, path


def name_member(argument: str, member: str | None) -> str:
    """FILE as FILE:NAME of this array, unless it names one already; a NAME= before it stays."""
    return argument if member is None or split_member(argument)[1] else f"{argument}:{member}"


def check_single_stdin(arguments: list[str]) -> None:
    """Raise InputError when ``-`` stands for more than one input."""
    if sum(split_member(argument)[0] == "-" for argument in arguments) > 1:
        raise InputError("'-' (stdin) can be used for only one input")


def check_distinct(outputs: Iterable[str | None], inputs: Iterable[str | None]) -> None:
    """Raise OutputError where an output is the same file as an input."""
    files = (split_member(argument)[0] for argument in inputs if argument)
    taken = {Path(file).resolve() for file in files if file != "-"}
    for output in outputs:
        if output is not None and output != "-" and Path(output).resolve() in taken:
            raise OutputError(f"{output}: is an input of this command, which it would replace")


def check_output(argument: str, *, force: bool, binary: bool = True) -> None:
    """Raise OutputError, before any work, where :func:`atomic_output` could not write.

    An existing file needs ``force``; binary output to a terminal is refused.
    """
    if argument == "-":
        if binary and sys.stdout.isatty():
            raise OutputError("binary output to a terminal: redirect it, or name a file with -o")
        return
    path = Path(argument)
    folder = path.parent
    try:
        if path.is_dir():
            raise OutputError(f"{argument}: expected a file name, found a folder")
        if path.exists() and not path.is_file():
            raise OutputError(f"{argument}: expected a plain file or - for stdout")
        if path.exists() and not force:
            raise OutputError(f"{argument}: exists already (--force replaces it)")
        if not folder.is_dir():
            raise OutputError(f"{argument}: there is no folder {folder}")
    except OSError as error:
        raise OutputError(f"{argument}: {reason(error)}") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(f"{argument}: no permission to write in {folder}")


@contextlib.contextmanager
def atomic_output(argument: str) -> Iterator[BinaryIO]:
    """An unbuffered file that becomes ``argument`` when the block ends without an error.

    It is written without a name, or where the system cannot do that under a temporary one in the
    same folder, flushed to disk and renamed, so that a killed command leaves the old file or none.
    ``-`` is copied to stdout at the end.
    Raises OutputError when the disk is full or the folder is not writable.
    """
    path = None if argument == "-" else Path(argument)
    folder = Path(tempfile.gettempdir()) if path is None else path.parent
    prefix = "c10h-" if path is None else f".{path.name}."
    name = ""
    try:
        descriptor = _nameless_file(folder)
        if descriptor is None:
            descriptor, name = tempfile.mkstemp(prefix=prefix, dir=folder)
        try:
            with open(descriptor, "w+b", buffering=0) as stream:
                yield stream
                os.fsync(descriptor)
                if path is None:
                    stream.seek(0)
                    shutil.copyfileobj(stream, sys.stdout.buffer, 1 << 20)
                    sys.stdout.buffer.flush()
                else:
                    os.fchmod(descriptor, 0o666 & ~_umask())
                    if not name:
                        name = str(folder / f"{prefix}{secrets.token_hex(4)}")
                        _give_name(descriptor, name)
            if path is not None:
                os.replace(name, path)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name)
    except OSError as error:
        raise OutputError(f"{argument}: {reason(error)}") from error


def _nameless_file(folder: Path) -> int | None:
    """A new file of a folder that has no name yet; None where the system has no such files.

    It vanishes with the process, however that ends.
    """
    try:
        descriptor = os.open(folder, os.O_TMPFILE | os.O_RDWR, 0o600)
    except AttributeError:  # not on Linux
        return None
    except OSError:  # some network file systems; else another way has the same error
        return None
    if not os.path.exists(_place(descriptor)):  # without /proc it could not get a name
        os.close(descriptor)
        return None
    return descriptor


def _place(descriptor: int) -> str:
    """Where Linux has an open file."""
    return f"/proc/self/fd/{descriptor}"


def _give_name(descriptor: int, name: str) -> None:
    """Link a nameless file to a name. Raises OSError where that is not possible."""
    # With a folder to begin at, which an absolute name ignores, Python follows the symbolic link.
    os.link(_place(descriptor), name, src_dir_fd=descriptor, follow_symlinks=True)


def write_text(argument: str, text: str) -> None:
    """Write UTF-8 text to a file, atomically, or to stdout for ``-``."""
    with atomic_output(argument) as stream:
        write_all(stream, text.encode())


def _spool(pipe: BufferedReader, name: str) -> Path:
    """Copy a pipe to a temporary file, since HDF5 and zip need to seek; removed at exit."""
    with tempfile.NamedTemporaryFile(prefix="c10h-", delete=False) as stream:
        path = Path(stream.name)
        atexit.register(path.unlink, missing_ok=True)
        # Piece by piece as they come: a signal is heard between two of them.
        while block := pipe.read1(1 << 20):
            stream.write(block)
    if not path.stat().st_size:
        raise FileError(f"{name}: expected data, found none")
    return path


def _text(name: str) -> str:
    """A file name as text: bytes that are no UTF-8 are replaced."""
    return os.fsencode(name).decode("utf-8", "replace")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_all(stream: BinaryIO, data: bytes | memoryview) -> None:
    """Write every byte to an unbuffered file, which may take only some at a time."""
    left = memoryview(data)
    while left:
        left = left[stream.write(left) :]


def reason(error: OSError) -> str:
    """What went wrong, in the system's words."""
    return (error.strerror or str(error)).lower()

"""A line at the end of the files that c10h writes: the SHA-256 of all before it.

A flipped bit, a lost block or a foreign edit is noticed when the file is read. HDF5 and zip files
may have bytes after their end (those of a zip are its comment), so every other program reads these
files as ever, and
``head -c -73 FILE | sha256sum`` computes what ``tail -1 FILE`` says.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

# Inside of a file this says that its last line is its SHA-256: without that it was cut or changed.
DIGEST = "digest"
HEAD = b"\nsha256 "
SIZE = len(HEAD) + 64 + 1
BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class Digests:
    """SHA-256 of a file, in hexadecimal. is_intact: whether its last line says what it should.

    is_intact is None for a file without such a line.
    """

    whole: str
    is_intact: bool | None


def has_digest(path: Path) -> bool:
    """Whether the last line of a file is one of ours."""
    with path.open("rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(0, size - SIZE))
        return _is_line(stream.read())


def digests_of(path: Path) -> Digests:
    """Read a file once, block by block. Raises OSError."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        content = _hash_of(stream, max(0, size - SIZE))
        whole = content.copy()
        line = stream.read(SIZE)
        whole.update(line)
        while block := stream.read(BLOCK_BYTES):  # it has grown since
            whole.update(block)
    is_intact = line == line_of(content.hexdigest()) if _is_line(line) else None
    return Digests(whole.hexdigest(), is_intact)


def append_digest(stream: BinaryIO) -> None:
    """End a file that is written, and readable, with the line. Raises OSError."""
    stream.seek(0)
    line = line_of(_hash_of(stream, None).hexdigest())
    stream.seek(0, os.SEEK_END)
    while line:
        line = line[stream.write(line) :]


def line_of(digest: str) -> bytes:
    """The line that says a digest."""
    return HEAD + digest.encode() + b"\n"


def sealed_zip(content: bytes | memoryview) -> list[bytes | memoryview]:
    """The parts of a zip file, with the line as its comment. content: of one without a comment."""
    body, size = content[:-2], SIZE.to_bytes(2, "little")
    hashed = hashlib.sha256(body)
    hashed.update(size)
    return [body, size, line_of(hashed.hexdigest())]


def _is_line(line: bytes) -> bool:
    return len(line) == SIZE and line.startswith(HEAD)


def _hash_of(stream: BinaryIO, size: int | None) -> hashlib._Hash:
    """SHA-256 of the next bytes of a file: ``size`` of them, or all."""
    hashed = hashlib.sha256()
    left = size
    while block := stream.read(BLOCK_BYTES if left is None else min(left, BLOCK_BYTES)):
        hashed.update(block)
        left = None if left is None else left - len(block)
    return hashed

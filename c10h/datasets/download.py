"""Downloads that go on where they broke off, and are checked before anything uses them.

What has arrived is kept as NAME.part beside the file. It becomes NAME when its size and checksum
are right, never before.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from c10h import __version__
from c10h.datasets.catalogue import Download
from c10h.errors import FileError, OutputError
from c10h.files import reason
from c10h.formats.hints import Tell, silent

if TYPE_CHECKING:
    import requests

# Seconds to wait before each further try, once nothing arrives any more.
WAITS = (1.0, 3.0, 9.0)
# Seconds to wait for a connection, and for the next bytes of an answer.
TIMEOUTS = (15.0, 60.0)
BLOCK = 1 << 16
# Answers after which another try may go better: too many requests, and errors of the server's own.
PASSING = (408, 425, 429, 500, 502, 503, 504)

Advance = Callable[[int], None]


class _TryAgainError(Exception):
    """A try that failed in a way that another may not. The text says why."""


def address_of(download: Download) -> str:
    """Where a file is looked for: its own address, or the mirror's (a folder or an address)."""
    mirror = os.environ.get("C10H_MIRROR")
    return download.address if not mirror else f"{mirror.rstrip('/')}/{download.name}"


def fetch(download: Download, path: Path, advance: Advance, tell: Tell = silent) -> None:
    """Download a file to ``path`` unless it is there, whole and unchanged.

    advance: called with bytes as they arrive, at once with those that were there before. tell:
    called with a line where another command is downloading, which is waited for.
    Raises FileError where the file cannot be had or is not the one that is wanted, OutputError
    where it cannot be written; what has arrived stays for the next try.
    """
    from filelock import FileLock, Timeout

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path.parent / ".lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            tell(f"{path.parent}: another command downloads into it; waiting for it")
            lock.acquire()
        try:
            if path.is_file() and not _why_wrong(path, download):
                advance(download.size)
            else:
                _fetch_and_check(download, path, advance)
        finally:
            lock.release()
    except OSError as error:
        raise OutputError(f"{path}: {reason(error)}") from error


def _fetch_and_check(download: Download, path: Path, advance: Advance) -> None:
    """Download a file. One that began in an earlier run and turns out wrong is begun again."""
    part = path.with_name(f"{path.name}.part")
    while True:
        resumed = _size(part) > 0
        _complete(download, part, advance)
        why = _why_wrong(part, download)
        if not why:
            os.replace(part, path)
            return
        part.unlink()
        if not resumed:
            raise FileError(f"{download.name}: {why} (from {address_of(download)}; deleted)")
        advance(-download.size)


def _complete(download: Download, part: Path, advance: Advance) -> None:
    """Fetch what is missing of a file, in as many tries as make sense."""
    if _size(part) > download.size:
        part.unlink()
    have = _size(part)
    advance(have)
    waits = list(WAITS)
    while have < download.size:
        try:
            _fetch_rest(download, part, advance)
        except _TryAgainError as error:
            if _size(part) > have:
                waits = list(WAITS)
            if not waits:
                raise FileError(
                    f"{download.name}: {error}; {_size(part):,} of {download.size:,} bytes are "
                    "here, the same command resumes from there"
                ) from error
            time.sleep(waits.pop(0))
        have = _size(part)


def _fetch_rest(download: Download, part: Path, advance: Advance) -> None:
    """One try. Raises _TryAgainError for what may pass, FileError for what will not."""
    address, have = address_of(download), _size(part)
    if "://" in address:
        blocks, begins = _of_server(address, have, download)
    else:
        blocks, begins = _of_file(Path(address), have, download), have
    advance(begins - have)
    have = begins
    with part.open("r+b" if part.exists() else "wb") as stream:
        stream.seek(have)
        stream.truncate()
        for block in blocks:
            have += stream.write(block)
            advance(len(block))
            if have > download.size:
                raise FileError(
                    f"{download.name}: expected {download.size:,} bytes, found more at {address}"
                )
        stream.flush()
        os.fsync(stream.fileno())
    if have < download.size:
        raise _TryAgainError(f"{address}: the connection was interrupted")


def _of_file(path: Path, start: int, download: Download) -> Iterator[bytes]:
    """The rest of a file in a folder that is a mirror."""
    try:
        stream: IO[bytes] = path.open("rb")
    except OSError as error:
        raise FileError(f"{path}: {reason(error)}") from error
    with stream:
        _check_size(os.fstat(stream.fileno()).st_size, download, str(path))
        stream.seek(start)
        while block := stream.read(BLOCK):
            yield block


def _of_server(address: str, start: int, download: Download) -> tuple[Iterator[bytes], int]:
    """The rest of a file from a server, and at which byte it begins: 0 if it sends all of it."""
    import requests

    # Bytes as they are: a server that unpacks or packs on the way would break the checksum.
    headers = {"Accept-Encoding": "identity", "User-Agent": f"c10h/{__version__}"}
    if start:
        headers["Range"] = f"bytes={start}-"
    try:
        answer = requests.get(address, headers=headers, stream=True, timeout=TIMEOUTS)
    except requests.RequestException as error:
        raise _TryAgainError(f"{address}: {_brief(error)}") from error
    status = f"{address}: the server answered {answer.status_code} {answer.reason}"
    if answer.status_code in PASSING:
        raise _TryAgainError(status)
    if answer.status_code not in (200, 206):
        raise FileError(f"{download.name}: {status}")
    begins, total = _range_of(answer)
    if total is not None:
        _check_size(total, download, address)
    if begins not in (0, start):
        raise FileError(f"{download.name}: {address} sent bytes from {begins:,}, not {start:,}")
    return _stream_of(answer, address), begins


def _range_of(answer: requests.Response) -> tuple[int, int | None]:
    """At which byte an answer begins, and the size of the whole file where that is told."""
    if answer.status_code == 206:
        match = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", answer.headers.get("Content-Range", ""))
        if match is not None:
            return int(match[1]), None if match[2] == "*" else int(match[2])
    length = answer.headers.get("Content-Length", "")
    return 0, int(length) if length.isdecimal() else None


def _stream_of(answer: requests.Response, address: str) -> Iterator[bytes]:
    import urllib3

    try:
        with answer:
            yield from answer.raw.stream(BLOCK, decode_content=False)
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise _TryAgainError(f"{address}: {_brief(error)}") from error


def _check_size(size: int, download: Download, address: str) -> None:
    if size != download.size:
        raise FileError(
            f"{download.name}: expected {download.size:,} bytes, found {size:,} at {address}"
        )


def _why_wrong(path: Path, download: Download) -> str:
    """What tells a file from the one that is wanted; empty where nothing does."""
    size = _size(path)
    if size != download.size:
        return f"expected {download.size:,} bytes, found {size:,}"
    method, _, expected = download.check.partition(":")
    digest = hashlib.new("sha1" if method == "git" else method, usedforsecurity=False)
    if method == "git":  # a git blob: its header is part of what is hashed
        digest.update(f"blob {size}\0".encode())
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            digest.update(block)
    actual = digest.hexdigest()
    return "" if actual == expected else f"expected {download.check}, found {method}:{actual}"


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _brief(error: Exception) -> str:
    """What is at the bottom of an error of a library's, in few words."""
    deepest: BaseException = error
    while deepest.__cause__ or deepest.__context__:
        deepest = deepest.__cause__ or deepest.__context__ or deepest
    if isinstance(deepest, TimeoutError):
        return "no answer in time"
    return reason(deepest) if isinstance(deepest, OSError) else str(deepest)

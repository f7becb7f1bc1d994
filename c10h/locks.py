"""One command at a time where two would write the same files."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from c10h.decisions import decided
from c10h.errors import OutputError
from c10h.files import reason


@contextmanager
def only_one(path: Path, what: str) -> Iterator[None]:
    """Hold the lock that a file stands for while the block runs; it is removed at the end.

    The system lets go of it when the process ends, however that is, on network file systems too.
    what: for the message. Raises OutputError, at once, where another process holds it.
    """
    try:
        descriptor = _locked(path, what)
    except OSError as error:
        raise OutputError(f"{path}: {reason(error)}") from error
    try:
        yield
    finally:
        # While it is held: one that waits in _locked sees that its file is gone, and makes another.
        path.unlink(missing_ok=True)
        os.close(descriptor)


def _locked(path: Path, what: str) -> int:
    """The open, locked file."""
    import fcntl

    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 200).decode("utf-8", "replace").strip()
            os.close(descriptor)
            raise OutputError(
                f"{what}: another command is at work on it ({holder or 'a process'}): nothing was "
                "changed"
            ) from None
        except OSError as error:
            decided("%s: this file system has no locks (%s)", path, reason(error))
            return descriptor
        with suppress(FileNotFoundError):
            if os.fstat(descriptor).st_ino == path.stat().st_ino:
                break
        os.close(descriptor)  # it was removed by the process that held it
    os.truncate(descriptor, 0)
    os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)
    return descriptor

"""A file that HDF5 writes to, whose errors do no harm in there."""

from __future__ import annotations

import io
from typing import Any, BinaryIO

from c10h.files import write_all


class Sink(io.RawIOBase):
    """A file for HDF5 to write to, which never reports an error to HDF5.

    The HDF5 library crashes the process when its file fails while it is being closed. This
    remembers the first error instead and keeps what is written afterwards (the last metadata, a
    few kilobytes, since the writer stops early) in memory, so that HDF5 can close in peace.
    """

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self.error: OSError | None = None
        self._stream = stream
        self._unwritten: list[tuple[int, bytes]] = []

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def truncate(self, size: int | None = None) -> int:
        try:
            return self._stream.truncate(size)
        except OSError as error:
            self.error = self.error or error
            return size or 0

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        start = self._stream.tell()
        data = self._stream.read(len(view))
        view[: len(data)] = data
        for offset, late in self._unwritten:
            low, high = max(offset, start), min(offset + len(late), start + len(view))
            if low < high:
                view[low - start : high - start] = late[low - offset : high - offset]
        return len(view) if self._unwritten else len(data)

    def write(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        start = self._stream.tell()
        if self.error is None:
            try:
                write_all(self._stream, view)
                return len(view)
            except OSError as error:
                self.error = error
        self._unwritten.append((start, bytes(view)))
        self._stream.seek(start + len(view))
        return len(view)

"""The heaps in which HDF5 files keep text of variable length.

The HDF5 library walks from entry to entry of such a heap, and never ends, deaf to every signal,
where an entry of size 0 leads to itself. c10h writes text of fixed length alone, but others' files
and its own older ones have heaps.
"""

from __future__ import annotations

import mmap
from pathlib import Path

# "Global Heap", section III.E of the HDF5 file format specification: signature, version 1, three
# zero bytes, size; then entries of an index, a count, four bytes, a size, and the data.
HEAP = b"GCOL\x01\0\0\0"
HEADER = len(HEAP) + 8
ENTRY = 16
FREE = 0


def has_broken_heap(path: Path) -> bool:
    """Whether an entry of a heap of an HDF5 file does not lead on. Raises OSError."""
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        at = data.find(HEAP)
        while at >= 0:
            if not _leads_on(data, at):
                return True
            at = data.find(HEAP, at + 1)
    return False


def _leads_on(data: mmap.mmap, start: int) -> bool:
    """Whether the entries of one heap lead to its end."""
    end = start + int.from_bytes(data[start + len(HEAP) : start + HEADER], "little")
    at = start + HEADER
    if end > len(data):
        return False
    while at + ENTRY <= end:
        index = int.from_bytes(data[at : at + 2], "little")
        size = int.from_bytes(data[at + 8 : at + ENTRY], "little")
        # The size of what is free counts its own entry; data is padded to eight bytes.
        step = size if index == FREE else ENTRY + -(-size // 8) * 8
        if step < ENTRY or step > end - at:
            return False
        at += step
    return True

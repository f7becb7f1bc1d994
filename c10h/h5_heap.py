"""The heaps in which HDF5 files keep text of variable length.

The HDF5 library walks from entry to entry of such a heap, and never ends, deaf to every signal,
where an entry of size 0 leads to itself; and before it finds that an entry is shorter than a text
is declared to be, it takes as much memory as that. c10h writes text of fixed length alone, but
others' files and its own older ones have heaps.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from c10h.records import Array

# "Global Heap", section III.E of the HDF5 file format specification: signature, version 1, three
# zero bytes, size; then entries of an index, a count, four bytes, a size, and the data.
HEAP = b"GCOL\x01\0\0\0"
HEADER = len(HEAP) + 8
ENTRY = 16
FREE = 0
# What the addresses of a file count from: where its first bytes are, behind what others may put
# before it.
FIRST = b"\x89HDF\r\n\x1a\n"
# How much of a file is looked at in one go. A word is eight bytes.
BLOCK_BYTES = 1 << 22
WORD = 8


def has_broken_heap(path: Path) -> bool:
    """Whether an entry of a heap of an HDF5 file does not lead on, or a text is too long for it.

    Raises OSError.
    """
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        heaps = list(_heaps(data))
        if not all(_leads_on(data, heap) for heap in heaps):
            return True
        base = max(data.find(FIRST), 0)
        return _has_long_text(data, np.array(heaps, "u8") - np.uint64(base))


def _heaps(data: mmap.mmap) -> Iterator[int]:
    """Where heaps begin."""
    at = data.find(HEAP)
    while at >= 0:
        yield at
        at = data.find(HEAP, at + 1)


def _has_long_text(data: mmap.mmap, heaps: Array) -> bool:
    """Whether a text is declared to be longer than the whole file.

    Texts are kept as their length, the address of their heap and the number of the entry there, in
    4, 8 and 4 bytes; where that stands is not aligned.
    """
    size = len(data)
    for start in range(0, size, BLOCK_BYTES):
        block = np.frombuffer(data[start : start + BLOCK_BYTES + WORD - 1], "u1")
        for shift in range(min(WORD, len(block) - WORD + 1)):
            words = block[shift : len(block) - (len(block) - shift) % WORD].view("<u8")
            small = np.flatnonzero(words < size)
            for place in small[np.isin(words[small], heaps)].tolist():
                at = start + shift + WORD * place
                length = int.from_bytes(data[max(0, at - 4) : at], "little")
                entry = int.from_bytes(data[at + WORD : at + WORD + 4], "little")
                if length > size and 0 < entry < 1 << 16:
                    return True
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

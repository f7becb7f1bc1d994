"""Picture files to pixels, in several processes, in the order in which the files come."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice, tee

from c10h.formats.archives import Member
from c10h.images.picture_file import Picture, read_pictures
from c10h.parallel import in_order
from c10h.processors import processors

# How many files, bytes of them, or bytes of pixels a process gets or returns at a time.
BATCH_FILES = 256
BATCH_BYTES = 1 << 23


@dataclass(frozen=True, slots=True)
class Decoded:
    """Some files, what became of each, and the pixels of the good ones, one after another."""

    members: list[Member]
    pictures: list[Picture]
    pixels: bytes


def decoded(files: Iterator[Member], side: int | None) -> Generator[Decoded, None, None]:
    """All pictures in order: up to the first good one here, the others in several processes.

    The first good one tells how much memory the others need, since all are equally large.
    side: what pictures are resized to.
    """
    shape: tuple[int, ...] = ()
    for member in files:
        pictures, pixels = read_pictures([member.content], side)
        yield Decoded([member], pictures, pixels)
        shape = pictures[0].shape
        if shape:
            break
    batches = _batches(files, math.prod(shape))
    first = list(islice(batches, 2))
    ours, theirs = tee(chain(first, batches))
    contents = ([member.content for member in batch] for batch in theirs)
    read = partial(read_pictures, side=side, shape=shape)
    if len(first) < 2 or processors() == 1:  # not worth other processes
        for batch, content in zip(ours, contents, strict=True):
            yield Decoded(batch, *read(content))
        return
    with closing(in_order(read, contents, in_processes=True)) as results:
        for batch, result in zip(ours, results, strict=True):
            yield Decoded(batch, *result)


def _batches(files: Iterator[Member], each: int) -> Iterator[list[Member]]:
    """each: bytes of pixels of one picture."""
    most = max(1, min(BATCH_FILES, BATCH_BYTES // each))
    batch: list[Member] = []
    size = 0
    for member in files:
        batch.append(member)
        size += len(member.content) if isinstance(member.content, bytes) else 0
        if len(batch) == most or size > BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch

"""Pixels of pictures, kept in a file without a name until their order is known."""

from __future__ import annotations

import math
import os
import tempfile
import weakref
from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import IO, Any

import numpy as np

from c10h.errors import FileError, MismatchError, OutputError
from c10h.files import reason, write_all
from c10h.images.import_request import counted
from c10h.images.parallel_decoding import Decoded
from c10h.images.picture_file import ANIMATED, SEVERAL, TURNED, Picture
from c10h.records import Array, View

# How many bad pictures a lineage names.
LISTED = 1000
# What is told of one picture of a kind, and of several.
TOLD: Mapping[str, tuple[str, str]] = {
    TURNED: (
        "picture was turned as its EXIF orientation says",
        "pictures were turned as their EXIF orientation says",
    ),
    ANIMATED: (
        "animated picture: the first picture of it was taken",
        "animated pictures: the first picture of each was taken",
    ),
    SEVERAL: (
        "file of several pictures: the first picture of it was taken",
        "files of several pictures: the first picture of each was taken",
    ),
}


class Spool:
    """Pixels in the order in which they come, in a file without a name that ends with us.

    paths: of the good pictures, in this order. digests: path and SHA-256 of every file that was
    read by path. kinds: how many pictures are of each kind. bad: those left out, and why.
    Raises OutputError where the disk is full.
    """

    def __init__(self, name: str, scratch: Path) -> None:
        self.name = name
        self.paths: list[str] = []
        self.digests: list[tuple[str, str]] = []
        self.kinds: Counter[str] = Counter()
        self.bad: dict[str, str] = {}
        self.shape: tuple[int, ...] = ()
        try:
            self.file: IO[bytes] = tempfile.TemporaryFile(dir=scratch, buffering=0)  # noqa: SIM115
        except OSError as error:
            raise OutputError(f"{scratch}: pixels of {name}: {reason(error)}") from error

    def add(self, decoded: Decoded, *, skip_bad: bool) -> None:
        """Keep a batch. Raises FileError for a bad picture, MismatchError for another size."""
        for member, picture in zip(decoded.members, decoded.pictures, strict=True):
            self.digests.append((member.path, picture.sha256))
            if picture.shape:
                self._keep(member.path, picture)
            elif skip_bad:
                self.bad[member.path] = picture.why
            else:
                raise FileError(
                    f"{self.name}: {member.path}: {picture.why} (--skip-bad leaves such out)"
                )
        try:
            write_all(self.file, decoded.pixels)  # type: ignore[arg-type]
        except OSError as error:
            raise OutputError(f"pixels of {self.name}: {reason(error)}") from error

    def _keep(self, path: str, picture: Picture) -> None:
        self.shape = self.shape or picture.shape
        if picture.shape != self.shape:
            shape, first = picture.shape, self.shape
            raise MismatchError(
                f"{self.name}: {path}: expected {first[1]} x {first[0]} pixels as in "
                f"{self.paths[0]}, found {shape[1]} x {shape[0]} (--resize makes all equal)"
            )
        self.kinds.update(picture.kinds)
        self.paths.append(path)

    def check_any(self) -> None:
        """Raise FileError unless there is a good picture."""
        if not self.paths:
            raise FileError(
                f"{self.name}: expected pictures, found {len(self.bad):,} bad ones only"
            )

    def notes(self) -> list[str]:
        """What became of the pictures, one line each for people."""
        notes = [
            counted(number, *TOLD[kind])
            if kind in TOLD
            else f"{counted(number, f'{kind} picture')} became RGB"
            for kind, number in self.kinds.items()
        ]
        if self.bad:
            first, why = next(iter(sorted(self.bad.items())))
            notes.append(
                f"left out {counted(len(self.bad), 'bad picture')}, the first is {first}: {why}"
            )
        return notes

    def excluded(self) -> dict[str, Any]:
        """What was left out, for the lineage."""
        if not self.bad:
            return {}
        return {"bad-pictures": len(self.bad), "bad-pictures-named": sorted(self.bad)[:LISTED]}

    def rows(self, order: Array) -> View:
        """The pictures of ``order``, uint8 (len(order), h, w, 3), read when they are asked for.

        The file stays as long as the view does, whether or not this spool is closed.
        """
        descriptor = os.dup(self.file.fileno())
        shape = (len(order), *self.shape)
        each = math.prod(self.shape)

        def read(key: Any) -> Array:
            places = order[key]
            pixels = np.empty((len(places), *shape[1:]), np.uint8)
            # What is stored one after another is read at once.
            ends = np.flatnonzero(np.diff(places) != 1) + 1
            bounds = [0, *ends.tolist(), len(places)] if len(places) else []
            for start, stop in pairwise(bounds):
                part = pixels[start:stop]
                if os.preadv(descriptor, [part.data], int(places[start]) * each) != part.nbytes:
                    raise OutputError("the temporary file of pixels cannot be read back")
            return pixels

        weakref.finalize(read, os.close, descriptor)
        return View(shape, np.dtype(np.uint8), read)

    def close(self) -> None:
        """Give the file up."""
        self.file.close()

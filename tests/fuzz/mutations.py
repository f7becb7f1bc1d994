"""Damage: what disks, networks and careless programs do to the bytes of a file."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Random = np.random.Generator


def flip(content: bytes, random: Random) -> bytes:
    """One to four bits are others."""
    changed = bytearray(content)
    for place in random.integers(0, len(content), random.integers(1, 5)):
        changed[place] ^= 1 << int(random.integers(8))
    return bytes(changed)


def replace(content: bytes, random: Random) -> bytes:
    """Some bytes at one place are random ones, or those that mean most to parsers."""
    start = int(random.integers(len(content)))
    size = int(random.choice([1, 2, 4, 8, 16, 64]))
    fill = [bytes(size), b"\xff" * size, random.bytes(size), b"\x7f" * size, b"9" * size]
    return content[:start] + fill[int(random.integers(len(fill)))] + content[start + size :]


def lose(content: bytes, random: Random) -> bytes:
    """A block is zeros, as of a lost sector."""
    start = int(random.integers(len(content)))
    size = int(random.choice([64, 512, 4096]))
    return content[:start] + bytes(min(size, len(content) - start)) + content[start + size :]


def cut(content: bytes, random: Random) -> bytes:
    """The end is missing."""
    return content[: int(random.integers(len(content)))]


def insert(content: bytes, random: Random) -> bytes:
    """Some bytes are too many."""
    start = int(random.integers(len(content)))
    return content[:start] + random.bytes(int(random.integers(1, 17))) + content[start:]


def remove(content: bytes, random: Random) -> bytes:
    """Some bytes in the middle are missing."""
    start = int(random.integers(len(content)))
    return content[:start] + content[start + int(random.integers(1, 65)) :]


def splice(content: bytes, random: Random) -> bytes:
    """A part of the file stands at another place of it as well."""
    start, target = sorted(random.integers(0, len(content), 2).tolist())
    size = int(random.integers(1, 257))
    part = content[start : start + size]
    return content[:target] + part + content[target + len(part) :]


MUTATIONS: tuple[Callable[[bytes, Random], bytes], ...] = (
    flip, flip, replace, replace, lose, cut, insert, remove, splice,
)  # fmt: skip

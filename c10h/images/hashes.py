"""What an image is known by: a hash of its pixels, or of those of the image it was made from."""

from __future__ import annotations

import math
from hashlib import sha256

import numpy as np

from c10h.records import Array, Images, Rows

# Pixels are read for hashing as many images at a time as fit, 4,096 of 32 x 32.
BLOCK_BYTES = 4_096 * 32 * 32 * 3


def hashes_of(images: Images) -> Array:
    """What networks remember each image by, uint64 (n), see :func:`item_hashes`.

    That is its original where it was made from another image, so that a network that was trained on
    an image, or on any copy of it, counts as trained on all copies.
    """
    return item_hashes(images.images) if images.original is None else images.original


def item_hashes(images: Rows) -> Array:
    """The first 64 bits of the SHA-256 of each image's pixels, uint64 (n)."""
    hashes = np.empty(images.shape[0], dtype=np.uint64)
    rows = max(1, BLOCK_BYTES // max(1, math.prod(images.shape[1:])))
    for start in range(0, len(hashes), rows):
        block = np.ascontiguousarray(images[start : min(start + rows, len(hashes))])
        for row, image in enumerate(block):
            hashes[start + row] = int.from_bytes(sha256(image).digest()[:8], "big")
    return hashes

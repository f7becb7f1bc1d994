"""Hashes of images against hashlib."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest

from c10h.images import hashes as hashes_module
from c10h.images.hashes import hashes_of, item_hashes
from c10h.records import Array, Images, View


def random_images(count: int) -> Array:
    shape = (count, 8, 8, 3)
    return np.random.default_rng(count).integers(0, 256, shape, dtype=np.uint8)


def test_an_item_is_known_by_the_first_64_bits_of_its_sha_256(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hashes_module, "BLOCK_BYTES", 4 * 8 * 8 * 3 + 1)
    images = random_images(10)
    wanted = [int(sha256(image.tobytes()).hexdigest()[:16], 16) for image in images]
    assert item_hashes(images).tolist() == wanted
    assert item_hashes(images[:, :, ::-1]).tolist() != wanted


def test_large_images_are_hashed_a_few_at_a_time() -> None:
    """240 images of 512 x 512 are 189 MB; 12.6 MB, which is 16 of them, are read at once."""
    read: list[int] = []

    def block(key: slice) -> Array:
        read.append(key.stop - key.start)
        return np.zeros((key.stop - key.start, 512, 512, 3), dtype=np.uint8)

    hashes = item_hashes(View((240, 512, 512, 3), np.dtype(np.uint8), block))
    assert read == [16] * 15
    assert hashes.tolist() == [int(sha256(bytes(512 * 512 * 3)).hexdigest()[:16], 16)] * 240


def test_networks_remember_a_copy_by_its_original() -> None:
    images = Images(classes=("a", "b"), images=random_images(4))
    assert hashes_of(images).tolist() == item_hashes(random_images(4)).tolist()
    copies = replace(images, original=np.array([7, 7, 2**64 - 1, 0], dtype=np.uint64))
    assert hashes_of(copies).tolist() == [7, 7, 2**64 - 1, 0]

"""Corrupt pictures, as CIFAR-10-C's: the same items under a shift of known severity."""

from __future__ import annotations

from dataclasses import replace

from c10h.images.corruptions.corrupting import corrupted
from c10h.images.hashes import hashes_of
from c10h.lineage import lineage_of
from c10h.records import Images
from c10h.stages.data_corrupt_request import CorruptRequest


def data_corrupt(request: CorruptRequest) -> Images:
    """The images of a request after the corruption, with their truth, ids, classes and lineage.

    Each has its original, so that a network that was trained on that is known to have seen it.
    Pixels are computed when they are read, some images at a time.
    """
    images = request.images
    pixels = corrupted(images, request.kind, request.severity, request.seed)
    lineage = lineage_of(request, [("images", request.images_file, images)])
    return replace(images, images=pixels, original=hashes_of(images), lineage=lineage)

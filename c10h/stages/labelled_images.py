"""Images that labels know, of more images than have labels (``--skip-unlabeled``)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf

import numpy as np

from c10h.errors import InputError, counted
from c10h.formats.hints import Tell, silent
from c10h.formats.lazy_rows import chosen_rows
from c10h.items import Items, align
from c10h.records import Array, Images, Labels


@dataclass(frozen=True)
class LabelledImages:
    """Some of the images of a file. rows: which ones, ascending int64 (n), None for all.

    left_out: how many have no labels.
    """

    images: Images
    rows: Array | None
    left_out: int = 0

    @property
    def excluded(self) -> dict[str, int]:
        """What a lineage says of it."""
        return {"images without labels": self.left_out} if self.left_out else {}


def labelled_images(
    images: Images, labels: Labels | None, *, skip: bool, tell: Tell = silent
) -> LabelledImages:
    """The images that labels know, by name or number, or all of them unless ``skip``.

    Images without names are known by their row. tell: called with a line on how many are left out.
    Raises InputError where there are no labels, MismatchError where none of them is known.
    """
    if not skip:
        return LabelledImages(images, None)
    if labels is None:
        raise InputError("--skip-unlabeled needs --labels")
    size = images.images.shape[0]
    reference = Items("the labels", labels.probs.shape[0], labels.ids)
    known = align(Items("images", size, images.ids), reference, may_lack=inf)
    if not known.absent:
        return LabelledImages(images, None)
    assert known.rows is not None
    rows = np.flatnonzero(known.rows >= 0)
    tell(f"images: {known.absent:,} of {counted(size, 'image')} have no labels and are left out")
    some = replace(
        images,
        images=chosen_rows(images.images, rows),
        truth=None if images.truth is None else images.truth[rows],
        ids=rows.astype(np.str_) if images.ids is None else images.ids[rows],
        original=None if images.original is None else images.original[rows],
    )
    return LabelledImages(some, rows, known.absent)

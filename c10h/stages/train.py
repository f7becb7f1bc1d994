"""Train: from images and labels to what networks are trained on, and in which folds."""

from __future__ import annotations

import numpy as np

from c10h.errors import InputError, MismatchError
from c10h.records import Array, Images, Labels
from c10h.stages.join import People, labels_in_order, match_ids
from c10h.training.folds import make_folds
from c10h.training.networks import Material


def join(images: Images, labels: Labels | None, items: Array) -> Material:
    """Match labels with images, by ids where both have them, else by position.

    Without labels the true classes of the images are what there is. Raises MismatchError for other
    classes, sizes or ids, InputError where there are neither labels nor true classes.
    """
    size = images.images.shape[0]
    pictures = np.asarray(images.images[0:size])
    if labels is None:
        if images.truth is None:
            raise InputError("expected LABELS: the images do not have true classes")
        shares = np.eye(len(images.classes))[images.truth]
        return Material(pictures, shares, images.truth, items, images.classes)
    ordered = labels_in_order(labels, images.classes, "labels")
    people = People.of(ordered, None, images.classes)
    rows = None
    if images.ids is not None and people.ids is not None:
        rows = match_ids(images.ids, people.ids, "images")
    elif people.size != size:
        raise MismatchError(
            f"labels: expected {size:,} items as in the images, found {people.size:,}, and no ids "
            "in both that would match them"
        )
    people = people.take(rows)
    assert people.probs is not None
    truth = people.truth
    if truth is None:
        truth = images.truth
    elif images.truth is not None and (truth != images.truth).any():
        wrong = int(np.argmax(truth != images.truth))
        raise MismatchError(
            f"labels: other true classes than those of the images, the first is item {wrong}: "
            "another order?"
        )
    shares = np.asarray(people.probs[0:size], dtype=np.float64)
    return Material(pictures, shares, truth, items, images.classes)


def split(material: Material, folds: int | None, seed: int) -> Array | None:
    """The fold of each item; None without folds."""
    if folds is None:
        return None
    return make_folds(material.items, material.strata, folds, seed)

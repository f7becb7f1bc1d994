"""From images and labels to what networks are trained on, and the folds of the items."""

from __future__ import annotations

import numpy as np

from c10h.errors import InputError
from c10h.formats.hints import Tell, silent
from c10h.records import Array, Images, Labels
from c10h.stages.people import people_of_images
from c10h.training.fold_training import TrainingData
from c10h.training.folds import make_folds
from c10h.truth import lacking


def join(images: Images, labels: Labels | None, items: Array, tell: Tell = silent) -> TrainingData:
    """Match labels with images, by ids where both have them, else by position.

    Without labels the true classes of the images are what there is. Raises MismatchError for other
    classes, sizes or ids, InputError where there are neither labels nor the true class of each.
    """
    size = images.images.shape[0]
    pixels = np.asarray(images.images[0:size])
    if labels is None:
        if images.truth is None:
            raise InputError("expected LABELS: the images have no true classes")
        if missing := lacking(images.truth, images.ids):
            raise InputError(f"images: expected the true class of each, or LABELS: {missing}")
        shares = np.eye(len(images.classes))[images.truth]
        return TrainingData(pixels, shares, images.truth, items, images.classes)
    remedy = "c10h data import --labels LABELS --skip-unlabeled makes images of those with labels"
    people = people_of_images(images, labels, tell, remedy)
    assert people.probs is not None
    shares = np.asarray(people.probs[0:size], dtype=np.float64)
    return TrainingData(pixels, shares, people.one_answer, items, people.classes)


def split(data: TrainingData, folds: int | None, seed: int) -> Array | None:
    """The fold of each item; None without folds."""
    if folds is None:
        return None
    return make_folds(data.items, data.strata, folds, seed)

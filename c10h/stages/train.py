"""Train: from images and labels to what networks are trained on, and in which folds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from c10h.errors import InputError
from c10h.formats.hints import Tell, silent
from c10h.records import Array, Images, Labels
from c10h.report.table import MISSING, Cell, Table, number
from c10h.run_folder import Run, name_of
from c10h.stages.join import people_of_images
from c10h.training.folds import make_folds
from c10h.training.networks import Material, Outcome
from c10h.truth import lacking


def join(images: Images, labels: Labels | None, items: Array, tell: Tell = silent) -> Material:
    """Match labels with images, by ids where both have them, else by position.

    Without labels the true classes of the images are what there is. Raises MismatchError for other
    classes, sizes or ids, InputError where there are neither labels nor the true class of each.
    """
    size = images.images.shape[0]
    pictures = np.asarray(images.images[0:size])
    if labels is None:
        if images.truth is None:
            raise InputError("expected LABELS: the images do not have true classes")
        if missing := lacking(images.truth, images.ids):
            raise InputError(
                f"images: expected the true class of each: {missing}; or give LABELS for all"
            )
        shares = np.eye(len(images.classes))[images.truth]
        return Material(pictures, shares, images.truth, items, images.classes)
    people = people_of_images(images, labels, tell)
    assert people.probs is not None
    shares = np.asarray(people.probs[0:size], dtype=np.float64)
    return Material(pictures, shares, people.one_answer, items, people.classes)


def split(material: Material, folds: int | None, seed: int) -> Array | None:
    """The fold of each item; None without folds."""
    if folds is None:
        return None
    return make_folds(material.items, material.strata, folds, seed)


def table_of(run: Run, outcomes: Sequence[Outcome]) -> Table:
    """How networks did on their held-out items, a row each, and the mean of all."""
    columns = {
        "items": "items",
        "accuracy": "accuracy",
        "loss": "cross-entropy",
        "ce_hard": "ce_hard",
        "lr": "lr",
        "mixup": "mixup",
    }
    known = [key for key in columns if any(key in one.results for one in outcomes)]
    rows = []
    for one in outcomes:
        name = str(one.fold) if run.folds else name_of(one.fold)
        rows.append([Cell(name), *(Cell(_figure(key, one.results)) for key in known)])
    if len(outcomes) > 1:
        means = {
            key: float(np.mean([one.results[key] for one in outcomes if key in one.results]))
            for key in known
            if key not in ("lr", "mixup")
        }
        rows.append([Cell("mean"), *(Cell(_figure(key, means)) for key in known)])
    note = "held-out items; cross-entropy is with the labels" if run.folds else ""
    header = ["fold", *(columns[key] for key in known)]
    return Table(f"{run.name}: {run.architecture}", header, rows, notes=[note] if note else [])


def _figure(key: str, results: Mapping[str, float]) -> str:
    if key not in results:
        return MISSING
    if key == "items":
        return f"{results[key]:,.0f}"
    return f"{results[key]:g}" if key in ("lr", "mixup") else number(results[key])

"""Whether networks were trained on the items that they predict."""

from __future__ import annotations

import numpy as np

from c10h.labels.sources import DISTILL
from c10h.metrics.exposure import HELD_OUT, IN_SAMPLE, UNKNOWN
from c10h.records import Array, Images, Lineage, Predictions


def seen_in_training(predictions: Predictions, member: int) -> Array | None:
    """Whether the networks behind each prediction were trained on the item: bool (n), or None.

    From the hashes of the items, or of their originals, and of all training items, ancestors'
    included. A held-out prediction comes from the network of its fold, which saw every item but
    that fold's.
    """
    items = predictions.item if predictions.original is None else predictions.original
    if items is None or "item" not in predictions.trained:
        return None
    trained = predictions.trained["item"][:]
    held_out_by = predictions.trained["fold"][:]
    fold = np.full(len(items), -1, dtype=np.int64)
    if predictions.fold is not None:
        fold[:] = predictions.fold
    elif predictions.member_fold is not None:
        fold[:] = predictions.member_fold[member]
    by_all = np.isin(items, trained[held_out_by < 0])
    by_others = np.isin(items, trained[held_out_by >= 0])
    for number in np.unique(fold[fold >= 0]):
        mine = fold == number
        others = trained[(held_out_by >= 0) & (held_out_by != number)]
        by_others[mine] = np.isin(items[mine], others)
    return np.asarray(by_all | by_others)


def learned_from_networks(lineage: Lineage | None) -> bool:
    """Whether labels that a network behind predictions was trained on were made of predictions.

    A student knows of its teachers' training items what these know, and no hash tells which.
    """
    if lineage is None:
        return False
    return any(
        learned_from_networks(source.lineage)
        or (source.role == "labels" and _are_predicted(source.lineage))
        for source in lineage.inputs
        if source.kind != Images.kind
    )


def _are_predicted(lineage: Lineage | None) -> bool:
    """Whether labels come from predictions."""
    if lineage is None:
        return False
    return lineage.options.get("as") == DISTILL or any(
        source.kind == Predictions.kind or _are_predicted(source.lineage)
        for source in lineage.inputs
    )


def exposure(predictions: Predictions, member: int = 0) -> str:
    """Whether a network was trained on any of the items that it predicts, in a word."""
    seen = seen_in_training(predictions, member)
    return UNKNOWN if seen is None else IN_SAMPLE if seen.any() else HELD_OUT

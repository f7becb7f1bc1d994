"""Which items predictions are about."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np

from c10h.items import Items, is_everything
from c10h.records import Array, Predictions
from c10h.stages.people import People


def items_of(predictions: Predictions, what: str) -> Items:
    """Which items predictions are about. what: how messages call them."""
    return Items(what, predictions.logits.shape[1], predictions.ids, predictions.index)


def some_items(predictions: Predictions, kept: Array) -> Predictions:
    """Predictions of some items, which are held in memory.

    kept: which ones, bool (n), or their rows, int64, in the order that is wanted.
    """

    def of_items(values: Array | None) -> Array | None:
        return None if values is None else values[kept]

    members, size, _ = predictions.logits.shape
    logits = [np.asarray(predictions.logits[member, 0:size])[kept] for member in range(members)]
    return replace(
        predictions,
        logits=np.stack(logits),
        index=of_items(predictions.index),
        ids=of_items(predictions.ids),
        truth=of_items(predictions.truth),
        fold=of_items(predictions.fold),
        item=of_items(predictions.item),
        original=of_items(predictions.original),
    )


def digest_items(people: People, rows: Array | None, labels_digest: str) -> str:
    """SHA-256 of which items a run is about, in their order, and of the labels behind them."""
    digest = hashlib.sha256(labels_digest.encode())
    if people.ids is not None:
        digest.update("\0".join(people.ids.tolist()).encode())
    else:
        digest.update(f"{people.size} rows".encode())
        if rows is not None and not is_everything(rows, people.size):
            digest.update(np.ascontiguousarray(rows).data)
    if people.truth is not None:
        digest.update(np.ascontiguousarray(people.truth).data)
    if people.right is not None:
        digest.update(np.ascontiguousarray(people.right).data)
    return digest.hexdigest()

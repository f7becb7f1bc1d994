"""Put people and networks side by side, item by item, for a figure of both."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from c10h.errors import InputError, MismatchError
from c10h.metrics.block import Float
from c10h.records import Array, Labels, Predictions
from c10h.report.given import Compared
from c10h.stages.join import (
    People,
    common_classes,
    exposure,
    labels_in_order,
    match_items,
    predictions_in_order,
)


def compared(labels: Labels, networks: Mapping[str, Predictions]) -> Compared:
    """The items that all networks predicted, in the order of the labels.

    Raises InputError for a file of several networks, MismatchError for other classes or items.
    """
    classes = common_classes([labels, *networks.values()])
    assert classes is not None
    people = People.of(labels_in_order(labels, classes, "labels"), None, classes)
    rows: dict[str, Array] = {}
    found: dict[str, Float] = {}
    for name, record in networks.items():
        if record.logits.shape[0] > 1:
            members = ", ".join(record.member.tolist())
            raise InputError(f"{name}: expected one network, found {members}")
        record = predictions_in_order(record, classes, name)
        matched = match_items(record, people, name)
        rows[name] = np.arange(people.size) if matched is None else matched
        found[name] = _softmax(record.logits[0, 0 : record.logits.shape[1]])
    common = np.arange(people.size)
    for one in rows.values():
        common = np.intersect1d(common, one)
    if not len(common):
        raise MismatchError(f"{' and '.join(networks)} are not about the same items")
    people = people.take(common)
    assert people.probs is not None
    ordered = {
        name: found[name][np.argsort(one)[np.searchsorted(np.sort(one), common)]]
        for name, one in rows.items()
    }
    ids = people.ids
    names = [f"item {row}" for row in common.tolist()] if ids is None else ids.tolist()
    probs = np.asarray(people.probs[0 : people.size], dtype=np.float64)
    exposures = {name: exposure(record) for name, record in networks.items()}
    return Compared(classes, probs, ordered, names, people.truth, exposures)


def _softmax(logits: Array) -> Float:
    odds = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))

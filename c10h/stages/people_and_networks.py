"""Put people and networks side by side, item by item, for a figure of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from c10h.errors import InputError, MismatchError
from c10h.items import agreed_truth, align
from c10h.metrics.item_block import Float
from c10h.records import Array, Labels, Predictions
from c10h.stages.class_order import common_classes, labels_in_order, predictions_in_order
from c10h.stages.people import People
from c10h.stages.predicted_items import items_of
from c10h.stages.seen_in_training import exposure


@dataclass(frozen=True)
class Compared:
    """People and networks on the same n items, all in one order of items and of classes.

    people: float64 (n, c); networks: the distributions of each by name, float64 (n, c).
    names: what each item is called. truth: the class of each, -1 where it is not known. exposure:
    whether each network was trained on any of its items, in a word. known: what else is known of
    the items, with the truth of all files; rows: where they are in the labels, (n). logits: of
    each network by name, (n, c). places: of each network, the row of every item in its
    predictions, int64 (n).
    """

    classes: tuple[str, ...]
    people: Float
    networks: Mapping[str, Float]
    names: Sequence[str]
    truth: Array | None = None
    exposure: Mapping[str, str] = field(default_factory=dict)
    known: People | None = None
    rows: Array | None = None
    logits: Mapping[str, Array] = field(default_factory=dict)
    places: Mapping[str, Array] = field(default_factory=dict)


def compare_people(labels: Labels, networks: Mapping[str, Predictions]) -> Compared:
    """The items that all networks predicted, in the order of the labels.

    Raises InputError for a file of several networks, MismatchError for other classes or items: true
    classes and pixels tell them, too, as far as the files know these.
    """
    classes = common_classes([labels, *networks.values()])
    assert classes is not None
    people = People.of(labels_in_order(labels, classes, "labels"), None, classes)
    rows: dict[str, Array] = {}
    records: dict[str, Predictions] = {}
    for name, record in networks.items():
        if record.logits.shape[0] > 1:
            members = ", ".join(record.member.tolist())
            raise InputError(f"{name}: expected one network, found {members}")
        records[name] = predictions_in_order(record, classes, name)
        matched = align(items_of(records[name], name), people.items("the labels"))
        rows[name] = matched.take(np.arange(people.size))
    common = np.arange(people.size)
    for of_network in rows.values():
        common = np.intersect1d(common, of_network)
    if not len(common):
        raise MismatchError(f"{' and '.join(networks)} do not have the same items")
    people = people.take(common)
    assert people.probs is not None
    places = {
        name: np.argsort(of_network)[np.searchsorted(np.sort(of_network), common)]
        for name, of_network in rows.items()
    }
    logits = {
        name: record.logits[0, 0 : record.logits.shape[1]][places[name]]
        for name, record in records.items()
    }
    ordered = {name: _softmax(of_network) for name, of_network in logits.items()}
    ids = people.ids
    names = [f"item {row}" for row in common.tolist()] if ids is None else ids.tolist()
    probs = np.asarray(people.probs[0 : people.size], dtype=np.float64)
    _check_items(None if people.right is not None else people.truth, names, records, places)
    exposures = {name: exposure(record) for name, record in networks.items()}
    known = people
    for name, record in records.items():
        truth = None if record.truth is None else record.truth[places[name]]
        known = known.agreeing(truth, name)
    return Compared(
        classes,
        probs,
        ordered,
        names,
        people.one_answer,
        exposures,
        known,
        common,
        logits,
        places,
    )


def _check_items(
    truth: Array | None,
    names: Sequence[str],
    networks: Mapping[str, Predictions],
    places: Mapping[str, Array],
) -> None:
    """Raise MismatchError where true classes or pixels differ of what should be the same items.

    names: what the items are called. places: where they are in the predictions of each network.
    """
    item: Array | None = None
    for name, record in networks.items():
        if record.truth is not None:
            mine = record.truth[places[name]]
            truth = mine if truth is None else agreed_truth(truth, mine, name)
        if record.item is not None:
            hashes = record.item[places[name]]
            item = hashes if item is None else item
            if (hashes != item).any():
                raise MismatchError(
                    f"{' and '.join(networks)} do not have the same items: "
                    f"{names[int(np.argmax(hashes != item))]} is a different image"
                )


def _softmax(logits: Array) -> Float:
    odds = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))

"""Find the pictures on which a network and people agree first and differ most in the rest.

The figure 1 of Peterson et al. 2019 for any network. How far two distributions differ is their
Jensen-Shannon divergence (Lin 1991, eq. 4.1): bounded by log 2, and finite where one of them is 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from c10h.errors import InputError
from c10h.formats.truth_files import check_truth
from c10h.items import align
from c10h.metrics import divergence
from c10h.metrics.item_block import Block, Float
from c10h.records import Array, Images, Labels, Predictions
from c10h.stages.class_order import common_classes, labels_in_order, predictions_in_order
from c10h.stages.people import People
from c10h.stages.predicted_images import PredictedImages
from c10h.stages.predicted_items import items_of
from c10h.stages.prediction_pass import BLOCK_ELEMENTS, cut
from c10h.stages.seen_in_training import exposure
from c10h.truth import name_of

# How many there are unless said.
PICTURES = 12


@dataclass(frozen=True)
class Farthest:
    """The k items of equal first choice that differ most, the most first.

    row: int64 (k); divergence, entropy (of people): nats (k); people, model: (k, c). agreed: how
    many of all ``items`` have equal first choices.
    """

    row: Array
    divergence: Float
    entropy: Float
    people: Float
    model: Float
    agreed: int
    items: int


@dataclass(frozen=True)
class Picture:
    """One item of a gallery: pixels uint8 (h, w, 3); people, model: distributions, float64 (c)."""

    name: str
    truth: str | None
    pixels: Array
    people: Float
    model: Float
    divergence: float
    entropy: float


@dataclass(frozen=True)
class Gallery:
    """Pictures of one run, those that differ most first; notes: lines below them."""

    run: str
    classes: tuple[str, ...]
    pictures: Sequence[Picture]
    agreed: int
    items: int
    notes: Sequence[str] = field(default_factory=tuple)


def gallery(
    predictions: Predictions,
    labels: Labels,
    images: Images,
    count: int = PICTURES,
    run: str = "model",
    *,
    images_sha256: str | None = None,
    advance: Callable[[int], None] = lambda items: None,
) -> Gallery:
    """The ``count`` pictures of equal first choice whose distributions differ most.

    run: what the network is called. images_sha256: of the file of the images; where it is the one
    that was predicted, only the chosen images are read. Raises InputError for several networks, a
    count below 1 and where no item has an equal first choice; MismatchError where the inputs do not
    belong together or the images are others than those that were predicted.
    """
    if count < 1:
        raise InputError(f"--pictures {count}: expected 1 or more")
    if predictions.logits.shape[0] > 1:
        raise InputError(
            f"{run}: expected one network for a gallery, found "
            f"{', '.join(predictions.member.tolist())}"
        )
    classes = common_classes([labels, predictions])
    assert classes is not None
    predictions = predictions_in_order(predictions, classes, run)
    labels = labels_in_order(labels, classes, "labels")
    people, matched = _people_of(predictions, labels, run)
    predicted = PredictedImages.match(predictions, images, run, images_sha256)
    chosen = farthest(_blocks(predictions, people, advance), count)
    if not chosen.agreed:
        raise InputError(f"{run}: no item where network and people have the same first choice")
    pictures = []
    for k, row in enumerate(chosen.row.tolist()):
        place = predicted.place(row)
        pictures.append(
            Picture(
                name=_name(predictions, images, people, row, place),
                truth=_truth(people, images, row, place),
                pixels=predicted.pixels(row),
                people=chosen.people[k],
                model=chosen.model[k],
                divergence=float(chosen.divergence[k]),
                entropy=float(chosen.entropy[k]),
            )
        )
    notes = [f"Items in training: {exposure(predictions)}", matched, predicted.note]
    return Gallery(run, classes, pictures, chosen.agreed, chosen.items, list(filter(None, notes)))


def _people_of(predictions: Predictions, labels: Labels, run: str) -> tuple[People, str]:
    """What labels say of the predicted items, in their order, and their truth as far as known.

    With a note on what could not be compared.
    """
    people = People.of(labels, None, labels.classes)
    matched = align(items_of(predictions, run), people.items("the labels"))
    people = people.take(matched.rows)
    people = people.agreeing(predictions.truth, run)
    if people.truth is not None:
        check_truth(people.truth, len(labels.classes), f"{run}: truth")
    return people, matched.note


def _blocks(
    predictions: Predictions, people: People, advance: Callable[[int], None]
) -> Iterator[Block]:
    for items in cut(people.size, max(1, BLOCK_ELEMENTS // len(people.classes))):
        known = people.read(items)
        yield Block(
            logits=predictions.logits[0, items], probs=known["probs"], counts=known.get("counts")
        )
        advance(items.stop - items.start)


def _name(predictions: Predictions, images: Images, people: People, row: int, place: int) -> str:
    """What an item is called: by the predictions, the labels or the images, else its number."""
    for ids, at in ((predictions.ids, row), (people.ids, row), (images.ids, place)):
        if ids is not None:
            return str(ids[at])
    return f"image {place}"


def _truth(people: People, images: Images, row: int, place: int) -> str | None:
    if people.truth is not None and people.truth[row] >= 0:
        right = None if people.right is None else people.right[row]
        return name_of(people.classes, int(people.truth[row]), right)
    if images.truth is None:
        return None
    check_truth(images.truth[place : place + 1], len(images.classes), f"images: image {place}")
    return name_of(images.classes, int(images.truth[place]))


def farthest(blocks: Iterable[Block], count: int) -> Farthest:
    """Rank the items of all blocks, which follow each other, keeping ``count`` in memory.

    Items where people's or the network's first place is shared have no first choice. Of equally
    different items the first ones are taken.
    """
    kept: list[Array] = []
    start = agreed = 0
    for block in blocks:
        mine, theirs = block.model_ranking.first, block.ballots_ranking.first
        single = (mine.sum(axis=0) == 1) & (theirs.sum(axis=0) == 1)
        same = np.flatnonzero(single & (mine == theirs).all(axis=0))
        candidates = [
            same + start,
            np.maximum(divergence.jsd(block)[same], 0.0),
            np.abs(block.people_entropy[same]),  # the entropy of one class is -0.0
            block.people.T[same],
            block.model.T[same],
        ]
        if kept:
            candidates = [np.concatenate(pair) for pair in zip(kept, candidates, strict=True)]
        order = np.argsort(-candidates[1], kind="stable")[:count]
        kept = [values[order] for values in candidates]
        start, agreed = start + block.size, agreed + len(same)
    row, differs, entropy, people, model = kept
    return Farthest(row, differs, entropy, people, model, agreed, start)

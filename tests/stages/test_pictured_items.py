"""The images of the items of figure fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from metrics.scoring import labels_of, made_up, predictions_of

from c10h.errors import MismatchError
from c10h.images.hashes import item_hashes
from c10h.records import Images, Input, Lineage, Predictions
from c10h.stages.people_and_networks import compare_people
from c10h.stages.pictured_items import PicturedItems, picture_items

CASE = made_up(np.random.default_rng(5), 20, classes=3)
PIXELS = np.random.default_rng(6).integers(0, 256, (20, 4, 5, 3)).astype(np.uint8)
NAMES = ("cat", "dog", "bird")
IDS = np.array([f"i{number:02}" for number in range(20)])
HASHES = item_hashes(PIXELS)
ORDER = np.random.default_rng(7).permutation(20)


def network(rows: Any = slice(20), **more: Any) -> Predictions:
    return predictions_of(CASE.logits[rows], **{"classes": NAMES, **more})


def images(rows: Any = slice(20), **more: Any) -> Images:
    return Images(**{"classes": NAMES, "images": PIXELS[rows], **more})


def pictured(pictures: Images, *, sha256: str | None = None, ids: bool = False,
             **networks: Predictions) -> PicturedItems:  # fmt: skip
    people = labels_of(
        counts=CASE.counts, truth=CASE.truth, classes=NAMES, **({"ids": IDS} if ids else {})
    )
    return picture_items(compare_people(people, networks), networks, pictures, sha256)


def test_by_ids_whatever_the_order_of_each_file() -> None:
    """Items are in the order of the labels, of those that both networks predicted."""
    some, other = ORDER[:15], ORDER[::-1][:18]
    found = pictured(
        images(ORDER, ids=IDS[ORDER]),
        ids=True,
        a=network(some, ids=IDS[some], item=HASHES[some]),
        b=network(other, ids=IDS[other]),
    )
    common = np.intersect1d(some, other)
    assert 0 < len(common) < 15
    for item, row in enumerate(common):
        np.testing.assert_array_equal(found.pixels(item), PIXELS[row])
    assert found.note == ""


def test_by_index() -> None:
    found = pictured(
        images(), a=network(ORDER, index=ORDER, item=HASHES[ORDER]), b=network(item=HASHES)
    )
    for item in range(20):
        np.testing.assert_array_equal(found.pixels(item), PIXELS[item])


def test_without_hashes_a_note_tells() -> None:
    assert "images not checked" in pictured(images(), a=network(), b=network()).note


@pytest.mark.parametrize("name", ["a", "b"])
def test_another_image_than_either_network_predicted(name: str) -> None:
    hashed = {name: HASHES}
    changed = PIXELS.copy()
    changed[3, 0, 0] ^= 1
    a, b = (network(item=hashed.get(each)) for each in "ab")
    found = pictured(images(images=changed), a=a, b=b)
    np.testing.assert_array_equal(found.pixels(2), PIXELS[2])
    with pytest.raises(MismatchError, match=f"images: image 3 differs from the one that {name}"):
        found.pixels(3)


def test_another_file_is_compared_as_a_whole() -> None:
    made = Input(role="images", name="images.h5", sha256="then")
    lineage = Lineage(command="c10h predict", inputs=(made,), version="1")
    of_file = network(item=HASHES, lineage=lineage)
    changed = PIXELS.copy()
    changed[3, 0, 0] ^= 1
    pictured(images(), sha256="now", a=network(), b=of_file)
    with pytest.raises(MismatchError, match="image 3 differs from the one that b predicted"):
        pictured(images(images=changed), sha256="now", a=network(), b=of_file)


def test_networks_that_name_other_images() -> None:
    """Images have ids; by those of one network and by the index of the other they are others."""
    shifted = np.roll(IDS, 1)
    with pytest.raises(MismatchError, match="item 0 is not the same one of the images by a and by"):
        pictured(images(ids=shifted), a=network(index=np.arange(20)), b=network(ids=IDS))


def test_true_classes_tell_other_images_where_no_hash_does() -> None:
    order = [2, 0, 1]
    classes = tuple(NAMES[number] for number in order)
    truth = np.argsort(order)[CASE.truth]
    pictured(images(classes=classes, truth=truth), a=network(), b=network())
    truth = np.where(np.arange(20) == 4, (truth + 1) % 3, truth)
    with pytest.raises(
        MismatchError, match="truth: differs from that of the images on 1 item, the"
    ):
        pictured(images(classes=classes, truth=truth), a=network(), b=network())


def test_another_number_of_images() -> None:
    with pytest.raises(MismatchError, match="20 items in a and 19 in the images"):
        pictured(images(slice(19)), a=network(), b=network())

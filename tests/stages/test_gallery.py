from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from metrics.scoring import Case, labels_of, made_up, predictions_of
from scipy.spatial.distance import jensenshannon

from c10h.errors import InputError, MismatchError
from c10h.images.hashes import item_hashes
from c10h.metrics.item_block import Block
from c10h.records import Array, Images, Input, Lineage, Predictions
from c10h.stages.gallery import Farthest, farthest, gallery

CASE = made_up(np.random.default_rng(3), 40, classes=3)
PIXELS = np.random.default_rng(4).integers(0, 256, (40, 4, 4, 3)).astype(np.uint8)
NAMES = ("cat", "dog", "bird")
IDS = np.array([f"i{number:02}" for number in range(40)])


class Counted:
    """Images that remember which rows were read."""

    def __init__(self, pixels: Array) -> None:
        self._pixels = pixels
        self.shape, self.dtype = pixels.shape, pixels.dtype
        self.read: list[int] = []

    def __getitem__(self, key: slice) -> Array:
        self.read += range(*key.indices(len(self._pixels)))
        return self._pixels[key]


def images(**more: Any) -> Images:
    return Images(**{"classes": NAMES, "images": PIXELS, "truth": CASE.truth, **more})


def network(**more: Any) -> Predictions:
    return predictions_of(CASE.logits, **{"classes": NAMES, **more})


LABELS = labels_of(counts=CASE.counts, truth=CASE.truth, classes=NAMES)


def test_pictures_and_what_is_known_of_them() -> None:
    found = gallery(network(), LABELS, images(), 5, "net")
    assert found.run == "net"
    assert found.items == 40
    assert len(found.pictures) == 5
    for one in found.pictures:
        row = int(one.name.removeprefix("image "))
        np.testing.assert_array_equal(one.pixels, PIXELS[row])
        np.testing.assert_allclose(one.people, CASE.people[row])
        np.testing.assert_allclose(one.model, CASE.model[row])
        assert one.truth == NAMES[CASE.truth[row]]
        assert one.people.argmax() == one.model.argmax()
    assert found.notes == [
        "Items in training: unknown",
        "the predictions do not record the hashes of their images: images not checked",
    ]


def test_only_the_chosen_images_are_read() -> None:
    rows = Counted(PIXELS)
    found = gallery(network(), LABELS, images(images=rows), 3)
    assert sorted(rows.read) == sorted(int(one.name.split()[1]) for one in found.pictures)


@pytest.mark.parametrize("by", ["ids", "index"])
def test_items_are_matched(by: str, random: np.random.Generator) -> None:
    """Images are in their own order, and predictions are about some of the labels."""
    order, some = random.permutation(40), random.permutation(40)[:30]
    if by == "ids":
        more = {"ids": IDS[some]}
        pictures = images(images=PIXELS[order], truth=CASE.truth[order], ids=IDS[order])
        labels = labels_of(counts=CASE.counts, ids=IDS, classes=NAMES)
    else:
        more, pictures, labels = {"index": some}, images(), LABELS
    mine = predictions_of(CASE.logits[some], classes=NAMES, item=item_hashes(PIXELS)[some], **more)
    found = gallery(mine, labels, pictures, 4)
    assert found.items == 30
    for one in found.pictures:
        row = int(one.name[-2:])
        np.testing.assert_array_equal(one.pixels, PIXELS[row])
        np.testing.assert_allclose(one.people, CASE.people[row])
        assert one.truth == NAMES[CASE.truth[row]]


def test_classes_are_matched_by_name() -> None:
    moved = [2, 0, 1]
    other = predictions_of(CASE.logits[:, moved], classes=tuple(NAMES[k] for k in moved))
    found, plain = gallery(other, LABELS, images(), 4), gallery(network(), LABELS, images(), 4)
    assert found.classes == NAMES
    for one, two in zip(found.pictures, plain.pictures, strict=True):
        assert (one.name, one.truth) == (two.name, two.truth)
        np.testing.assert_allclose(one.model, two.model)


def test_images_that_changed_are_refused() -> None:
    mine = network(item=item_hashes(PIXELS))
    assert gallery(mine, LABELS, images()).notes == ["Items in training: unknown"]
    changed = PIXELS.copy()
    changed[:, 0, 0] ^= 1
    message = r"images: image \d+ differs from the one that net predicted"
    with pytest.raises(MismatchError, match=message):
        gallery(mine, LABELS, images(images=changed), run="net")


class TestFileOfImages:
    """Predictions know the SHA-256 of the file that they are of; this one's is "now"."""

    @staticmethod
    def predicted(sha256: str, **more: Any) -> Predictions:
        made = Input(role="images", name="images.h5", sha256=sha256)
        lineage = Lineage(command="c10h predict", inputs=(made,), version="1")
        return network(**{"item": item_hashes(PIXELS), "lineage": lineage, **more})

    def test_the_predicted_file_is_not_read_as_a_whole(self) -> None:
        rows = Counted(PIXELS)
        gallery(self.predicted("now"), LABELS, images(images=rows), 3, images_sha256="now")
        assert len(rows.read) == 3

    def test_another_file_of_the_same_pictures(self) -> None:
        found, plain = (
            gallery(self.predicted(sha256), LABELS, images(), 3, images_sha256="now")
            for sha256 in ("then", "now")
        )
        assert [one.name for one in found.pictures] == [one.name for one in plain.pictures]
        assert found.notes == plain.notes

    def test_a_picture_that_is_not_shown_has_changed(self) -> None:
        mine = self.predicted("then")
        shown = {one.name for one in gallery(mine, LABELS, images(), 3).pictures}
        other = next(row for row in range(40) if f"image {row}" not in shown)
        changed = PIXELS.copy()
        changed[other, 0, 0] ^= 1
        with pytest.raises(
            MismatchError, match=f"images: image {other} differs from the one that net"
        ):
            gallery(mine, LABELS, images(images=changed), 3, "net", images_sha256="now")

    def test_predictions_that_do_not_tell_pictures(self) -> None:
        mine = self.predicted("then", item=None)
        message = "images: not the file that net predicted: its SHA-256 begins with now, expected"
        with pytest.raises(MismatchError, match=message):
            gallery(mine, LABELS, images(), 3, "net", images_sha256="now")

    def test_foreign_predictions_are_matched_by_position(self) -> None:
        found = gallery(network(), LABELS, images(), 3, images_sha256="now")
        assert found.notes[-1].endswith("images not checked")


@pytest.mark.parametrize(
    ("fold", "told"), [(np.zeros(40, "i2"), "held-out"), (np.ones(40, "i2"), "in-sample")]
)
def test_what_the_network_was_trained_on_is_told(fold: Array, told: str) -> None:
    hashes = item_hashes(PIXELS)
    trained = {"item": hashes, "fold": np.zeros(40, "i2")}
    mine = network(item=hashes, fold=fold, trained=trained)
    assert gallery(mine, LABELS, images()).notes == [f"Items in training: {told}"]


def test_other_numbers_of_images() -> None:
    few = images(images=PIXELS[:9], truth=None)
    with pytest.raises(MismatchError, match="40 items in net and 9 in the images"):
        gallery(network(), LABELS, few, run="net")
    with pytest.raises(
        MismatchError, match="net: index: row 39 is out of range: 9 items in the images"
    ):
        gallery(network(index=np.arange(40)), LABELS, few, run="net")


def test_several_networks() -> None:
    with pytest.raises(
        InputError, match="expected one network for a gallery, found network-0, network-1"
    ):
        gallery(predictions_of(np.stack([CASE.logits] * 2)), LABELS, images())


def test_no_picture_is_wanted() -> None:
    with pytest.raises(InputError, match="--pictures 0: expected 1 or more"):
        gallery(network(), LABELS, images(), 0)


def test_nowhere_the_same_choice() -> None:
    opposite = predictions_of(-np.log(CASE.people + 1e-3), classes=NAMES)
    unanimous = labels_of(counts=10 * np.eye(3, dtype=int)[CASE.counts.argmax(axis=1)])
    with pytest.raises(
        InputError, match="no item where network and people have the same first choice"
    ):
        gallery(opposite, unanimous, images())


def test_true_classes_of_some_items_and_of_several_answers() -> None:
    whole = gallery(network(), LABELS, images(), 40)
    rows = [int(one.name.removeprefix("image ")) for one in whole.pictures]
    none, two, one = rows[:3]
    truth = CASE.truth.copy()
    truth[none] = -1
    some = labels_of(counts=CASE.counts, truth=truth, classes=NAMES)
    found = gallery(network(), some, images(truth=None), 40).pictures
    assert [one.truth for one in found] == [None, *(one.truth for one in whole.pictures[1:])]
    # What the labels do not know, predictions and images may.
    for known in (
        gallery(network(truth=CASE.truth), some, images(truth=None), 40),
        gallery(network(), some, images(), 40),
    ):
        assert [one.truth for one in known.pictures] == [one.truth for one in whole.pictures]
    right = np.eye(3, dtype=np.uint8)[CASE.truth]
    right[none], right[two] = 0, 1
    truth[two] = 0
    several = labels_of(counts=CASE.counts, truth=truth, right=right, classes=NAMES)
    found = gallery(network(), several, images(truth=None), 40).pictures
    assert [one.truth for one in found[:3]] == [None, "cat or dog or bird", NAMES[CASE.truth[one]]]


def ranked(case: Case, count: int, size: int = 1000) -> Farthest:
    """Ranked in blocks of ``size`` items."""
    return farthest(
        (
            Block(
                logits=part.logits,
                probs=part.people,
                counts=part.counts,
            )
            for start in range(0, len(case.truth), size)
            for part in [case.take(slice(start, start + size))]
        ),
        count,
    )


class TestRanking:
    def test_against_scipy(self, random: np.random.Generator) -> None:
        case = made_up(random, 300)
        found = ranked(case, 12)
        votes = np.sort(case.counts, axis=1)
        same = (case.logits.argmax(axis=1) == case.counts.argmax(axis=1)) & (
            votes[:, -1] > votes[:, -2]
        )
        distance = jensenshannon(case.people, case.model, axis=1) ** 2
        order = np.argsort(-np.where(same, distance, -1), kind="stable")[:12]
        assert found.row.tolist() == order.tolist()
        np.testing.assert_allclose(found.divergence, distance[order])
        np.testing.assert_allclose(found.model, case.model[order])
        np.testing.assert_allclose(found.people, case.people[order])
        assert (found.agreed, found.items) == (same.sum(), 300)

    @pytest.mark.parametrize("size", [1, 7, 300])
    def test_blocks_make_no_difference(self, random: np.random.Generator, size: int) -> None:
        case = made_up(random, 300)
        found, whole = ranked(case, 10, size), ranked(case, 10)
        assert found.row.tolist() == whole.row.tolist()
        assert found.divergence.tolist() == whole.divergence.tolist()

    def test_of_equal_items_the_first_are_taken(self) -> None:
        one = Case(np.array([[3.0, 1, 0]] * 30), np.array([[5, 0, 2]] * 30), np.zeros(30, int))
        assert ranked(one, 3, 4).row.tolist() == [0, 1, 2]

    def test_ties_are_no_choice(self) -> None:
        logits = np.array([[2.0, 2, 0], [2, 1, 0], [2, 1, 0]])
        counts = np.array([[3, 0, 1], [2, 2, 0], [3, 1, 0]])
        found = ranked(Case(logits, counts, np.zeros(3, int)), 5)
        assert found.row.tolist() == [2]
        assert found.agreed == 1

    def test_the_first_choice_comes_from_votes(self) -> None:
        block = Block(
            logits=np.array([[2.0, 1, 0]]),
            probs=np.array([[0.3, 0.4, 0.3]]),
            counts=np.array([[3, 1, 0]]),
        )
        assert farthest([block], 1).agreed == 1

    def test_fewer_items_than_asked_for(self, random: np.random.Generator) -> None:
        found = ranked(made_up(random, 5), 12)
        assert len(found.row) == found.agreed <= 5

    def test_the_same_distribution_is_at_distance_0(self) -> None:
        counts = np.array([[6, 3, 1]])
        found = ranked(Case(np.log(counts / 10), counts, np.zeros(1, int)), 1)
        assert 0 <= found.divergence[0] < 1e-15

    def test_no_entropy_is_negative_0(self) -> None:
        found = ranked(Case(np.array([[1.0, 0]]), np.array([[4, 0]]), np.zeros(1, int)), 1)
        assert str(found.entropy[0]) == "0.0"

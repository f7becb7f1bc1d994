"""What networks are trained on: images and labels joined and split."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from metrics.scoring import labels_of
from training.small import pictures, training_data

from c10h.errors import InputError, MismatchError
from c10h.images.hashes import item_hashes
from c10h.records import Images, Labels, Lineage
from c10h.stages.training_data import join, split
from c10h.training.fold_training import TrainingData

NAMES = ("cat", "dog", "bird")
COUNTS = np.array([[8, 1, 1], [0, 6, 4], [2, 2, 6], [5, 5, 0]])
SHARES = COUNTS / 10
IDS = np.array(["a", "b", "c", "d"])


def images_of(**more: Any) -> Images:
    return Images(**{"classes": NAMES, "images": pictures(4), **more})


def labels(**more: Any) -> Labels:
    return labels_of(**{"counts": COUNTS, "classes": NAMES, **more})


def joined(images: Images, labels: Labels | None) -> TrainingData:
    return join(images, labels, item_hashes(images.images))


class TestJoin:
    def test_by_position(self) -> None:
        images = images_of()
        found = joined(images, labels(truth=[0, 1, 2, 0]))
        np.testing.assert_allclose(found.shares, SHARES)
        assert found.shares.dtype == np.float64
        np.testing.assert_array_equal(found.images, images.images)
        assert found.truth is not None
        assert found.truth.tolist() == [0, 1, 2, 0]
        assert found.classes == NAMES
        assert found.items.tolist() == item_hashes(images.images).tolist()

    def test_by_ids_whatever_the_order(self) -> None:
        others = np.array(["d", "x", "b", "a", "c"])
        rows = [3, 0, 1, 0, 2]
        found = joined(
            images_of(ids=IDS),
            labels(counts=COUNTS[rows], ids=others, truth=[0, 2, 1, 0, 2]),
        )
        np.testing.assert_allclose(found.shares, SHARES)
        assert found.truth is not None
        assert found.truth.tolist() == [0, 1, 2, 0]

    def test_true_classes_of_some_images(self) -> None:
        truth = np.array([0, -1, 2, 1])
        with pytest.raises(
            InputError,
            match=r"expected the true class of each, or LABELS: 1 of 4 items do not have one",
        ):
            joined(images_of(truth=truth), None)
        found = joined(images_of(truth=truth), labels())
        assert found.truth is not None
        assert found.truth.tolist() == [0, -1, 2, 1]
        # Folds are balanced by people's first choice where the true class is not known.
        assert found.strata.tolist() == [0, 1, 2, 1]

    def test_several_right_answers_are_no_true_class(self) -> None:
        right = [[1, 0, 0], [0, 0, 0], [0, 1, 1], [0, 0, 1]]
        found = joined(images_of(), labels(truth=[0, -1, 1, 2], right=right))
        assert found.truth is not None
        assert found.truth.tolist() == [0, -1, -1, 2]

    def test_ids_that_the_labels_lack(self) -> None:
        with pytest.raises(MismatchError, match=r"images: 1 of 4 ids are not in the labels.*'d'"):
            joined(images_of(ids=IDS), labels(counts=COUNTS[:3], ids=IDS[:3]))

    def test_other_numbers_of_items(self) -> None:
        with pytest.raises(MismatchError, match=r"4 items in images and 3 in the labels"):
            joined(images_of(ids=IDS), labels(counts=COUNTS[:3]))

    def test_classes_in_another_order(self) -> None:
        order = [2, 0, 1]
        theirs = tuple(NAMES[one] for one in order)
        found = joined(
            images_of(truth=np.array([0, 1, 2, 0])),
            labels(counts=COUNTS[:, order], classes=theirs, truth=[1, 2, 0, 1]),
        )
        np.testing.assert_allclose(found.shares, SHARES)
        assert found.truth is not None
        assert found.truth.tolist() == [0, 1, 2, 0]

    def test_other_classes(self) -> None:
        made = Lineage(command="c10h labels build")
        with pytest.raises(
            MismatchError, match=r"labels: expected the classes .* no class is called 'fox'"
        ):
            joined(images_of(), labels(classes=("cat", "dog", "fox"), lineage=made))
        with pytest.raises(MismatchError, match="labels: expected 3 classes, found 2"):
            joined(images_of(), labels(counts=COUNTS[:, :2], classes=("cat", "dog")))
        with pytest.raises(MismatchError, match="labels: expected 3 classes, found 2"):
            joined(
                images_of(classes=("0", "1", "2")),
                labels(counts=COUNTS[:, :2], classes=("cat", "dog")),
            )

    @pytest.mark.parametrize("nameless", ["images", "labels"])
    def test_who_has_no_class_names_takes_the_others(self, nameless: str) -> None:
        numbers = ("0", "1", "2")
        names = {"images": NAMES, "labels": NAMES, nameless: numbers}
        found = joined(
            images_of(classes=names["images"], truth=np.array([0, 1, 2, 0])),
            labels(classes=names["labels"]),
        )
        assert found.classes == NAMES
        np.testing.assert_allclose(found.shares, SHARES)
        assert found.truth is not None
        assert found.truth.tolist() == [0, 1, 2, 0]

    def test_the_images_know_the_truth_where_the_labels_do_not(self) -> None:
        found = joined(images_of(truth=np.array([2, 1, 0, 0])), labels())
        assert found.truth is not None
        assert found.truth.tolist() == [2, 1, 0, 0]

    def test_two_truths_that_differ(self) -> None:
        with pytest.raises(MismatchError, match=r"the first is item 2 .a different order"):
            joined(images_of(truth=np.array([0, 1, 0, 1])), labels(truth=[0, 1, 2, 0]))

    def test_nobody_knows_the_truth(self) -> None:
        found = joined(images_of(), labels())
        assert found.truth is None
        assert found.strata.tolist() == [0, 1, 2, 0]

    def test_images_alone(self) -> None:
        found = joined(images_of(truth=np.array([0, 1, 2, 0])), None)
        np.testing.assert_array_equal(found.shares, np.eye(3)[[0, 1, 2, 0]])

    def test_images_alone_without_truth(self) -> None:
        with pytest.raises(InputError, match="expected LABELS: the images have no true"):
            joined(images_of(), None)


class TestSplit:
    def test_by_the_truth_where_it_is_known(self) -> None:
        data = training_data(30)
        fold = split(data, 3, 0)
        assert fold is not None
        for one in range(3):
            assert np.bincount(fold[data.truth == one]).tolist() in (
                [3, 3, 4],
                [4, 3, 3],
                [3, 4, 3],
            )

    def test_without_folds(self) -> None:
        assert split(training_data(30), None, 0) is None

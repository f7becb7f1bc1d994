"""Classes in one order."""

from __future__ import annotations

import numpy as np
import pytest
from metrics.scoring import labels_of

from c10h.errors import MismatchError
from c10h.records import Predictions
from c10h.stages.class_order import (
    class_names_note,
    common_classes,
    labels_in_order,
    predictions_in_order,
)
from c10h.stages.people import People
from stages.three_items import LABELS, MINE, NAMES, RIGHT, network


class TestClasses:
    def test_labels_are_put_in_order_by_name(self) -> None:
        labels = labels_of(counts=[[1, 2, 3], [4, 5, 6]], truth=[0, 2], classes=NAMES)
        moved = labels_in_order(labels, ("bird", "cat", "dog"), "labels")
        assert moved.counts is not None
        assert moved.counts[0:2].tolist() == [[3, 1, 2], [6, 4, 5]]
        np.testing.assert_allclose(moved.probs[0:1], [[3 / 6, 1 / 6, 2 / 6]])
        assert moved.truth is not None
        assert moved.truth.tolist() == [1, 0]

    def test_predictions_are_put_in_order_by_name(self) -> None:
        found = network(1, classes=NAMES, truth=np.array([2]))
        moved = predictions_in_order(found, ("bird", "cat", "dog"), "net")
        assert moved.logits[0, 0:1].tolist() == [[2, 0, 1]]
        assert moved.truth is not None
        assert moved.truth.tolist() == [0]

    def test_unnamed_classes_take_names_in_order(self) -> None:
        moved = predictions_in_order(network(1), NAMES, "net")
        assert moved.classes == NAMES
        assert moved.logits[0, 0:1].tolist() == [[0, 1, 2]]
        assert "taken as cat, dog, bird, in order" in class_names_note(network(1), NAMES)
        assert class_names_note(network(1, classes=NAMES), NAMES) == ""

    def test_columns_that_are_numbered_are_taken_in_the_order_of_their_numbers(self) -> None:
        found = network(1, classes=("p3", "p1", "p2"))
        moved = predictions_in_order(found, NAMES, "net")
        assert moved.classes == NAMES
        assert moved.logits[0, 0:1].tolist() == [[1, 2, 0]]

    def test_decorated_names_are_matched_and_told(self) -> None:
        found = network(1, classes=("prob_Bird", "prob_cat", "prob_dog"))
        moved = predictions_in_order(found, NAMES, "net")
        assert moved.logits[0, 0:1].tolist() == [[1, 2, 0]]
        assert "are matched with cat, dog, bird" in class_names_note(found, NAMES)

    def test_an_unknown_truth_stays_unknown_in_another_order(self) -> None:
        found = network(2, classes=NAMES, truth=np.array([-1, 2]))
        moved = predictions_in_order(found, ("bird", "cat", "dog"), "net")
        assert moved.truth is not None
        assert moved.truth.tolist() == [-1, 0]

    @pytest.mark.parametrize(
        "found",
        [
            network(1, classes=("cat", "dog", "frog")),
            network(1, classes=("x", "y", "frog"), lineage=MINE),
        ],
    )
    def test_other_classes_are_refused(self, found: Predictions) -> None:
        with pytest.raises(
            MismatchError,
            match=r"net: its classes are .*frog, which are not .* cat, dog, bird: no .* 'x|frog'",
        ):
            predictions_in_order(found, NAMES, "net")

    def test_another_number_of_classes_is_refused(self) -> None:
        with pytest.raises(MismatchError, match="net: expected 2 classes, found 3"):
            predictions_in_order(network(1), ("cat", "dog"), "net")

    def test_the_first_names_are_everyones(self) -> None:
        named = network(1, classes=NAMES)
        assert common_classes([network(1), named]) == NAMES
        assert common_classes([network(1)]) == ("0", "1", "2")

    def test_a_truth_that_is_not_known_stays_so_in_another_order_of_classes(self) -> None:
        order = ("bird", "cat", "dog")
        labels = labels_of(counts=[[1, 2, 3]] * 2, truth=[-1, 2], classes=NAMES)
        moved = labels_in_order(labels, order, "labels").truth
        assert moved is not None
        assert moved.tolist() == [-1, 0]
        found = network(2, classes=NAMES, truth=np.array([-1, 1]))
        truth = predictions_in_order(found, order, "net").truth
        assert truth is not None
        assert truth.tolist() == [-1, 2]

    def test_classes_in_another_order(self) -> None:
        moved = labels_in_order(LABELS, ("bird", "dog", "cat"), "labels")
        assert moved.right is not None
        assert moved.right[0:3].tolist() == RIGHT[:, ::-1].tolist()
        assert moved.truth is not None
        assert moved.truth.tolist() == [1, 0, -1]
        assert People.of(moved, None, moved.classes).has_several

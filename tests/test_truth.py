"""What is known of the truth, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from c10h.errors import SchemaError
from c10h.records import Labels
from c10h.truth import (
    check_right,
    differing,
    first_right,
    lacking,
    name_of,
    one_answer,
    renumbered,
    right_of,
)

RIGHT = np.array([[0, 1, 1], [0, 0, 0], [0, 0, 1]], dtype=np.uint8)
TRUTH = np.array([1, -1, 2])


def labels(truth: np.ndarray | None = TRUTH, right: np.ndarray | None = RIGHT) -> Labels:
    return Labels(classes=("x", "y", "z"), probs=np.full((3, 3), 1 / 3), truth=truth, right=right)


def test_the_first_right_class() -> None:
    assert first_right(RIGHT).tolist() == [1, -1, 2]
    assert first_right(RIGHT).dtype == np.int64


def test_another_order_of_classes_keeps_what_is_not_known() -> None:
    # Columns z, x, y: class 0 is then number 1, 1 is 2 and 2 is 0.
    assert renumbered(np.array([0, -1, 1, 2]), [2, 0, 1]).tolist() == [1, -1, 2, 0]


def test_one_answer_is_neither_none_nor_several() -> None:
    assert one_answer(TRUTH, RIGHT).tolist() == [-1, -1, 2]
    assert one_answer(TRUTH, None).tolist() == [1, -1, 2]


def test_truths_differ_only_where_both_are_known() -> None:
    found = differing(np.array([0, -1, 2, 1, -1]), np.array([0, 1, -1, 2, -1]))
    assert found.tolist() == [False, False, False, True, False]


def test_how_many_lack_one() -> None:
    assert lacking(np.array([0, 1])) == ""
    truth = np.array([0, -1, 1, -1])
    assert lacking(truth) == "2 of 4 items do not have one, the first is item 1"
    assert lacking(truth, np.array(list("abcd"))).endswith("the first is b")


def test_names() -> None:
    classes = ("cat", "dog", "bird")
    assert name_of(classes, 1) == "dog"
    assert name_of(classes, -1) is None
    assert name_of(classes, 1, RIGHT[0]) == "dog or bird"
    assert name_of(classes, -1, RIGHT[1]) is None


def test_right_answers_of_labels() -> None:
    found = right_of(labels())
    assert found is not None
    assert found.tolist() == RIGHT.tolist()
    assert right_of(labels(right=None)) is None


def test_right_answers_need_a_truth() -> None:
    with pytest.raises(SchemaError, match="right: expected truth as well, found none"):
        labels(truth=None)


@pytest.mark.parametrize("truth", [[2, -1, 2], [1, 0, 2], [1, -1, -1]])
def test_a_truth_that_is_not_the_first(truth: list[int]) -> None:
    with pytest.raises(SchemaError, match="the first class that is right"):
        right_of(labels(np.array(truth)))


def test_what_no_right_answers_can_be() -> None:
    with pytest.raises(SchemaError, match="row 2: expected 0 or 1, found 7"):
        right_of(labels(right=np.array([[0, 1, 1], [0, 0, 0], [0, 0, 7]], dtype=np.uint8)))
    with pytest.raises(SchemaError, match="expected 3 true classes as in right, found 2"):
        check_right(RIGHT, TRUTH[:2], "truth")
    with pytest.raises(SchemaError, match="expected 3 true classes as in right, found none"):
        check_right(RIGHT, None, "truth")

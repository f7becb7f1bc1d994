"""Votes of an item, whose truth is whose, and predictions on items that have numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike

from c10h.errors import InputError, MismatchError
from c10h.formats.truth_files import Truth
from c10h.items import Items
from c10h.records import Labels, Predictions
from c10h.stages import labels_from_records
from c10h.stages.labels_from_records import make_labels, truth_of, vote_range

COUNTS = np.array([[3, 0], [1, 1], [0, 70]], dtype="i4")
TRUTH = np.array([0, 1, 0, 1, 0, 1])


def labels(*ids: str) -> Labels:
    names = np.array(ids) if ids else None
    return Labels(classes=("x", "y"), probs=np.full((3, 2), 0.5), counts=COUNTS, ids=names)


def predictions(size: int = 3, logits: ArrayLike = 0, **more: Any) -> Predictions:
    logits = np.broadcast_to(np.asarray(logits, "f4"), (1, size, 2))
    return Predictions(classes=("x", "y"), logits=logits, member=np.array(["m"]), **more)


@pytest.mark.parametrize("rows", [1, 2, 100])
def test_all_votes_the_fewest_and_the_most(monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    monkeypatch.setattr(labels_from_records, "ROWS", rows)
    assert vote_range(COUNTS) == (75, 2, 70)


def test_votes_do_not_overflow() -> None:
    assert vote_range(np.full((3, 2), 2_000_000_000, "i4")) == (12 * 10**9, 4 * 10**9, 4 * 10**9)


def build(labels: Labels, truth: Truth, *, from_names: bool = True) -> list[int]:
    """The truth that labels get; from_names: as if they came from a table of judgments."""
    return truth_of(
        Items("the labels", 3, labels.ids), truth, from_names=from_names
    ).values.tolist()


class TestTruthOfItems:
    def test_all_items_in_their_order(self) -> None:
        assert build(labels(), Truth(TRUTH[:3])) == [0, 1, 0]

    @pytest.mark.parametrize("names", [["0", "3", "4"], ["0.0", "3.0", "4.0"]])
    def test_by_number_where_items_were_left_out(self, names: list[str]) -> None:
        assert build(labels(*names), Truth(TRUTH)) == [0, 1, 0]

    def test_by_name(self) -> None:
        truth = Truth(TRUTH, ids=np.array(["c", "x", "a", "y", "b", "z"]))
        assert build(labels("a", "b", "c"), truth) == [0, 0, 0]
        assert build(labels("x", "y", "c"), truth) == [1, 1, 0]

    def test_names_need_names(self) -> None:
        with pytest.raises(MismatchError, match="truth: the items have names, and a vector"):
            build(labels("a", "b", "c"), Truth(TRUTH[:3]))

    def test_a_name_that_the_truth_does_not_have_is_unknown(self) -> None:
        truth = Truth(TRUTH[:3], ids=np.array(["a", "b", "x"]))
        assert build(labels("a", "b", "c"), truth) == [0, 1, -1]

    def test_no_name_in_common(self) -> None:
        with pytest.raises(MismatchError, match="3 of 3 ids are not in the truth"):
            build(labels("a", "b", "c"), Truth(TRUTH[:3], ids=np.array(["x", "y", "z"])))

    def test_a_number_that_the_truth_does_not_have(self) -> None:
        with pytest.raises(MismatchError, match="row 6 is out of range: 6 items in the truth"):
            build(labels("0", "3", "6"), Truth(TRUTH))


class TestDistilled:
    def test_files_in_other_orders_are_matched_by_ids(self) -> None:
        first = predictions(2, [[0, 5], [5, 0]], ids=np.array(["a", "b"]))
        other = predictions(2, [[5, 0], [0, 5]], ids=np.array(["b", "a"]))
        found = make_labels("distill", predictions=[first, other])
        assert found.ids is not None
        assert found.ids.tolist() == ["a", "b"]
        share = 1 / (1 + np.exp(-5))
        np.testing.assert_allclose(found.probs[0:2], [[1 - share, share], [share, 1 - share]])

    def test_an_index_becomes_ids(self) -> None:
        found = make_labels("distill", predictions=[predictions(2, index=np.array([4, 1]))])
        assert found.ids is not None
        assert found.ids.tolist() == ["4", "1"]

    def test_other_items_are_refused(self) -> None:
        both = [predictions(2, ids=np.array(ids)) for ids in (["a", "b"], ["a", "c"])]
        with pytest.raises(MismatchError, match="predictions 2: 1 of 2 ids are not in predictions"):
            make_labels("distill", predictions=both)


class TestTruthOfSome:
    LABELS = Labels(
        classes=("x", "y"), probs=np.full((3, 2), 0.5), counts=COUNTS, truth=np.array([0, -1, 1])
    )
    RIGHT = np.array([[1, 1], [0, 0], [0, 1]], dtype=np.uint8)

    @pytest.mark.parametrize("what", ["hard", "smooth", "class"])
    def test_labels_of_the_truth_need_that_of_every_item(self, what: str) -> None:
        message = (
            f"--as {what} needs one true class for every item: 1 of 3 items do not have one, the "
            "first is item 1; give --truth for all"
        )
        with pytest.raises(InputError, match=message):
            make_labels(what, labels=self.LABELS)

    @pytest.mark.parametrize("what", ["hard", "smooth", "class"])
    def test_and_one_only(self, what: str) -> None:
        several = replace(self.LABELS, truth=np.array([0, -1, 1]), right=self.RIGHT)
        with pytest.raises(InputError, match="2 of 3 items do not have one, the first is item 0"):
            make_labels(what, labels=several)

    @pytest.mark.parametrize("what", ["hard", "smooth", "class"])
    def test_another_file_fills_the_gaps(self, what: str) -> None:
        found = make_labels(what, labels=self.LABELS, truth=Truth(np.array([-1, 1, 1]))).truth
        assert found is not None
        assert found.tolist() == [0, 1, 1]

    def test_people_s_labels_keep_what_is_known(self) -> None:
        found = make_labels("human", labels=self.LABELS)
        assert found.truth is not None
        assert found.truth.tolist() == [0, -1, 1]
        several = replace(self.LABELS, right=self.RIGHT)
        own = predictions(truth=np.array([1, 1, 0]))
        real = Truth(np.array([0, -1, 1]), right=self.RIGHT)
        for built in (
            make_labels("human", labels=several),
            make_labels("human", labels=labels(), truth=real),
            make_labels("distill", predictions=[own], truth=real),
        ):
            assert built.right is not None
            assert built.right[0:3].tolist() == self.RIGHT.tolist()
            assert built.truth is not None
            assert built.truth.tolist() == [0, -1, 1]

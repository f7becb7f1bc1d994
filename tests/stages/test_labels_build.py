"""Votes of an item, whose truth is whose, and predictions on items that have numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from c10h.errors import InputError, MismatchError
from c10h.records import Array, Labels, Predictions
from c10h.stages import labels_build
from c10h.stages.join import People, match_items, matching_note
from c10h.stages.labels_build import build_labels, truth_by_item, vote_range

COUNTS = np.array([[3, 0], [1, 1], [0, 70]], dtype="i4")
TRUTH = np.array([0, 1, 0, 1, 0, 1])


def labels(*ids: str) -> Labels:
    names = np.array(ids) if ids else None
    return Labels(classes=("x", "y"), probs=np.full((3, 2), 0.5), counts=COUNTS, ids=names)


def predictions(size: int = 3, **more: Any) -> Predictions:
    logits = np.zeros((1, size, 2), "f4")
    return Predictions(classes=("x", "y"), logits=logits, member=np.array(["m"]), **more)


def match(predicted: Predictions, people: Labels) -> list[int] | None:
    rows = match_items(predicted, People.of(people, None, people.classes), "p")
    return None if rows is None else rows.tolist()


@pytest.mark.parametrize("rows", [1, 2, 100])
def test_all_votes_the_fewest_and_the_most(monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    monkeypatch.setattr(labels_build, "ROWS", rows)
    assert vote_range(COUNTS) == (75, 2, 70)


def test_votes_do_not_overflow() -> None:
    assert vote_range(np.full((3, 2), 2_000_000_000, "i4")) == (12 * 10**9, 4 * 10**9, 4 * 10**9)


class TestTruthByItem:
    def test_all_items_in_their_order(self) -> None:
        assert truth_by_item(labels(), TRUTH[:3], None).tolist() == [0, 1, 0]

    @pytest.mark.parametrize("names", [["0", "3", "4"], ["0.0", "3.0", "4.0"]])
    def test_by_number_where_items_were_left_out(self, names: list[str]) -> None:
        assert truth_by_item(labels(*names), TRUTH, None).tolist() == [0, 1, 0]

    def test_by_name(self) -> None:
        ids = np.array(["c", "x", "a", "y", "b", "z"])
        assert truth_by_item(labels("a", "b", "c"), TRUTH, ids).tolist() == [0, 0, 0]
        assert truth_by_item(labels("x", "y", "c"), TRUTH, ids).tolist() == [1, 1, 0]

    def test_names_need_names(self) -> None:
        with pytest.raises(MismatchError, match="truth: the items have names, and a vector"):
            truth_by_item(labels("a", "b", "c"), TRUTH, None)

    def test_a_name_that_the_truth_does_not_have(self) -> None:
        with pytest.raises(MismatchError, match="1 of 3 ids are not in the file of the truth"):
            truth_by_item(labels("a", "b", "c"), TRUTH[:3], np.array(["a", "b", "x"]))

    def test_a_number_that_the_truth_does_not_have(self) -> None:
        with pytest.raises(MismatchError, match=r"truth: .*6"):
            truth_by_item(labels("0", "3", "6"), TRUTH, None)


class TestItemsThatAreNumbers:
    """Labels from judgments in which items are left out keep their numbers as ids."""

    @pytest.mark.parametrize(
        ("index", "rows"), [([0, 7, 10], [0, 1, 2]), ([10, 0, 7], [2, 0, 1]), ([7], [1])]
    )
    def test_an_index_counts_the_numbers(self, index: list[int], rows: list[int]) -> None:
        predicted = predictions(len(index), index=np.array(index))
        assert match(predicted, labels("0", "7", "10")) == rows

    def test_a_number_that_was_left_out(self) -> None:
        with pytest.raises(MismatchError, match=r"p: 1 of 2 ids are not in the labels.*'1'"):
            match(predictions(2, index=np.array([0, 1])), labels("0", "7", "10"))

    def test_ids_come_first(self) -> None:
        predicted = predictions(ids=np.array(["10", "0", "7"]), index=np.array([0, 7, 10]))
        assert match(predicted, labels("0", "7", "10")) == [2, 0, 1]

    @pytest.mark.parametrize("names", [["a", "b", "c"], ["00", "07", "10"]])
    def test_an_index_counts_rows_where_ids_are_names(self, names: list[str]) -> None:
        assert match(predictions(2, index=np.array([2, 0])), labels(*names)) == [2, 0]

    @pytest.mark.parametrize("names", [[], ["0", "7", "10"]])
    def test_without_an_index_the_order_decides(self, names: list[str]) -> None:
        assert match(predictions(), labels(*names)) is None

    def test_other_sizes_without_an_index(self) -> None:
        with pytest.raises(MismatchError, match="expected 3 items as in the labels, found 11"):
            match(predictions(11), labels("0", "7", "10"))


@pytest.mark.parametrize(
    ("named", "fields", "note"),
    [
        (True, {}, "matched by their order"),
        (True, {"index": np.arange(3)}, "matched by its index"),
        (True, {"ids": np.array(["a", "b", "c"])}, ""),
        (False, {}, ""),
        (False, {"index": np.arange(3)}, ""),
    ],
)
def test_what_a_reader_should_know(named: bool, fields: dict[str, Array], note: str) -> None:
    people = People.of(labels("a", "b", "c") if named else labels(), None, ("x", "y"))
    found = matching_note(predictions(**fields), people)
    assert found.endswith(note)
    assert bool(found) == bool(note)


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
            build_labels(what, labels=self.LABELS)

    @pytest.mark.parametrize("what", ["hard", "smooth", "class"])
    def test_and_one_only(self, what: str) -> None:
        several = replace(self.LABELS, truth=np.array([0, -1, 1]), right=self.RIGHT)
        with pytest.raises(InputError, match="2 of 3 items do not have one, the first is item 0"):
            build_labels(what, labels=several)

    @pytest.mark.parametrize("what", ["hard", "smooth", "class"])
    def test_another_file_fills_the_gaps(self, what: str) -> None:
        found = build_labels(what, labels=self.LABELS, truth=np.array([-1, 1, 1])).truth
        assert found is not None
        assert found.tolist() == [0, 1, 1]

    def test_people_s_labels_keep_what_is_known(self) -> None:
        found = build_labels("human", labels=self.LABELS)
        assert found.truth is not None
        assert found.truth.tolist() == [0, -1, 1]
        several = replace(self.LABELS, right=self.RIGHT)
        own = predictions(truth=np.array([1, 1, 0]))
        for built in (
            build_labels("human", labels=several),
            build_labels("human", labels=labels(), truth=self.LABELS.truth, right=self.RIGHT),
            build_labels("distill", predictions=[own], truth=self.LABELS.truth, right=self.RIGHT),
        ):
            assert built.right is not None
            assert built.right[0:3].tolist() == self.RIGHT.tolist()
            assert built.truth is not None
            assert built.truth.tolist() == [0, -1, 1]

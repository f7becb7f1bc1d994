from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from metrics.scoring import labels_of, predictions_of

from c10h.errors import MismatchError, SchemaError
from c10h.items import agreed_truth
from c10h.metrics.needs import Needs
from c10h.records import Array, Images, Lineage, Predictions
from c10h.stages.join import (
    People,
    class_names_note,
    common_classes,
    digest_items,
    labels_in_order,
    people_of_images,
    predictions_in_order,
    seen_in_training,
    some_items,
)

NAMES = ("cat", "dog", "bird")
MINE = Lineage(command="predict")


def network(items: int = 3, **more: Any) -> Predictions:
    return predictions_of(np.arange(items * 3.0).reshape(items, 3), **more)


def people(items: int = 3, ids: list[str] | None = None) -> People:
    counts = np.arange(items)[:, None] + [1, 2, 3]
    labels = labels_of(counts=counts, ids=None if ids is None else np.array(ids))
    return People.of(labels, np.arange(items) % 3, labels.classes)


class TestItems:
    @pytest.mark.parametrize(
        ("index", "message"), [([0, -1], "row -1 is out of range"), ([1, 1], "row 1 appears twice")]
    )
    def test_an_index_that_no_predictions_can_have(self, index: list[int], message: str) -> None:
        with pytest.raises(SchemaError, match=message):
            network(2, index=np.array(index))

    def test_some_items_keep_what_is_known_of_them(self) -> None:
        found = network(3, ids=np.array(["a", "b", "c"]), truth=np.array([0, 1, 2]))
        some = some_items(found, np.array([2, 0]))
        assert some.ids is not None
        assert some.truth is not None
        assert (some.ids.tolist(), some.truth.tolist()) == (["c", "a"], [2, 0])
        assert some.logits[0, 0:2].tolist() == [[6, 7, 8], [0, 1, 2]]


class TestPeople:
    def test_taking_rows_keeps_everything_together(self) -> None:
        taken = people(ids=["a", "b", "c"]).take(np.array([2, 0]))
        assert taken.size == 2
        assert taken.truth is not None
        assert taken.truth.tolist() == [2, 0]
        assert taken.ids is not None
        assert taken.ids.tolist() == ["c", "a"]
        read = taken.read(slice(0, 2))
        assert read["counts"].tolist() == [[3, 4, 5], [1, 2, 3]]
        np.testing.assert_allclose(read["probs"], read["counts"] / [[12], [6]])

    def test_a_run_of_rows_that_is_not_all_is_taken(self) -> None:
        taken = people().take(np.array([1, 2]))
        assert taken.read(slice(0, 2))["truth"].tolist() == [1, 2]

    @pytest.mark.parametrize("rows", [None, np.arange(3)])
    def test_all_rows_in_order_are_not_copied(self, rows: Array | None) -> None:
        known = people()
        assert known.take(rows) is known

    def test_what_can_be_computed(self) -> None:
        shares = People.of(labels_of(probs=[[0.5, 0.5]]), None, ("0", "1"))
        assert [shares.has(need) for need in Needs] == [False, True, False]
        only_truth = People.of(None, np.array([1]), ("0", "1"))
        assert [only_truth.has(need) for need in Needs] == [True, False, False]

    def test_another_number_of_truths(self) -> None:
        with pytest.raises(MismatchError, match="expected 2 items as in labels, found 3"):
            People.of(labels_of(counts=[[1, 2], [3, 4]]), np.zeros(3, dtype=int), ("0", "1"))


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


HASHES = np.array([11, 12, 13, 14], dtype=np.uint64)


def trained(items: list[int], folds: list[int]) -> dict[str, Array]:
    return {"item": np.array(items, dtype=np.uint64), "fold": np.array(folds, dtype=np.int16)}


def folds(*numbers: int) -> Array:
    return np.array(numbers, dtype=np.int16)


class TestSeenInTraining:
    def seen(self, member: int = 0, **more: Any) -> list[bool]:
        found = seen_in_training(predictions_of(np.zeros((2, 4, 2)), item=HASHES, **more), member)
        assert found is not None
        return [bool(one) for one in found]

    def test_items_that_every_network_saw(self) -> None:
        assert self.seen(trained=trained([12, 14, 99], [-1] * 3)) == [False, True, False, True]

    def test_held_out_folds_are_unseen(self) -> None:
        seen = self.seen(fold=folds(0, 0, 1, 1), trained=trained([11, 12, 13, 14], [0, 0, 1, 1]))
        assert seen == [False] * 4

    def test_a_prediction_by_the_network_of_another_fold_is_seen(self) -> None:
        seen = self.seen(fold=folds(0, 1, 1, 1), trained=trained([11, 12, 13, 14], [0, 0, 1, 1]))
        assert seen == [False, True, False, False]

    def test_an_ancestor_saw_what_the_folds_hold_out(self) -> None:
        seen = self.seen(fold=folds(0, 0, 1, 1), trained=trained([11, 14, 13], [0, 1, -1]))
        assert seen == [False, False, True, False]

    def test_a_picture_that_is_in_two_folds_is_seen_by_both(self) -> None:
        seen = self.seen(fold=folds(0, 0, 1, 1), trained=trained([11, 11, 12, 14], [0, 1, 0, 1]))
        assert seen == [True, False, False, False]

    @pytest.mark.parametrize("fold", [None, folds(-1, -1, -1, -1)])
    def test_an_ensemble_of_folds_saw_every_item(self, fold: Array | None) -> None:
        seen = self.seen(fold=fold, trained=trained([11, 12, 13], [0, 0, 1]))
        assert seen == [True, True, True, False]

    @pytest.mark.parametrize(
        ("member", "expected"), [(0, [False, False, True, True]), (1, [True, True, False, False])]
    )
    def test_each_member_by_its_own_fold(self, member: int, expected: list[bool]) -> None:
        own = {"member_fold": folds(0, 1), "trained": trained([11, 12, 13, 14], [0, 0, 1, 1])}
        assert self.seen(member, **own) == expected

    def test_a_member_without_folds_saw_all(self) -> None:
        own = {"member_fold": folds(-1, 0), "trained": trained([11, 12], [0, 0])}
        assert self.seen(0, **own) == [True, True, False, False]
        assert self.seen(1, **own) == [False] * 4

    @pytest.mark.parametrize(
        "own", [{"trained": trained([11], [-1])}, {"item": HASHES}, {}], ids=str
    )
    def test_unknown_without_hashes_of_both_sides(self, own: dict[str, Any]) -> None:
        assert seen_in_training(predictions_of(np.zeros((4, 2)), **own), 0) is None


class TestDigest:
    def test_is_of_the_items_and_their_order(self) -> None:
        known = people(ids=["a", "b", "c"])
        orders = [np.array(rows) for rows in ([0, 1, 2], [0, 2, 1], [0, 1])]
        found = [digest_items(known.take(rows), rows, "") for rows in orders]
        assert len(set(found)) == 3
        assert found[0] == digest_items(known, None, "")

    def test_is_of_the_labels(self) -> None:
        assert digest_items(people(), None, "x") != digest_items(people(), None, "y")

    def test_is_of_rows_where_there_are_no_ids(self) -> None:
        known, rows = people(), np.array([0, 2])
        first = digest_items(known.take(rows), rows, "")
        assert first != digest_items(known.take(rows[::-1]), rows[::-1], "")

    def test_does_not_care_whether_all_rows_are_numbered(self) -> None:
        known, rows = people(), np.arange(3)
        assert digest_items(known.take(rows), rows, "") == digest_items(known, None, "")


RIGHT = np.array([[1, 1, 0], [0, 0, 1], [0, 0, 0]], dtype=np.uint8)


class TestTruthOfSome:
    def test_gaps_are_filled_from_the_other(self) -> None:
        found = agreed_truth(np.array([0, -1, 2, -1]), np.array([0, 1, -1, -1]), "the labels")
        assert found.tolist() == [0, 1, 2, -1]

    def test_only_what_both_know_is_compared(self) -> None:
        with pytest.raises(MismatchError, match="on 1 items, the first is item 2"):
            agreed_truth(np.array([0, -1, 2, 1]), np.array([-1, 1, 1, 1]), "the labels")

    def test_people_take_what_they_lack(self) -> None:
        known = people().agreeing(np.array([0, -1, 2]), "net")
        assert known.truth is not None
        assert known.truth.tolist() == [0, 1, 2]
        nobody = replace(people(), truth=None)
        assert nobody.agreeing(None, "net").truth is None
        filled = nobody.agreeing(np.array([-1, 1, -1]), "net").truth
        assert filled is not None
        assert filled.tolist() == [-1, 1, -1]

    def test_images_fill_the_gaps_of_labels(self) -> None:
        counts = np.array([[1, 2, 3], [2, 3, 4], [3, 4, 5]])
        images = Images(
            classes=NAMES, images=np.zeros((3, 1, 1, 3), np.uint8), truth=np.array([-1, 1, -1])
        )
        labels = labels_of(counts=counts, truth=[0, -1, -1], classes=NAMES)
        found = people_of_images(images, labels).truth
        assert found is not None
        assert found.tolist() == [0, 1, -1]
        with pytest.raises(MismatchError, match=r"the first is item 1 .another order"):
            people_of_images(images, labels_of(counts=counts, truth=[0, 2, 2], classes=NAMES))

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


class TestSeveralAnswers:
    LABELS = labels_of(
        counts=[[1, 2, 3], [2, 3, 4], [3, 4, 5]], truth=[0, 2, -1], right=RIGHT, classes=NAMES
    )

    def test_they_go_where_their_items_go(self) -> None:
        known = People.of(self.LABELS, None, NAMES)
        assert known.has_several
        assert known.read(slice(0, 2))["right"].tolist() == RIGHT[:2].tolist()
        assert known.one_answer is not None
        assert known.one_answer.tolist() == [-1, 2, -1]
        taken = known.take(np.array([2, 1]))
        assert taken.right is not None
        assert taken.right.tolist() == RIGHT[[2, 1]].tolist()
        assert not taken.has_several
        assert "right" not in taken.read(slice(0, 2))

    def test_classes_in_another_order(self) -> None:
        moved = labels_in_order(self.LABELS, ("bird", "dog", "cat"), "labels")
        assert moved.right is not None
        assert moved.right[0:3].tolist() == RIGHT[:, ::-1].tolist()
        assert moved.truth is not None
        assert moved.truth.tolist() == [1, 0, -1]
        assert People.of(moved, None, moved.classes).has_several

    def test_one_class_an_item_is_not_compared_with_several(self) -> None:
        known = People.of(self.LABELS, np.array([2, 0, 1]), NAMES)
        assert known.truth is not None
        assert known.truth.tolist() == [0, 2, -1]
        plain = labels_of(counts=[[1, 2, 3]] * 3, truth=[2, 0, 1], classes=NAMES)
        known = People.of(plain, np.array([0, 2, -1]), NAMES, RIGHT)
        assert known.truth is not None
        assert known.truth.tolist() == [0, 2, -1]

    def test_other_answers_are_refused(self) -> None:
        assert People.of(self.LABELS, np.array([0, 2, -1]), NAMES, RIGHT).has_several
        other = RIGHT.copy()
        other[2] = [0, 1, 0]
        with pytest.raises(MismatchError, match="other right answers than the labels on 1 items"):
            People.of(self.LABELS, np.array([0, 2, 1]), NAMES, other)
        with pytest.raises(MismatchError, match=r"of 3 classes, found shape \(3, 2\)"):
            People.of(self.LABELS, np.array([0, 2, -1]), NAMES, RIGHT[:, :2])

    def test_they_tell_runs_apart(self) -> None:
        known = People.of(self.LABELS, None, NAMES)
        assert digest_items(known, None, "") != digest_items(replace(known, right=None), None, "")

"""What is known of items besides predictions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from metrics.scoring import labels_of

from c10h.errors import MismatchError
from c10h.metrics.needed_inputs import Needs
from c10h.records import Array, Images
from c10h.stages.people import People, people_of_images
from stages.three_items import LABELS, NAMES, RIGHT, people


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


class TestTruthOfSome:
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
        with pytest.raises(MismatchError, match=r"the first is item 1 .a different order"):
            people_of_images(images, labels_of(counts=counts, truth=[0, 2, 2], classes=NAMES))


class TestLabelsOfOtherImages:
    def told(self, right: int, *, ties: int = 0, size: int = 40) -> list[str]:
        """What is told of two classes, where so many first choices are right, or tie."""
        counts = np.tile([0, 9], (size, 1))
        counts[:right] = [9, 0]
        counts[right : right + ties] = [5, 5]
        images = Images(
            classes=("cat", "dog"),
            images=np.zeros((size, 1, 1, 3), np.uint8),
            truth=np.zeros(size, dtype=np.int64),
        )
        lines: list[str] = []
        people_of_images(images, labels_of(counts=counts, classes=("cat", "dog")), lines.append)
        return [line for line in lines if line.startswith("warning")]

    def test_first_choices_at_chance_are_asked_about(self) -> None:
        (warning,) = self.told(20)
        assert "the true class of 20 of 40 images, as guesses would be" in warning

    @pytest.mark.parametrize(
        ("right", "ties", "warned"),
        [(27, 0, True), (28, 0, False), (20, 14, True), (20, 16, False)],
    )
    def test_from_where_they_are_no_guesses(self, right: int, ties: int, *, warned: bool) -> None:
        # scipy.stats.binom.sf(26, 40, 0.5) is 0.019, sf(27, 40, 0.5) is 0.0083.
        assert bool(self.told(right, ties=ties)) == warned

    def test_of_few_nothing_is_said(self) -> None:
        assert not self.told(9, size=19)


class TestSeveralAnswers:
    def test_they_go_where_their_items_go(self) -> None:
        known = People.of(LABELS, None, NAMES)
        assert known.has_several
        assert known.read(slice(0, 2))["right"].tolist() == RIGHT[:2].tolist()
        assert known.one_answer is not None
        assert known.one_answer.tolist() == [-1, 2, -1]
        taken = known.take(np.array([2, 1]))
        assert taken.right is not None
        assert taken.right.tolist() == RIGHT[[2, 1]].tolist()
        assert not taken.has_several
        assert "right" not in taken.read(slice(0, 2))

    def test_one_class_an_item_is_not_compared_with_several(self) -> None:
        known = People.of(LABELS, np.array([2, 0, 1]), NAMES)
        assert known.truth is not None
        assert known.truth.tolist() == [0, 2, -1]
        plain = labels_of(counts=[[1, 2, 3]] * 3, truth=[2, 0, 1], classes=NAMES)
        known = People.of(plain, np.array([0, 2, -1]), NAMES, RIGHT)
        assert known.truth is not None
        assert known.truth.tolist() == [0, 2, -1]

    def test_other_answers_are_refused(self) -> None:
        assert People.of(LABELS, np.array([0, 2, -1]), NAMES, RIGHT).has_several
        other = RIGHT.copy()
        other[2] = [0, 1, 0]
        with pytest.raises(MismatchError, match="right answers differ from the labels on 1 item"):
            People.of(LABELS, np.array([0, 2, 1]), NAMES, other)
        with pytest.raises(MismatchError, match=r"of 3 classes, found shape \(3, 2\)"):
            People.of(LABELS, np.array([0, 2, -1]), NAMES, RIGHT[:, :2])

"""Predictions and labels of foreign files and of c10h's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from edits import edited

from c10h.errors import AmbiguousError, FileError, InputError, SchemaError
from c10h.formats.hints import Hints, Meaning
from c10h.formats.meaning_of_numbers import SCAN_ROWS
from c10h.formats.predictions_and_labels import FROM_PROBS, open_labels, open_predictions
from c10h.records import Array, Labels, Predictions
from formats.files import probs_of, saved, source_of

CLASSES = ("cat", "dog", "bird")
LOGITS = np.array([[2.0, -1, 0.5], [0, 3, 1], [-4, 0, 2]])
PROBS = np.array([[0.7, 0.2, 0.1], [0, 1, 0], [0.25, 0.25, 0.5]])
COUNTS = np.array([[40, 8, 3], [0, 51, 0], [1, 0, 0]])


def logits_of(predictions: Predictions) -> Array:
    return predictions.logits[0, 0 : predictions.logits.shape[1]]


def softmax(logits: Array) -> Array:
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


class TestPredictions:
    @pytest.mark.parametrize("dtype", ["f8", ">f8", "f4", ">f4", "f2"])
    def test_logits(self, tmp_path: Path, dtype: str) -> None:
        found = open_predictions(saved(tmp_path, LOGITS.astype(dtype), "net.v1.npy"))
        np.testing.assert_array_equal(logits_of(found), LOGITS.astype(dtype))
        assert found.settings == {FROM_PROBS: False}
        assert (found.classes, found.member.tolist()) == (("0", "1", "2"), ["net.v1"])

    @pytest.mark.parametrize("dtype", ["f8", ">f4", "f4"])
    def test_probabilities(self, tmp_path: Path, dtype: str) -> None:
        found = open_predictions(saved(tmp_path, PROBS.astype(dtype)))
        np.testing.assert_allclose(softmax(logits_of(found)), PROBS, atol=1e-7)
        assert found.settings == {FROM_PROBS: True}

    def test_probabilities_in_half_precision(self, tmp_path: Path) -> None:
        found = open_predictions(saved(tmp_path, PROBS.astype("f2")))
        np.testing.assert_allclose(softmax(logits_of(found)), PROBS, atol=1e-3)
        np.testing.assert_allclose(softmax(logits_of(found)).sum(axis=1), 1, rtol=1e-12)

    @pytest.mark.parametrize("dtype", ["i8", "i1", ">i4"])
    def test_whole_logits(self, tmp_path: Path, dtype: str) -> None:
        found = open_predictions(saved(tmp_path, np.array([[5, -3], [100, 2]], dtype)))
        assert logits_of(found).tolist() == [[5, -3], [100, 2]]

    def test_one_hot_predictions_are_probabilities(self, tmp_path: Path) -> None:
        found = open_predictions(saved(tmp_path, np.eye(3, dtype="u1")))
        assert found.settings == {FROM_PROBS: True}

    @pytest.mark.parametrize("values", [PROBS * 0.9, np.array([[0.2, 0.9], [0.5, 0.5]])])
    def test_either_is_asked_for_by_name(self, tmp_path: Path, values: Array) -> None:
        source = saved(tmp_path, values)
        says = r"^x\.npy: values in \[0, 1\] whose rows do not sum to 1: use --logits or --probs$"
        with pytest.raises(AmbiguousError, match=says):
            open_predictions(source)
        as_logits = open_predictions(source, hints=Hints(meaning="logits"))
        np.testing.assert_array_equal(logits_of(as_logits), values)
        as_probs = open_predictions(source, hints=Hints(meaning="probs"))
        shares = values / values.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(softmax(logits_of(as_probs)), shares, atol=1e-12)

    @pytest.mark.parametrize(("values", "warns"), [(PROBS, True), (PROBS * 0.9, False)])
    def test_probabilities_as_logits_are_told(
        self, tmp_path: Path, values: Array, warns: bool
    ) -> None:
        told: list[str] = []
        open_predictions(saved(tmp_path, values), Hints(meaning="logits"), told.append)
        assert any("as probabilities do, and are read as logits" in line for line in told) == warns

    def test_a_value_outside_of_0_and_1_decides_wherever_it_is(self, tmp_path: Path) -> None:
        values = np.full((SCAN_ROWS + 5, 2), 0.25)
        values[-1] = 1.5, 0
        assert open_predictions(saved(tmp_path, values)).settings == {FROM_PROBS: False}

    @pytest.mark.parametrize("meaning", [None, "logits", "probs"])
    @pytest.mark.parametrize("bad", [np.nan, np.inf])
    def test_a_row_that_is_not_finite(
        self, tmp_path: Path, meaning: Meaning | None, bad: float
    ) -> None:
        values = PROBS.copy()
        values[1, 2] = bad
        found = open_predictions(saved(tmp_path, values), hints=Hints(meaning=meaning))
        with pytest.raises(SchemaError, match=r"^x\.npy: row 1: expected "):
            logits_of(found)

    def test_a_late_row_that_is_not_finite_has_its_own_number(self, tmp_path: Path) -> None:
        values = np.tile([3.0, -1], (SCAN_ROWS * 2, 1))
        values[SCAN_ROWS + 7] = np.nan
        with pytest.raises(SchemaError, match=f"row {SCAN_ROWS + 7}: "):
            logits_of(open_predictions(saved(tmp_path, values)))

    def test_a_late_row_that_does_not_sum_to_1(self, tmp_path: Path) -> None:
        values = np.tile([0.5, 0.5], (SCAN_ROWS * 2, 1))
        values[SCAN_ROWS + 7] = 0.1, 0.2
        with pytest.raises(
            InputError, match=f"row {SCAN_ROWS + 7}: .*sum to 1|--logits or --probs"
        ):
            logits_of(open_predictions(saved(tmp_path, values)))

    @pytest.mark.parametrize("values", [LOGITS[:, 0], LOGITS[:, :1], np.array(["cat", "dog"])])
    def test_two_dimensions_are_needed(self, tmp_path: Path, values: Array) -> None:
        with pytest.raises(
            SchemaError, match=r"expected numbers of shape \(items, classes\), found"
        ):
            open_predictions(saved(tmp_path, values))

    def test_one_row(self, tmp_path: Path) -> None:
        assert logits_of(open_predictions(saved(tmp_path, LOGITS[:1]))).tolist() == [[2, -1, 0.5]]

    def test_names_in_a_header(self, tmp_path: Path) -> None:
        found = open_predictions(saved(tmp_path, "cat,dog,bird\n2,-1,0\n", "x.csv"))
        assert found.classes == CLASSES

    def test_a_file_of_this_kind(self, tmp_path: Path) -> None:
        logits = np.stack([LOGITS, -LOGITS]).astype("f4")
        record = Predictions(classes=CLASSES, logits=logits, member=np.array(["a", "b"]))
        found = open_predictions(saved(tmp_path, record, "x.h5"))
        assert (found.classes, found.member.tolist()) == (CLASSES, ["a", "b"])
        np.testing.assert_array_equal(found.logits[1, 0:3], logits[1])

    def test_a_file_of_another_kind(self, tmp_path: Path) -> None:
        labels = Labels(classes=CLASSES, probs=PROBS)
        says = r"^x\.h5: expected kind predictions, found kind labels$"
        with pytest.raises(FileError, match=says):
            open_predictions(saved(tmp_path, labels, "x.h5"))

    def test_one_array_of_a_file_of_another_kind(self, tmp_path: Path) -> None:
        saved(tmp_path, Labels(classes=CLASSES, probs=PROBS), "x.h5")
        found = open_predictions(source_of(tmp_path / "x.h5", "probs"))
        np.testing.assert_allclose(softmax(logits_of(found)), PROBS, atol=1e-12)

    @pytest.mark.parametrize("truth", [[0, 1, 3], [0, 1, -2]])
    def test_a_recorded_truth_that_is_no_class(self, tmp_path: Path, truth: list[int]) -> None:
        record = Predictions(
            classes=CLASSES,
            logits=LOGITS[None].astype("f4"),
            member=np.array(["a"]),
            truth=np.array([0, 1, 2]),
        )
        source = saved(tmp_path, record, "x.h5")
        with edited(source.path) as file:
            file["truth"][...] = truth
        with pytest.raises(SchemaError, match=r"^x\.h5: truth: row 2: expected -1 to 2, found"):
            open_predictions(source)


class TestLabels:
    @pytest.mark.parametrize("dtype", ["f8", "f4", "i8", "u1", ">i2", "f2"])
    def test_counts(self, tmp_path: Path, dtype: str) -> None:
        found = open_labels(saved(tmp_path, COUNTS.astype(dtype)))
        assert found.counts is not None
        np.testing.assert_array_equal(found.counts[0:3], COUNTS.astype("i4"), strict=True)
        np.testing.assert_allclose(probs_of(found), COUNTS / COUNTS.sum(axis=1, keepdims=True))

    def test_probabilities(self, tmp_path: Path) -> None:
        found = open_labels(saved(tmp_path, PROBS.astype("f4")))
        assert found.counts is None
        np.testing.assert_allclose(probs_of(found), PROBS, atol=1e-7)

    def test_one_hot_rows_are_probabilities(self, tmp_path: Path) -> None:
        found = open_labels(saved(tmp_path, np.eye(3, dtype="i8")))
        assert found.counts is None
        np.testing.assert_array_equal(probs_of(found), np.eye(3), strict=True)

    def test_one_vote_an_item_after_many_are_counts(self, tmp_path: Path) -> None:
        counts = np.tile(np.eye(3), (SCAN_ROWS, 1))
        counts[-1] = 0, 1, 1
        assert open_labels(saved(tmp_path, counts)).counts is not None

    @pytest.mark.parametrize(
        ("row", "says"),
        [
            ([-1, 4, 2], "expected votes of 0 or more, found -1 4 2"),
            ([0, 0, 0], "expected at least one vote for the item, found 0 0 0 .--min-votes 1"),
            ([np.nan, 1, 1], "expected .*, found nan 1 1"),
            ([np.inf, 1, 1], "expected whole counts, found inf 1 1"),
            ([1.5, 2, 0], "expected .*, found 1.5 2 0"),
        ],
    )
    def test_a_row_that_is_no_count(self, tmp_path: Path, row: list[float], says: str) -> None:
        source = saved(tmp_path, np.array([[3, 1, 1], [9, 0, 0], row]))
        with pytest.raises(InputError, match=rf"^x\.npy: row 2: {says}"):
            probs_of(open_labels(source, Hints(layout="wide")))

    @pytest.mark.parametrize(
        ("row", "says"),
        [
            ([0.5, 0.2, 0.2], "expected probabilities that sum to 1, found 0.9"),
            ([-0.5, 1.2, 0.3], "expected probabilities of 0 or more, found -0.5 1.2 0.3"),
            ([np.nan, 0.5, 0.5], "expected probabilities of 0 or more, found nan 0.5 0.5"),
        ],
    )
    def test_a_row_that_is_no_distribution(
        self, tmp_path: Path, row: list[float], says: str
    ) -> None:
        with pytest.raises(SchemaError, match=rf"^x\.npy: row 2: {says}"):
            probs_of(open_labels(saved(tmp_path, np.array([PROBS[0], PROBS[2], row]))))

    def test_a_recorded_file_is_checked_too(self, tmp_path: Path) -> None:
        record = Labels(classes=CLASSES, probs=PROBS, counts=-COUNTS.astype("i4"))
        found = open_labels(saved(tmp_path, record, "x.h5"))
        assert found.counts is not None
        with pytest.raises(SchemaError, match=r"x\.h5: row 0: expected counts of 0 or more"):
            found.counts[0:3]

    @pytest.mark.parametrize("truth", [[0, 1, 3], [0, 1, -2]])
    def test_a_recorded_truth_that_is_no_class(self, tmp_path: Path, truth: list[int]) -> None:
        source = saved(tmp_path, Labels(classes=CLASSES, probs=PROBS, truth=np.arange(3)), "x.h5")
        with edited(source.path) as file:
            file["truth"][...] = truth
        with pytest.raises(SchemaError, match=r"^x\.h5: truth: row 2: expected -1 to 2, found"):
            open_labels(source)

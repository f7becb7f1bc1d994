"""Inputs whose rows, sizes, classes or items are wrong: one line that says which."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from .conftest import (
    CLASSES,
    Files,
    Refuse,
    Run,
)

pytestmark = pytest.mark.usefixtures("files")


class TestRows:
    """Rows that are no predictions, labels or truth; the row is named."""

    @pytest.mark.parametrize("bad", [np.nan, np.inf])
    @pytest.mark.parametrize("meaning", [(), ("--logits",)])
    def test_logits_that_are_not_finite(
        self, files: Files, refuses: Refuse, bad: float, meaning: tuple[str, ...]
    ) -> None:
        values = files.logits["a"].copy()
        values[17, 1] = bad
        files.save("x.npy", values)
        says = "x.npy: row 17: expected a finite logit"
        refuses("score", "x.npy", "--labels", "labels.h5", *meaning, says=says)
        refuses("labels", "build", "a.npy", "x.npy", "--as", "distill", *meaning, says=says)

    def test_recorded_logits_that_are_not_finite(self, files: Files, refuses: Refuse) -> None:
        logits = files.logits["a"][None].astype("f4")
        logits[0, 17] = np.nan
        files.predictions("p.h5", logits=logits)
        refuses("score", "p.h5", "--labels", "labels.h5", says="p.h5: row 17: expected a finite")

    @pytest.mark.parametrize(
        ("row", "says"),
        [
            ([0.5, 0.2, 0.2], "expected probabilities that sum to 1, found 0.9"),
            ([np.nan, 0.5, 0.5], "expected probabilities of 0 or more, found nan 0.5 0.5"),
            ([1.5, -0.3, -0.2], "expected probabilities of 0 or more, found 1.5 -0.3 -0.2"),
        ],
    )
    def test_labels_that_are_no_probabilities(
        self, files: Files, refuses: Refuse, row: list[float], says: str
    ) -> None:
        files.save("x.npy", np.vstack([files.shares[:17], row, files.shares[18:]]))
        says = f"x.npy: row 17: {says}"
        refuses("score", "a.npy", "--labels", "x.npy", says=says)
        refuses("labels", "build", "x.npy", says=says)
        refuses("labels", "build", "x.npy", "--truth", "truth.npy", "--as", "class", says=says)

    @pytest.mark.parametrize(
        ("row", "says"),
        [
            ([-1, 20, 1], "expected votes of 0 or more, found -1 20 1"),
            ([0, 0, 0], "expected at least one vote for the item, found 0 0 0 (--min-votes 1"),
            ([1.5, 18.5, 0], "expected"),
            ([np.nan, 18, 2], "expected"),
        ],
    )
    def test_votes_that_are_none(
        self, files: Files, refuses: Refuse, row: list[float], says: str
    ) -> None:
        values = files.counts.astype("f8")
        values[17] = row
        files.save("x.npy", values)
        refuses("score", "a.npy", "--labels", "x.npy", says=f"x.npy: row 17: {says}")
        refuses("labels", "build", "x.npy", says=f"x.npy: row 17: {says}")

    @pytest.mark.parametrize("scale", [0.9, 0.5])
    def test_probabilities_or_logits_is_asked_for(
        self, files: Files, refuses: Refuse, scale: float
    ) -> None:
        files.save("x.npy", files.shares * scale)
        says = "x.npy: values in [0, 1] whose rows do not sum to 1: use --logits or --probs"
        refuses("score", "x.npy", "--labels", "labels.h5", says=says)
        refuses("labels", "build", "a.npy", "x.npy", "--as", "distill", says=says)

    def test_both_at_once(self, refuses: Refuse) -> None:
        line = ["score", "a.npy", "--labels", "labels.h5", "--logits", "--probs"]
        refuses(*line, says="--logits and --probs exclude each other")

    @pytest.mark.parametrize(
        ("wrong", "says"),
        [
            (3, "expected a class from 0 to 2, found 3"),
            (-2, "expected a class from 0 to 2, found -2"),
            (0.5, "expected a class number, found 0.5"),
            (np.inf, "expected a class number, found inf"),
        ],
    )
    def test_truth_that_is_no_class(
        self, files: Files, refuses: Refuse, wrong: float, says: str
    ) -> None:
        truth = files.truth.astype("f8" if wrong not in (3, -2) else "i8")
        truth[17] = wrong
        files.save("y.npy", truth)
        says = f"y.npy: row 17: {says}"
        refuses("score", "a.npy", "--truth", "y.npy", says=says)
        refuses("labels", "build", "counts.npy", "--truth", "y.npy", says=says)
        refuses("labels", "build", "y.npy", "--as", "hard", "--classes", "3", says=says)

    @pytest.mark.parametrize("wrong", [3, -2])
    def test_recorded_truth_that_is_no_class(
        self, files: Files, refuses: Refuse, wrong: int
    ) -> None:
        truth = files.truth.copy()
        truth[17] = wrong
        files.predictions("p.h5", truth=truth)
        files.labels("l.h5", truth=truth)
        says = f"row 17: expected a class from 0 to 2, found {wrong}"
        refuses("score", "p.h5", says=["p.h5: ", says])
        refuses("score", "a.npy", "--labels", "l.h5", says=["l.h5: ", says])
        refuses("labels", "build", "l.h5", says=["l.h5: ", says])

    def test_no_rows(self, files: Files, refuses: Refuse) -> None:
        files.save("x.npy", np.zeros((0, 3)))
        says = "x.npy: expected one row per item, found no rows"
        refuses("score", "x.npy", "--labels", "labels.h5", says=says)
        refuses("labels", "build", "x.npy", says=says)

    @pytest.mark.parametrize(
        ("shape", "member"), [((1, 0, 3), ["m"]), ((0, 30, 3), [])], ids=["items", "members"]
    )
    def test_recorded_files_without_items_or_members(
        self, files: Files, refuses: Refuse, shape: tuple[int, ...], member: list[str]
    ) -> None:
        files.predictions("p.h5")
        with h5py.File(files.path("p.h5"), "a") as file:
            del file["logits"], file["member"]
            file["logits"] = np.zeros(shape, "f4")
            file.create_dataset("member", data=member, dtype=h5py.string_dtype(), shape=shape[:1])
        says = ["p.h5: ", "expected one or more", f"found shape {shape}"]
        refuses("score", "p.h5", "--labels", "labels.h5", says=says)
        refuses("show", "p.h5", says=says)


class TestSizes:
    def test_other_numbers_of_classes(self, files: Files, refuses: Refuse) -> None:
        files.save("x.npy", files.logits["a"][:, :2])
        says = "x: expected 3 classes, found 2"
        refuses("score", "x.npy", "--labels", "labels.h5", says=says)
        refuses("score", "x.npy", "--labels", "counts.npy", says=says)
        refuses("labels", "build", "a.npy", "x.npy", "--as", "distill", says="found 2")

    def test_9_classes_against_10(self, files: Files, refuses: Refuse) -> None:
        files.save("x.npy", np.random.default_rng(0).normal(size=(30, 9)))
        files.save("l.npy", np.ones((30, 10), "i4"))
        refuses("score", "x.npy", "--labels", "l.npy", says="x: expected 10 classes, found 9")

    def test_classes_that_are_more_than_the_columns(self, refuses: Refuse) -> None:
        says = ["expected 4 classes, found 3"]
        refuses("labels", "build", "counts.npy", "--classes", "a,b,c,d", says=says)
        line = ["score", "a.npy", "--truth", "truth.npy", "--classes", "4"]
        refuses(*line, says=says)

    def test_other_numbers_of_items(self, files: Files, refuses: Refuse) -> None:
        files.save("x.npy", files.logits["a"][:-1])
        says = "29 items in x and 30 in the labels"
        refuses("score", "x.npy", "--labels", "labels.h5", says=says)
        refuses("score", "a.npy", "x.npy", "--labels", "labels.h5", says=says)
        says = "29 items in predictions 2 and 30 in predictions 1"
        refuses("labels", "build", "a.npy", "x.npy", "--as", "distill", says=says)

    def test_other_numbers_of_true_classes(self, files: Files, refuses: Refuse) -> None:
        files.save("y.npy", files.truth[:-1])
        refuses("score", "a.npy", "--truth", "y.npy", says=["29", "30"])
        line = ["labels", "build", "counts.npy", "--truth", "y.npy"]
        refuses(*line, says="30 items in the labels and 29 in the truth")
        line = ["score", "a.npy", "--labels", "counts.npy", "--truth", "y.npy"]
        refuses(*line, says="30 items in the labels and 29 in the truth")

    def test_two_truths_that_differ(self, files: Files, refuses: Refuse) -> None:
        files.save("y.npy", np.roll(files.truth, 1))
        line = ["score", "a.npy", "--labels", "labels.h5", "--truth", "y.npy"]
        says = "truth: differs from that of the labels on 30 items, the first is item 0"
        refuses(*line, says=says)


class TestClassNames:
    """Names in another order are matched by name; other names are refused."""

    def permuted(self, files: Files, names: str) -> Path:
        order = [CLASSES.index(name) for name in names.split(",") if name in CLASSES]
        order = order if len(order) == 3 else [2, 0, 1]
        rows = "".join(
            ",".join(map(repr, row)) + "\n" for row in files.logits["a"][:, order].tolist()
        )
        return files.save("x.csv", f"{names}\n{rows}")

    def test_another_order_gives_the_same_figures(self, files: Files, c10h: Run) -> None:
        self.permuted(files, "bird,cat,dog")
        score = ["--labels", "labels.h5", "--json", "--resamples", "9"]
        found = c10h("score", "x=x.csv", *score).json()
        wanted = c10h("score", "x=a.npy", *score).json()
        for metric, figure in wanted["runs"][0]["metrics"].items():
            same = pytest.approx(figure["value"], rel=1e-12)
            assert found["runs"][0]["metrics"][metric]["value"] == same

    def test_one_other_name(self, files: Files, refuses: Refuse) -> None:
        self.permuted(files, "bird,cat,fish")
        says = [
            "x: expected the classes cat, dog, bird, found bird, cat, fish",
            "bird, cat, fish: no class is called 'fish'",
        ]
        refuses("score", "x.csv", "--labels", "labels.h5", says=says)
        refuses("score", "x.csv", "--truth", "truth.npy", "--classes", "cat,dog,bird", says=says)

    def test_columns_of_other_names_are_taken_in_order_and_told(
        self, files: Files, c10h: Run
    ) -> None:
        files.save("x.csv", "x0,x1,x2\n" + "1,0.5,-1\n" * 30)
        result = c10h("score", "x.csv", "--labels", "labels.h5")
        assert result.status == 0
        assert result.err == (
            "x.csv: logits, 30 items x 3 classes (x0, x1, x2)\n"
            "x: 30 items matched with the labels by position\n"
            "x: its x0, x1, x2 are read as cat, dog, bird, by number\n"
        )

    def test_recorded_labels_in_another_order(self, files: Files, c10h: Run) -> None:
        order = [2, 0, 1]
        names = tuple(CLASSES[column] for column in order)
        probs, counts = files.shares[:, order], files.counts[:, order]
        files.labels("l.h5", classes=names, probs=probs, counts=counts, truth=(files.truth + 1) % 3)
        files.predictions("p.h5")
        line = ["score", "p.h5", "--json", "--metrics", "ce_human,accuracy", "--labels"]
        found, wanted = (c10h(*line, name).json() for name in ("l.h5", "labels.h5"))
        for metric, figure in wanted["runs"][0]["metrics"].items():
            assert found["runs"][0]["metrics"][metric]["value"] == pytest.approx(figure["value"])

    def test_recorded_classes_of_other_names(self, files: Files, refuses: Refuse) -> None:
        files.predictions("p.h5", classes=("cat", "dog", "fish"))
        says = [
            "p: expected the classes cat, dog, bird, found cat, dog, fish",
            "no class is called 'fish'",
        ]
        refuses("score", "p.h5", "--labels", "labels.h5", says=says)
        files.predictions("q.h5")
        line = ["labels", "build", "q.h5", "p.h5", "--as", "distill"]
        refuses(*line, says="no class is called 'fish'")

    def test_names_of_true_classes(self, files: Files, refuses: Refuse) -> None:
        files.save("y.csv", "cat\ndog\nfish\n" + "cat\n" * 27)
        says = "y.csv: row 2: expected one of cat, dog, bird, found 'fish'"
        refuses("score", "a.npy", "--labels", "labels.h5", "--truth", "y.csv", says=says)
        line = ["labels", "build", "y.csv", "--as", "hard", "--classes"]
        refuses(*line, "cat,dog,bird", says=says)

    def test_names_of_true_classes_need_an_order(self, files: Files, refuses: Refuse) -> None:
        files.save("y.csv", "cat\ndog\n" * 15)
        says = "y.csv: holds 2 class names for 3 classes: use --classes to set their order"
        refuses("score", "a.npy", "--truth", "y.csv", says=says)

    @pytest.mark.parametrize("names", ["cat", "cat,cat,dog", "nowhere.txt", "1", "²", "a" * 5000])
    def test_classes_that_are_none(self, refuses: Refuse, names: str) -> None:
        line = ["labels", "build", "counts.npy", "--classes", names]
        refuses(*line, says=f"--classes {names[:20]}")

    def test_hard_labels_need_a_number_of_classes(self, refuses: Refuse) -> None:
        refuses("labels", "build", "truth.npy", "--as", "hard", says="use --classes")


class TestItems:
    @pytest.mark.parametrize(
        ("row", "says"), [(0, "row 0 appears twice"), (-1, "row -1 is out of range")]
    )
    def test_an_index_that_is_broken(
        self, files: Files, refuses: Refuse, row: int, says: str
    ) -> None:
        files.predictions("p.h5", index=np.arange(30))
        with h5py.File(files.path("p.h5"), "a") as file:
            file["index"][17] = row
        refuses("score", "p.h5", "--labels", "labels.h5", says=f"p.h5: index: {says}")
        refuses("show", "p.h5", says=f"p.h5: index: {says}")

    def test_an_index_beyond_the_labels(self, files: Files, refuses: Refuse) -> None:
        files.predictions("p.h5", index=np.arange(1, 31))
        says = "p: index: row 30 is out of range: 30 items in the labels"
        refuses("score", "p.h5", "--labels", "labels.h5", says=says)
        refuses("score", "p.h5", "--truth", "truth.npy", says="p: index: row 30 is out of range")

    def test_ids_that_do_not_match(self, files: Files, refuses: Refuse) -> None:
        names = np.array([f"i{number}" for number in range(30)])
        files.labels("l.h5", ids=names)
        files.predictions("p.h5", ids=np.array([*names[:28], "x", "y"]))
        says = "p: 2 of 30 ids are not in the labels, the first is 'x'"
        refuses("score", "p.h5", "--labels", "l.h5", says=says)

    @pytest.mark.parametrize("whose", ["p", "l"])
    def test_ids_that_repeat(self, files: Files, refuses: Refuse, whose: str) -> None:
        names = np.array([f"i{number}" for number in range(30)])
        twice = np.array([*names[:29], "i0"])
        files.labels("l.h5", ids=twice if whose == "l" else names)
        files.predictions("p.h5", ids=twice if whose == "p" else names)
        refuses("score", "p.h5", "--labels", "l.h5", says="are not unique")

    def test_ids_of_predictions_that_are_averaged(self, files: Files, refuses: Refuse) -> None:
        names = np.array([f"i{number}" for number in range(30)])
        files.predictions("p.h5", ids=names)
        files.predictions("q.h5", ids=np.array([*names[:29], "x"]))
        line = ["labels", "build", "p.h5", "q.h5", "--as", "distill"]
        refuses(*line, says="predictions 2: 1 of 30 ids are not in predictions 1")

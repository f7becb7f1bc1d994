"""Inputs whose rows or classes are wrong: one line that says which."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from edits import edited

from .conftest import (
    Files,
    Refuse,
    Run,
)

pytestmark = pytest.mark.usefixtures("files")


class TestRows:
    """Rows that are no predictions; the row is named."""

    def test_logits_that_are_not_finite(self, files: Files, refuses: Refuse) -> None:
        values = files.logits["a"].copy()
        values[17, 1] = np.nan
        files.save("x.npy", values)
        says = "x.npy: row 17: expected a finite logit"
        refuses("score", "x.npy", "--labels", "labels.h5", says=says)
        refuses("labels", "build", "a.npy", "x.npy", "--as", "distill", says=says)

    def test_both_at_once(self, refuses: Refuse) -> None:
        line = ["score", "a.npy", "--labels", "labels.h5", "--logits", "--probs"]
        refuses(*line, says="--logits and --probs exclude each other")

    @pytest.mark.parametrize(
        ("shape", "member"), [((1, 0, 3), ["m"]), ((0, 30, 3), [])], ids=["items", "members"]
    )
    def test_recorded_files_without_items_or_members(
        self, files: Files, refuses: Refuse, shape: tuple[int, ...], member: list[str]
    ) -> None:
        files.predictions("p.h5")
        with edited(files.path("p.h5")) as file:
            del file["logits"], file["member"]
            file["logits"] = np.zeros(shape, "f4")
            file.create_dataset("member", data=member, dtype=h5py.string_dtype(), shape=shape[:1])
        says = ["p.h5: ", "expected one or more", f"found shape {shape}"]
        refuses("score", "p.h5", "--labels", "labels.h5", says=says)
        refuses("show", "p.h5", says=says)


class TestClasses:
    def test_classes_that_are_more_than_the_columns(self, refuses: Refuse) -> None:
        says = ["expected 4 classes, found 3"]
        refuses("labels", "build", "counts.npy", "--classes", "a,b,c,d", says=says)
        line = ["score", "a.npy", "--truth", "truth.npy", "--classes", "4"]
        refuses(*line, says=says)

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

    def test_hard_labels_need_a_number_of_classes(self, refuses: Refuse) -> None:
        refuses("labels", "build", "truth.npy", "--as", "hard", says="use --classes")
